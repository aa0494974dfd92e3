/** A tree that grows over a mesh all at once: whoever is heard of first is seldom on the shortest way, and does not stay for long. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standInCrypto } from '../../sim/stand-in-crypto.ts'
import { SECOND, SimNetwork } from '../../sim/network.ts'
import { hopsFrom } from '../../sim/topology.ts'

test('soon after the start every node is as near to the root as its links allow', () => {
  for (const seed of [1, 2]) {
    const network = new SimNetwork({ topology: 'geometric', size: 100, seed, crypto: standInCrypto })
    network.mesh.run(10 * SECOND - network.mesh.now)
    const views = network.nodes.map(({ node }) => node.views.tree())
    const hops = hopsFrom(
      views.findIndex(({ isRoot }) => isRoot),
      network.graph,
    )
    assert.deepEqual(
      views.map(({ depth }) => depth),
      views.map((_, i) => hops.get(i)),
      `seed ${seed}`,
    )
  }
})
