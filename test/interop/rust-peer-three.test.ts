/** Three nodes in a line or a triangle, of which some are ours and some written in Rust: who carries what, and who hangs on whom. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DaemonNode, freeUdpPort, reaches, rowOf, scratch, seen } from '../support/live-node.ts'
import {
  agreed,
  CHILD_SEED,
  FULL_PAYLOAD,
  inSession,
  reachEachOther,
  ROOT_SEED,
  settings,
  skipWithoutRust as skip,
} from './rust-pair.ts'
import { RustNode } from './rust-node.ts'

describe('a node written in Rust among three', { skip, concurrency: 4 }, () => {
  test('reaches another of its kind through us', async (t) => {
    const folder = scratch(t)
    const at = `127.0.0.1:${await freeUdpPort()}`
    const ours = await DaemonNode.run(t, { name: 'ours', seed: ROOT_SEED, folder, config: settings(at, []) })
    const leaf = async (name: string, seed: number): Promise<RustNode> => {
      const udp = `127.0.0.1:${await freeUdpPort()}`
      return RustNode.run(t, { name, seed, folder, udp, peers: [`${ours.identity.npub}@${at}`] })
    }
    // Both at once: it must not matter to us in which order children come.
    const [a, c] = await Promise.all([leaf('a', CHILD_SEED), leaf('c', 3)])
    await Promise.all([agreed({ root: ours, child: a }), agreed({ root: ours, child: c })])
    a.introduce(c.identity)
    await reachEachOther(a, c)
    await reaches(a, c, FULL_PAYLOAD)
    await inSession(a, c)
    // We carry it and are no party to it.
    assert.deepEqual((await ours.ask('show_sessions'))['sessions'], [])
    const { forwarding } = await ours.ask('show_status')
    assert.ok(typeof forwarding === 'object' && forwarding !== null && 'forwarded_packets' in forwarding)
    assert.ok(Number(forwarding.forwarded_packets) > 0)
  })

  test('carries our packets to another of ours', async (t) => {
    const folder = scratch(t)
    const at = `127.0.0.1:${await freeUdpPort()}`
    const middle = await RustNode.run(t, { name: 'middle', seed: CHILD_SEED, folder, udp: at, peers: [] })
    const leaf = async (name: string, seed: number): Promise<DaemonNode> => {
      const udp = `127.0.0.1:${await freeUdpPort()}`
      const config = settings(udp, [`${middle.identity.npub}@${at}`])
      return DaemonNode.run(t, { name, seed, folder, config })
    }
    // One after the other: it keeps, but does not pass on, the filter of a leaf it does not know as its child yet.
    const a = await leaf('a', ROOT_SEED)
    await agreed({ root: a, child: middle })
    const c = await leaf('c', 3)
    await seen(c, 'the root behind the Rust node', 'show_tree', (data) =>
      data['root'] === a.identity.nodeAddr && data['depth'] === 2 ? true : undefined,
    )
    await reachEachOther(a, c)
    await reaches(c, a, FULL_PAYLOAD)
    assert.deepEqual((await middle.ask('show_sessions'))['sessions'], [])
  })

  test('goes on by its own link beside a leaf of ours, though the address of that is the smallest', async (t) => {
    const folder = scratch(t)
    const [aAt, cAt] = [`127.0.0.1:${await freeUdpPort()}`, `127.0.0.1:${await freeUdpPort()}`]
    const a = await RustNode.run(t, { name: 'a', seed: CHILD_SEED, folder, udp: aAt, peers: [] })
    const aPeer = `${a.identity.npub}@${aAt}`
    const c = await RustNode.run(t, { name: 'c', seed: 3, folder, udp: cAt, peers: [aPeer] })
    const leaf = await DaemonNode.run(t, {
      name: 'leaf',
      seed: ROOT_SEED,
      folder,
      config: settings(`127.0.0.1:${await freeUdpPort()}`, [aPeer, `${c.identity.npub}@${cAt}`]),
      node: { leaf_only: true },
    })
    await seen(leaf, 'both of them', 'show_peers', (data) =>
      [a, c].every(({ identity }) => rowOf(data, 'peers', 'node_addr', identity)) ? true : undefined,
    )
    a.introduce(c.identity)
    await reachEachOther(a, c)
    for (const node of [a, c]) {
      node.introduce(leaf.identity)
      await reachEachOther(leaf, node)
    }
    const parents = [await a.ask('show_tree'), await c.ask('show_tree')].map(({ parent }) => parent)
    assert.ok(
      parents[0] === c.identity.nodeAddr || parents[1] === a.identity.nodeAddr,
      'one of them hangs on the other',
    )
    const { forwarding } = await leaf.ask('show_status')
    assert.ok(typeof forwarding === 'object' && forwarding !== null && 'forwarded_packets' in forwarding)
    assert.equal(Number(forwarding.forwarded_packets), 0)
  })

  test('takes ours for a root where its own place would be deeper than we believe', async (t) => {
    const folder = scratch(t)
    const [rootAt, oursAt] = [`127.0.0.1:${await freeUdpPort()}`, `127.0.0.1:${await freeUdpPort()}`]
    const root = await RustNode.run(t, { name: 'root', seed: ROOT_SEED, folder, udp: rootAt, peers: [] })
    const ours = await DaemonNode.run(t, {
      name: 'ours',
      seed: CHILD_SEED,
      folder,
      config: settings(oursAt, [`${root.identity.npub}@${rootAt}`]),
      node: { tree: { max_depth: 1 } },
    })
    await agreed({ root, child: ours })
    const udp = `127.0.0.1:${await freeUdpPort()}`
    const peers = [`${ours.identity.npub}@${oursAt}`]
    const beyond = await RustNode.run(t, { name: 'beyond', seed: 3, folder, udp, peers })
    await seen(beyond, 'ours as its root', 'show_tree', (data) =>
      data['root'] === ours.identity.nodeAddr && data['depth'] === 1 ? true : undefined,
    )
    const { root: ourRoot } = await ours.ask('show_tree')
    assert.equal(ourRoot, root.identity.nodeAddr)
    await seen(ours, 'whom it told no path', 'show_peers', (data) =>
      rowOf(data, 'peers', 'node_addr', beyond.identity)?.['path_cut'] === true ? true : undefined,
    )
    for (const node of [root, beyond]) await reachEachOther(ours, node)
  })
})
