/**
 * Our daemon and an independent node written in Rust (`rust-peer/`), as two programs that share nothing but UDP on
 * the loopback. Each claim is asked of both: their control sockets have the same queries.
 */
import assert from 'node:assert/strict'
import { join as path } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import type { ReplyData } from '../../gateway/control/index.ts'
import { formatIpv6 } from '../../gateway/ipv6/index.ts'
import {
  DaemonNode,
  freeUdpPort,
  identityOf,
  reaches,
  rowOf,
  scratch,
  seen,
  type LiveNode,
} from '../support/live-node.ts'
import { join, Namespace } from '../support/namespace.ts'
import { eventually } from '../support/process.ts'
import { needs } from '../support/requires.ts'
import { FIPS_PEER, RustNode } from './rust-node.ts'

const missing = needs(`file:${FIPS_PEER}`)
const skip =
  missing === false ? false : `${missing}: run scripts/build-rust-peer (needs cargo, Rust 1.85 or newer)`

/** Of these two keys the first has the lower address, which makes its node the root. */
const ROOT_SEED = 2
const CHILD_SEED = 1
/** What IPv6 promises to carry, without the IPv6 and ICMPv6 headers. */
const FULL_PAYLOAD = 1280 - 40 - 8
/** Carries 1280 bytes of IPv6 and the 77 that the mesh needs around them. */
const UDP_MTU = 1472
const rootSkip = skip || needs('root', 'tun', 'program:ip', 'program:ping')
/** Attempts to see the Rust node's goodbye. */
const GOODBYES = 5

type Side = 'ours' | 'theirs'

interface Pair {
  readonly ours: DaemonNode
  readonly theirs: RustNode
  readonly root: LiveNode
  readonly child: LiveNode
}

interface PairOptions {
  readonly dialler: Side
  readonly root: Side
  readonly rekeySeconds?: number
}

/** Settings of a daemon that listens on a port and dials what is given as `npub@host:port`. */
function settings(udp: string, peers: readonly string[]): Record<string, unknown> {
  return {
    transports: { udp: { bind_addr: udp, mtu: UDP_MTU } },
    peers: peers.map((peer) => {
      const [npub, addr] = peer.split('@')
      return { npub, addresses: [{ transport: 'udp', addr }] }
    }),
  }
}

async function pair(t: TestContext, { dialler, root, rekeySeconds }: PairOptions): Promise<Pair> {
  const folder = scratch(t)
  const [oursAt, theirsAt] = [`127.0.0.1:${await freeUdpPort()}`, `127.0.0.1:${await freeUdpPort()}`]
  const [oursSeed, theirsSeed] = root === 'ours' ? [ROOT_SEED, CHILD_SEED] : [CHILD_SEED, ROOT_SEED]
  const dialledByUs = dialler === 'ours' ? [`${identityOf(theirsSeed).npub}@${theirsAt}`] : []
  const dialledByThem = dialler === 'theirs' ? [`${identityOf(oursSeed).npub}@${oursAt}`] : []
  const ours = await DaemonNode.run(t, {
    name: 'ours',
    seed: oursSeed,
    folder,
    config: settings(oursAt, dialledByUs),
    node: {
      ...(rekeySeconds === undefined ? {} : { rekey: { after_secs: rekeySeconds } }),
      // A listener that was killed is missed soon.
      heartbeat_interval_secs: 2,
      link_dead_timeout_secs: 7,
    },
  })
  const theirs = await RustNode.run(t, {
    name: 'theirs',
    seed: theirsSeed,
    folder,
    udp: theirsAt,
    peers: dialledByThem,
    ...(rekeySeconds === undefined ? {} : { rekeySeconds }),
  })
  return root === 'ours'
    ? { ours, theirs, root: ours, child: theirs }
    : { ours, theirs, root: theirs, child: ours }
}

