/** What the daemon tells its node of who may connect. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { SimClock } from '../../../boards/index.ts'
import { Driver, Identity, npubOf, type NodeInput } from '../../../core/index.ts'
import type { PeerSettings } from '../../../gateway/config/index.ts'
import { Access } from '../../../gateway/daemon/access.ts'
import { silentLogger } from '../../../gateway/logger/index.ts'

const [ANN, BOB] = [1, 2].map((fill) => Identity.fromSecret(new Uint8Array(32).fill(fill)))
assert.ok(ANN && BOB)

function settings(of: Identity): PeerSettings {
  return {
    npub: npubOf(of.publicKey),
    alias: undefined,
    addresses: [],
    connectPolicy: 'auto_connect',
    autoReconnect: false,
    viaNostr: false,
  }
}

test('peers of the configuration are listed for the node apart from the allow list, from the start', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'fips-access-'))
  t.after(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'peers.allow'), `${npubOf(BOB.publicKey)}\n`)
  const inputs: NodeInput[] = []
  const clock = new SimClock()
  const node = {
    step: (input: NodeInput) => {
      inputs.push(input)
      return []
    },
    frameAt: () => [],
    packetAt: () => [],
    deadline: () => undefined,
  }
  const ignore = (): undefined => undefined
  const host = { send: ignore, packet: ignore, undeliverable: ignore, datagram: ignore, event: ignore }
  const driver = new Driver(node, clock, host)
  const access = new Access([settings(ANN)], {
    driver,
    clock,
    logger: silentLogger,
    changed: ignore,
    directory,
  })
  access.start()
  access.stop()
  const rules = inputs.find((input) => input.type === 'access-lists')
  assert.deepEqual(rules?.configured, [ANN.publicKey])
  assert.deepEqual(rules.allow, [BOB.publicKey])
  assert.ok(access.isListed(ANN.nodeAddr) && access.isListed(BOB.nodeAddr))
})
