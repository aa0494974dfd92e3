/** Two daemons in namespaces of their own: what a person at either end can do with ordinary programs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertPings, download, namespaceFor, place, serve } from '../../support/daemon-place.ts'
import { join } from '../../support/namespace.ts'
import { needs } from '../../support/requires.ts'

const skip = needs('root', 'tun', 'program:ip', 'program:ping')
const BYTES = 5_000_000

for (const [how, env] of [
  ['by direct system calls', {}],
  ['the portable way at one end', { FIPS_RADIO_IO: 'portable' }],
] as const) {
  test(`daemons over UDP, ${how}: ping by npub and by name, and downloads both ways`, { skip }, async (t) => {
    const [left, right] = [await namespaceFor(t, 'ul'), await namespaceFor(t, 'ur')]
    await join(left, '10.77.0.1/24', right, '10.77.0.2/24')
    const transports = '  udp: { bind_addr: "0.0.0.0:2121" }'
    const a = await place(t, 0, left, { transports, kind: 'udp', addr: '10.77.0.2:2121' }, env)
    const b = await place(t, 1, right, { transports, kind: 'udp', addr: '10.77.0.1:2121' })
    await assertPings(a, `${b.npub}.fips`, 5)
    await assertPings(b, 'other.fips', 3)
    for (const [from, by] of [
      [b, a],
      [a, b],
    ] as const) {
      await serve(t, from, BYTES)
      assert.equal(typeof (await download(from, by, BYTES)), 'number')
    }
    const outside = await left.run('ping', ['-6', '-c', '1', '-W', '3', 'fd99::1'])
    assert.notEqual(outside.code, 0)
  })
}
