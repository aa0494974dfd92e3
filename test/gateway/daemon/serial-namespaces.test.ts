/** Two daemons that have nothing but a serial line between them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertPings, download, namespaceFor, place, serve } from '../../support/daemon-place.ts'
import { PtyCable } from '../../support/pty-cable.ts'
import { needs } from '../../support/requires.ts'

const skip = needs('root', 'tun', 'program:ip', 'program:ping')
const BYTES = 200_000

const BAUD = 115_200
/** Of a full frame on the line, the part that TCP carries: MSS 1143 in a frame of 1280 bytes. */
const TCP_SHARE = 1143 / 1280

test('daemons over a serial line: at its rate, through noise, and after a cut', { skip }, async (t) => {
  const cable = new PtyCable(BAUD)
  t.after(() => cable.close())
  const [left, right] = [await namespaceFor(t, 'sl'), await namespaceFor(t, 'sr')]
  const reach = (port: string) => ({
    transports: `  serial: { port: ${port}, baud: ${BAUD} }`,
    kind: 'serial',
    addr: port,
  })
  const a = await place(t, 0, left, reach(cable.paths[0]))
  const b = await place(t, 1, right, reach(cable.paths[1]))
  await assertPings(a, `${b.npub}.fips`, 5)

  await serve(t, b, BYTES)
  const clean = await download(b, a, BYTES)
  assert.ok(typeof clean === 'number', String(clean))
  const share = BYTES / ((clean / 1000) * (BAUD / 10) * TCP_SHARE)
  t.diagnostic(
    `${BYTES} bytes in ${Math.round(clean)} ms: ${Math.round(share * 100)} % of the line's payload rate`,
  )
  assert.ok(share >= 0.8, `${share}`)

  cable.corruption = 0.01
  const noisy = await download(b, a, BYTES)
  assert.ok(typeof noisy === 'number', String(noisy))
  t.diagnostic(`with one byte in a hundred corrupted: ${Math.round(noisy)} ms`)
  cable.corruption = 0

  const running = download(b, a, BYTES)
  cable.cut = true
  const silent = await left.run('ping', ['-6', '-c', '2', '-i', '0.5', '-W', '1', `${b.npub}.fips`])
  assert.notEqual(silent.code, 0)
  cable.cut = false
  await assertPings(a, `${b.npub}.fips`, 3)
  assert.equal(typeof (await running), 'number')
})
