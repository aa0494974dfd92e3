/** Daemons that reach each other over TCP only: by number and by name, and again after either end of a link restarts. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { isRecord, type ReplyData } from '../../../gateway/control/index.ts'
import {
  dials,
  firstTransport,
  startDaemon,
  startPair,
  TCP_ON_LOOPBACK,
  until,
  type TestDaemon,
} from './pair.ts'

const DIAL_ONLY = 'transports:\n  tcp: {}\n'

function running(t: TestContext, daemon: TestDaemon): TestDaemon {
  t.after(() => daemon.stop())
  return daemon
}

/** The first transport as shown, and its counters. */
async function transport(
  daemon: TestDaemon,
): Promise<{ readonly shown: ReplyData; readonly stats: ReplyData }> {
  const shown = await firstTransport(daemon)
  const { stats } = shown
  assert.ok(isRecord(stats))
  return { shown, stats }
}

async function answers(from: TestDaemon, to: TestDaemon): Promise<void> {
  await until(
    () => from.ask('ping', { npub: to.npub, timeout_ms: 1000 }),
    ({ result }) => result === 'reply',
  )
}

test('two daemons link up over one TCP connection, which is shown', async (t) => {
  const [first, second] = await startPair(TCP_ON_LOOPBACK)
  for (const daemon of [first, second]) running(t, daemon)
  await answers(first, second)
  const { shown, stats } = await transport(first)
  assert.deepEqual([shown['type'], shown['mtu']], ['tcp', 1400])
  const { connections_accepted, pool_inbound, pool_outbound } = stats
  assert.deepEqual([connections_accepted, pool_inbound, pool_outbound], [1, 1, 0])
  const dialling = (await transport(second)).stats
  assert.deepEqual([dialling['connections_established'], dialling['pool_outbound']], [1, 1])
})

test('a daemon that only dials reaches a peer by its host name', async (t) => {
  const first = running(t, await startDaemon(TCP_ON_LOOPBACK))
  const byName = (await dials(first, 'first')).replace('127.0.0.1', 'localhost')
  const second = running(t, await startDaemon(`${DIAL_ONLY}${byName}`))
  await answers(second, first)
  assert.equal((await transport(second)).shown['local_addr'], '')
})

for (const who of ['dialled', 'dialling'] as const) {
  test(`a peer that comes back over TCP is linked again, the ${who} one`, async (t) => {
    const listening = (port: string) => `transports:\n  tcp: { bind_addr: "127.0.0.1:${port}" }\n`
    const folder = mkdtempSync(join(tmpdir(), 'fips-tcp-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const stays = await startDaemon(listening('0'))
    running(t, stays)
    const addresses = await dials(stays, 'stays')
    const comesBack = await startDaemon(`${listening('0')}${who === 'dialling' ? addresses : ''}`, folder)
    const at =
      String((await transport(comesBack)).shown['local_addr'])
        .split(':')
        .at(-1) ?? ''
    const other =
      who === 'dialling'
        ? stays
        : running(t, await startDaemon(`${DIAL_ONLY}${await dials(comesBack, 'back')}`))
    await answers(other, comesBack)
    await comesBack.daemon.stop()
    const again = running(
      t,
      await startDaemon(`${listening(at)}${who === 'dialling' ? addresses : ''}`, folder),
    )
    assert.equal(again.npub, comesBack.npub)
    await answers(other, again)
    await answers(again, other)
  })
}
