// Two FIPS nodes in one process: a link over the memory transport, a lookup, a session, a datagram.
import { randomBytes } from 'node:crypto'
import { Driver, FipsNode, Identity, nodeConfig } from 'fips-radio/core'
import { MemoryHub, systemClock } from 'fips-radio/transports'

const hub = new MemoryHub()
const nobody = () => {}

async function start(name) {
  const identity = Identity.fromSecret(randomBytes(32))
  const rng = { bytes: (length) => new Uint8Array(randomBytes(length)) }
  const node = new FipsNode({ identity, rng, config: nodeConfig(), now: systemClock.now() })
  const transport = hub.attach(name)
  const driver = new Driver(node, systemClock, {
    send: ({ to, frame, frameClass }) => transport.send(to, frame, frameClass),
    datagram: ({ payload }) => process.exit(console.log(`${name} got: ${Buffer.from(payload)}`)),
    event: ({ type }) => console.log(`${name}: ${type}`),
    packet: nobody,
    undeliverable: nobody,
  })
  await transport.open({
    frame: (from, frame) => driver.step({ type: 'frame', transportId: 1, from, frame }),
    state: nobody,
  })
  const { kind, mtu, profile } = transport
  const admission = { acceptConnections: true, autoConnect: false, listedOnly: false }
  driver.step({ type: 'transport-up', transport: { id: 1, kind, mtu, profile, admission } })
  return { driver, publicKey: identity.publicKey }
}

const alice = await start('alice')
const bob = await start('bob')
const paths = [{ transportId: 1, addr: 'bob', priority: 1 }]
alice.driver.step({ type: 'connect', peer: bob.publicKey, paths, persistent: true })
const payload = Buffer.from('hello')
alice.driver.step({
  type: 'datagram',
  to: bob.publicKey,
  sourcePort: 4242,
  destinationPort: 4242,
  payload,
})
