/** Commands with wrong parameters get the reference's recorded replies. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { after, before, test } from 'node:test'
import { startDaemon, UDP_ON_LOOPBACK, type TestDaemon } from '../daemon/pair.ts'

interface Recorded {
  readonly request: string
  readonly response: string
}

/** Entries without a request are what a probe answers: conformance.test.ts. */
const RECORDED: Readonly<Record<string, Partial<Recorded>>> = JSON.parse(
  readFileSync(
    new URL('../../../../test/gateway/control/data/errors-and-probe.json', import.meta.url),
    'utf8',
  ),
)
/** Lines that are none are in protocol.test.ts; of one the recording has only the beginning, and it is below. */
const ELSEWHERE: ReadonlySet<string> = new Set(['too large', 'binary', 'half line', 'connect bad transport'])
/** The recorded requests are about nodes of their own. */
const OWN_NPUB = 'npub1vdrucn4t2hpmwhsfzt02zyceev3cvp6r6q8930s7ecf0p0plgyfqgehc27'

let daemon: TestDaemon
before(async () => {
  daemon = await startDaemon(UDP_ON_LOOPBACK)
})
after(() => daemon.stop())

async function exchange(request: string): Promise<string> {
  const socket = createConnection(daemon.socket)
  socket.write(request)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

for (const [name, { request, response }] of Object.entries(RECORDED)) {
  if (request === undefined || response === undefined || ELSEWHERE.has(name)) continue
  test(`${name}: the recorded reply, parsed alike`, async () => {
    const ours = name === 'probe self' ? request.replaceAll(OWN_NPUB, daemon.npub) : request
    assert.deepEqual(JSON.parse(await exchange(ours)), JSON.parse(response))
  })
}

test('connect over a transport that does not run', async () => {
  const npub = 'npub16tznd9qsll0lql4pqqfx0thaex55j76vpqlruhaqn4pcrs5904csy75kz0'
  const params = { npub, address: '127.0.0.1:1', transport: 'tcp' }
  assert.deepEqual(JSON.parse(await exchange(`${JSON.stringify({ command: 'connect', params })}\n`)), {
    status: 'error',
    message: `no transport available for type: no operational transport for any of ${npub}'s addresses`,
  })
})

test('ping with wrong parameters', async () => {
  await assert.rejects(daemon.ask('ping'), /missing params for ping/)
  await assert.rejects(daemon.ask('ping', { npub: daemon.npub, size: 10_000 }), /invalid 'size' parameter/)
  await assert.rejects(
    daemon.ask('ping', { npub: 'npub1x' }),
    /'npub1x' is neither a public key .* nor a name/,
  )
})