/** Both hold the link for up, agree on root, parent and child, and each took the other's filter. */
async function agreed({ root, child }: Pick<Pair, 'root' | 'child'>): Promise<void> {
  for (const [node, peer] of [
    [root, child],
    [child, root],
  ] as const) {
    await seen(node, `the link to ${peer.name}`, 'show_peers', (data) => {
      const row = rowOf(data, 'peers', 'node_addr', peer.identity)
      const isUp = row?.['connectivity'] === 'connected' && row['has_bloom_filter'] === true
      return isUp && row['is_parent'] === (peer === root) && row['is_child'] === (peer === child)
        ? row
        : undefined
    })
    await seen(node, `root ${root.name}`, 'show_tree', (data) => {
      const depth = node === root ? 0 : 1
      const isRight = data['root'] === root.identity.nodeAddr && data['depth'] === depth
      return isRight && data['parent'] === root.identity.nodeAddr ? data : undefined
    })
    const bloom = await seen(node, `the filter of ${peer.name}`, 'show_bloom', (data) => {
      const row = rowOf(data, 'peer_filters', 'peer', peer.identity)
      return row?.['has_filter'] === true && Number(row['filter_sequence']) > 0 ? data : undefined
    })
    const stats = bloom['stats']
    assert.ok(typeof stats === 'object' && stats !== null && 'accepted' in stats && 'decode_error' in stats)
    assert.ok(Number(stats.accepted) > 0)
    assert.equal(stats.decode_error, 0)
  }
}

/** Both hold the session for established; the roles are the two ends of one handshake. */
async function inSession(initiator: LiveNode, responder: LiveNode): Promise<void> {
  for (const [node, other] of [
    [initiator, responder],
    [responder, initiator],
  ] as const) {
    const row = await seen(node, `a session with ${other.name}`, 'show_sessions', (data) => {
      const found = rowOf(data, 'sessions', 'remote_addr', other.identity)
      return found?.['state'] === 'established' ? found : undefined
    })
    assert.equal(row['is_initiator'], node === initiator)
  }
}

async function reachEachOther(a: LiveNode, b: LiveNode): Promise<void> {
  await reaches(a, b)
  await reaches(b, a)
}

async function gone(node: LiveNode, peer: LiveNode, withinMs?: number): Promise<void> {
  const isGone = (data: ReplyData) =>
    rowOf(data, 'peers', 'node_addr', peer.identity) === undefined ? true : undefined
  await seen(node, `${peer.name} is gone`, 'show_peers', isGone, withinMs)
}

