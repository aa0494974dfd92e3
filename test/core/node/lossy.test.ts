/** A line of links that lose a fifth of all frames: what can be repeated is, so that nodes find and greet each other in time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copiesFor, type NodeOutput } from '../../../core/index.ts'
import { echoRequest, readIcmp } from '../../../gateway/ipv6/index.ts'
import { TestMesh } from '../../support/mesh.ts'

const SECOND = 1000

function isEcho(output: NodeOutput): boolean {
  return output.type === 'packet' && readIcmp(output.packet)?.type === 'echo-request'
}

test('a lookup is copied as often as the loss of the link asks, and at most thrice', () => {
  for (const [lossRate, copies] of [
    [0, 1],
    [0.02, 1],
    [0.1, 2],
    [0.2, 3],
    [0.9, 3],
  ] as const)
    assert.equal(copiesFor(lossRate), copies, String(lossRate))
})

test('three lossy hops apart, packets get through, and then as often as the links let them', () => {
  const [hops, loss, seconds] = [3, 0.2, 60]
  for (let seed = 1; seed <= 6; seed++) {
    const mesh = new TestMesh({ seed })
    const nodes = mesh.addNodes(hops + 1)
    for (let at = 1; at <= hops; at++) mesh.connect(nodes[at - 1]!, nodes[at]!, { loss, latencyMs: 2 })
    mesh.run(30 * SECOND)
    const [first, last] = [nodes[0]!, nodes[hops]!]
    mesh.input(first, { type: 'identity', publicKey: last.identity.publicKey })
    const [source, destination] = [first.identity.ipv6, last.identity.ipv6]
    const arrived: number[] = []
    for (let sequence = 0; sequence < seconds; sequence++) {
      const before = last.outputs.filter(isEcho).length
      const packet = echoRequest({ source, destination, id: 1, sequence, data: new Uint8Array(56) })
      mesh.input(first, { type: 'packet', packet })
      mesh.run(SECOND)
      if (last.outputs.filter(isEcho).length > before) arrived.push(sequence)
    }
    assert.ok((arrived[0] ?? seconds) < 40, `seed ${seed}: first after ${arrived[0]} s`)
    const after = seconds - (arrived[0] ?? 0)
    assert.ok(
      arrived.length > 0.5 * after * (1 - loss) ** hops,
      `seed ${seed}: ${arrived.length} of ${after}`,
    )
  }
})
