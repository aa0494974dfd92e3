/** A daemon of ours and a node written in Rust (`rust-peer/`), and what both must say when they agree. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
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
import { needs } from '../support/requires.ts'
import { FIPS_PEER, RustNode } from './rust-node.ts'

/** Why tests with the Rust node cannot run here, or false. */
export const skipWithoutRust: string | false = withoutRust()

function withoutRust(): string | false {
  const missing = needs(`file:${FIPS_PEER}`)
  return missing === false
    ? false
    : `${missing}: run scripts/build-rust-peer (needs cargo, Rust 1.85 or newer)`
}

/** Of these two keys the first has the lower address, which makes its node the root. */
export const ROOT_SEED = 2
export const CHILD_SEED = 1
/** What IPv6 promises to carry, without the IPv6 and ICMPv6 headers. */
export const FULL_PAYLOAD = 1280 - 40 - 8
/** Carries 1280 bytes of IPv6 and the 77 that the mesh needs around them. */
const UDP_MTU = 1472

type Side = 'ours' | 'theirs'

export interface Pair {
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
export function settings(udp: string, peers: readonly string[]): Record<string, unknown> {
  return {
    transports: { udp: { bind_addr: udp, mtu: UDP_MTU } },
    peers: peers.map((peer) => {
      const [npub, addr] = peer.split('@')
      return { npub, addresses: [{ transport: 'udp', addr }] }
    }),
  }
}

export async function pair(t: TestContext, { dialler, root, rekeySeconds }: PairOptions): Promise<Pair> {
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
export async function agreed({ root, child }: Pick<Pair, 'root' | 'child'>): Promise<void> {
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
export async function inSession(initiator: LiveNode, responder: LiveNode): Promise<void> {
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

export async function reachEachOther(a: LiveNode, b: LiveNode): Promise<void> {
  await reaches(a, b)
  await reaches(b, a)
}