describe('a node written in Rust', { skip, concurrency: 4 }, () => {
  // First, because it lasts longest: more than the minute after which keys are changed.
  test('changes the keys of link and session without losing a ping', async (t) => {
    const both = await pair(t, { dialler: 'theirs', root: 'theirs', rekeySeconds: 60 })
    const { ours, theirs } = both
    await agreed(both)
    await reachEachOther(ours, theirs)
    const lost: string[] = []
    const rekeyed = async (node: LiveNode, peer: LiveNode): Promise<boolean> => {
      const link = rowOf(await node.ask('show_peers'), 'peers', 'node_addr', peer.identity)
      const session = rowOf(await node.ask('show_sessions'), 'sessions', 'remote_addr', peer.identity)
      return link?.['current_k_bit'] === true && session?.['current_k_bit'] === true
    }
    await seen(
      ours,
      'the second keys of link and session',
      'show_status',
      async () => {
        for (const [from, to] of [
          [ours, theirs],
          [theirs, ours],
        ] as const) {
          if (!(await from.ping(to.identity))) lost.push(from.name)
        }
        return (await rekeyed(ours, theirs)) && (await rekeyed(theirs, ours)) ? true : undefined
      },
      150_000,
    )
    await reachEachOther(ours, theirs)
    assert.deepEqual(lost, [])
  })

  for (const dialler of ['ours', 'theirs'] as const) {
    for (const root of ['ours', 'theirs'] as const) {
      test(`links up, ${dialler} dialling, ${root} the root; pings of every size go both ways`, async (t) => {
        const both = await pair(t, { dialler, root })
        const { ours, theirs } = both
        await agreed(both)
        const row = rowOf(await ours.ask('show_peers'), 'peers', 'node_addr', theirs.identity)
        assert.equal(row?.['direction'], dialler === 'ours' ? 'outbound' : 'inbound')
        // The first ping opens the session.
        const [first, second] = root === 'ours' ? [ours, theirs] : [theirs, ours]
        await reaches(first, second)
        await inSession(first, second)
        await reaches(second, first)
        await reaches(ours, theirs, FULL_PAYLOAD)
        await reaches(theirs, ours, FULL_PAYLOAD)
        const status = await ours.ask('show_status')
        assert.deepEqual(Object.values(status['dropped_frames'] ?? {}).flatMap(Object.keys), [])
      })
    }
  }

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`is reached again after our restart by ${signal}`, async (t) => {
      const both = await pair(t, { dialler: 'ours', root: 'theirs' })
      const { ours, theirs } = both
      await agreed(both)
      await reachEachOther(ours, theirs)
      await ours.stop(signal)
      // Our goodbye: silence alone would take half a minute.
      if (signal === 'SIGTERM') await gone(theirs, ours, 20_000)
      await ours.start()
      await agreed(both)
      await reachEachOther(ours, theirs)
    })
  }

  test('is reached again after its restart without a goodbye', async (t) => {
    const both = await pair(t, { dialler: 'theirs', root: 'theirs' })
    const { ours, theirs } = both
    await agreed(both)
    await reachEachOther(ours, theirs)
    await theirs.stop('SIGKILL')
    await theirs.start()
    // It would drop in silence what the session it has forgotten brings.
    await ours.logged('is down: the peer has restarted')
    await agreed(both)
    await reachEachOther(ours, theirs)
  })

  test('is let go when it says goodbye, and reached again after its restart', async (t) => {
    const both = await pair(t, { dialler: 'ours', root: 'theirs' })
    const { ours, theirs } = both
    // On a busy machine its process may end before its worker has sent the goodbye.
    for (let round = 0; round < GOODBYES && !ours.output.includes('is down: it said goodbye'); round++) {
      await agreed(both)
      await reachEachOther(ours, theirs)
      await theirs.stop('SIGTERM')
      await gone(ours, theirs)
      await theirs.start()
    }
    assert.match(ours.output, /is down: it said goodbye/)
    await agreed(both)
    await reachEachOther(ours, theirs)
  })

  test('is dialled again when it was killed and came back as a listener', async (t) => {
    const both = await pair(t, { dialler: 'ours', root: 'ours' })
    const { ours, theirs } = both
    await agreed(both)
    await reachEachOther(ours, theirs)
    await theirs.stop('SIGKILL')
    await gone(ours, theirs)
    await theirs.start()
    await agreed(both)
    await reachEachOther(ours, theirs)
  })

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

  test('and ours carry ping6 between the interfaces of two namespaces', { skip: rootSkip }, async (t) => {
    const [here, there] = [await Namespace.create('ro'), await Namespace.create('rt')]
    for (const namespace of [here, there]) t.after(() => namespace.remove())
    await join(here, '10.77.0.1/24', there, '10.77.0.2/24')
    const folder = scratch(t)
    const theirs = identityOf(ROOT_SEED)
    const ours = await DaemonNode.run(t, {
      name: 'ours',
      seed: CHILD_SEED,
      folder,
      config: { ...settings('10.77.0.1:2121', [`${theirs.npub}@10.77.0.2:2121`]), tun: { enabled: true } },
      starter: (program, args) => here.start(program, args),
    })
    const socket = path(folder, 'theirs.sock')
    const args = [
      '--seed',
      String(ROOT_SEED),
      '--udp',
      '10.77.0.2:2121',
      '--tun',
      'fips0',
      '--control',
      socket,
    ]
    const peer = there.start(FIPS_PEER, args)
    t.after(() => peer.stop())
    await ours.logged('parent is')
    for (const [from, to] of [
      [here, theirs],
      [there, ours.identity],
    ] as const) {
      const pinged = await eventually('an answer', async () => {
        const { stdout } = await from.run('ping', [
          '-6',
          '-c',
          '3',
          '-i',
          '0.3',
          '-W',
          '5',
          formatIpv6(to.ipv6),
        ])
        return stdout.includes(' 0% packet loss') ? stdout : undefined
      })
      assert.match(pinged, /3 received/)
      const whole = ['-6', '-c', '2', '-i', '0.3', '-W', '5', '-s', String(FULL_PAYLOAD), '-M', 'do']
      const full = await from.run('ping', [...whole, formatIpv6(to.ipv6)])
      assert.match(full.stdout, / 0% packet loss/)
    }
  })
})
