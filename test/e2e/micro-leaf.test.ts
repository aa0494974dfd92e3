/** A microcontroller's leaf on a serial port of ours: recognised, linked, served, and served again after a reset. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeSessionDatagram } from '../../core/index.ts'
import { askDaemon } from '../../gateway/control/index.ts'
import { openSerialPipe } from '../../gateway/pipes/index.ts'
import { DaemonNode, freeUdpPort, identityOf, rowOf, scratch, seen } from '../support/live-node.ts'
import { MicroLeaf } from '../support/micro-leaf.ts'
import { eventually } from '../support/process.ts'
import { SerialLine } from '../support/serial-line.ts'

const BAUD = 115_200
const SEED = { gateway: 1, leaf: 2, beyond: 3 } as const

/** A gateway with the leaf's port and UDP, and a node beyond it that knows nothing of serial lines. */
test('a microcontroller on a serial port is recognised, served, and served again after a reset', async (t) => {
  const line = new SerialLine({ baud: BAUD, seed: 1 })
  t.after(() => line.close())
  const folder = scratch(t)
  const identity = identityOf(SEED.leaf)
  const udp = `127.0.0.1:${await freeUdpPort()}`
  const gateway = await DaemonNode.run(t, {
    name: 'gateway',
    seed: SEED.gateway,
    folder,
    config: {
      transports: { serial: { port: line.ports[0], baud: BAUD }, udp: { bind_addr: udp } },
      peers: [{ npub: identity.npub, connect_policy: 'manual' }],
    },
    node: { heartbeat_interval_secs: 1 },
  })
  const beyond = await DaemonNode.run(t, {
    name: 'beyond',
    seed: SEED.beyond,
    folder,
    config: {
      transports: { udp: { bind_addr: '127.0.0.1:0' } },
      peers: [{ npub: gateway.identity.npub, addresses: [{ transport: 'udp', addr: udp }] }],
    },
  })
  const pipe = await openSerialPipe({ path: line.ports[1], baudRate: BAUD })
  const leaf = new MicroLeaf(identity, gateway.identity.publicKey, pipe)
  t.after(async () => {
    leaf.halt()
    await pipe.close()
  })

  // A reset as soon as it is served, with the epoch it always has, and no goodbye.
  for (const boot of ['first', 'second', 'third']) {
    leaf.boot()
    const served = () => leaf.isLinked && leaf.count('heartbeat') >= 2 && leaf.count('sender-report') > 0
    await eventually(`${boot} boot: linked, with heartbeats and reports`, () => served() || undefined)
    await eventually('its report is answered', () => leaf.count('receiver-report') > 0 || undefined)
    assert.equal(leaf.unreadable, 0)
    await seen(gateway, 'the leaf', 'show_peers', (data) =>
      rowOf(data, 'peers', 'node_addr', identity)?.['connectivity'] === 'connected' ? true : undefined,
    )
    // What the gateway tells others: two nodes are reached here, and one of them is the leaf.
    await seen(beyond, 'the leaf in the filter of the gateway', 'show_bloom', (data) => {
      const row = rowOf(data, 'peer_filters', 'peer', gateway.identity)
      return Math.round(Number(row?.['estimated_count'])) === 2 ? true : undefined
    })
    // Whatever is for it goes straight to it: it answers no lookups.
    const before = leaf.count('session-datagram')
    const ping = askDaemon(gateway.socket, 'ping', { npub: identity.npub, timeout_ms: 1000 })
    await eventually('a session setup', () => leaf.count('session-datagram') > before || undefined)
    await ping
    const datagram = decodeSessionDatagram(leaf.received.get('session-datagram')?.at(-1) ?? new Uint8Array())
    assert.ok(datagram.ok)
    assert.equal(datagram.value.destination, identity.nodeAddr)
  }
  await gateway.logged('the other side is a microcontroller (length-prefixed frames)')
  const { transports } = await gateway.ask('show_transports')
  assert.ok(
    Array.isArray(transports) && transports.some((row: object) => 'framing' in row && row.framing === 'u16'),
  )
})
