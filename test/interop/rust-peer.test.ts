/**
 * Our daemon and an independent node written in Rust (`rust-peer/`), as two programs that share nothing but UDP on
 * the loopback. Each claim is asked of both: their control sockets have the same queries.
 */
import assert from 'node:assert/strict'
import { join as path } from 'node:path'
import { describe, test } from 'node:test'
import type { ReplyData } from '../../gateway/control/index.ts'
import { formatIpv6 } from '../../gateway/ipv6/index.ts'
import { DaemonNode, identityOf, reaches, rowOf, scratch, seen, type LiveNode } from '../support/live-node.ts'
import { join, Namespace } from '../support/namespace.ts'
import { eventually } from '../support/process.ts'
import { needs } from '../support/requires.ts'
import {
  agreed,
  CHILD_SEED,
  FULL_PAYLOAD,
  inSession,
  pair,
  reachEachOther,
  ROOT_SEED,
  settings,
  skipWithoutRust as skip,
} from './rust-pair.ts'
import { FIPS_PEER } from './rust-node.ts'

const rootSkip = skip || needs('root', 'tun', 'program:ip', 'program:ping')
/** Attempts to see the Rust node's goodbye. */
const GOODBYES = 5

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
