/**
 * The bridge under test: an overlay node, a gateway and radio nodes, each a daemon in a network namespace of its own.
 * Overlay and gateway share a cable and UDP; the radio nodes share nothing with anybody but an emulated ether.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import type { TestContext } from 'node:test'
import { askDaemon } from '../../gateway/control/index.ts'
import {
  namespaceFor,
  npubOfSecret,
  placeWith,
  type ListedPeer,
  type Place,
} from '../support/daemon-place.ts'
import { EmulatedEther } from '../support/emulated-ether.ts'
import { join, type Namespace } from '../support/namespace.ts'
import { eventually, type Finished } from '../support/process.ts'

export interface BridgeOptions {
  /** Radio nodes in a row behind the gateway. */
  readonly hops: number
  /** Emulated time over real time. */
  readonly speed: number
  readonly spreadingFactor: number
  readonly bandwidthHz: number
}

export interface Bridge {
  readonly ether: EmulatedEther
  readonly overlay: Place
  readonly gateway: Place
  /** From the gateway outwards. */
  readonly radios: readonly Place[]
  readonly options: BridgeOptions
}

/** No region lets a test go on air all the time. */
const LIMITS = 'region: custom, custom_low_hz: 868000000, custom_high_hz: 870000000, custom_max_power_dbm: 14'
const UDP_PORT = 2121
const OVERLAY_ADDRESS = '10.78.0.1'
const GATEWAY_ADDRESS = '10.78.0.2'

function secretOf(index: number): Uint8Array {
  return new Uint8Array(32).fill(21 + index)
}

/** Starts everything; resolves when all daemons run, before there is any link. */
export async function startBridge(t: TestContext, options: BridgeOptions): Promise<Bridge> {
  const { hops, speed, spreadingFactor, bandwidthHz } = options
  const ether = await EmulatedEther.start(
    t,
    `--nodes ${hops + 1} --topology line --speed ${speed} --seed 5`.split(' '),
  )
  const names = ['ov', 'gw', ...Array.from({ length: hops }, (_, i) => `r${i + 1}`)]
  const namespaces: Namespace[] = []
  for (const name of names) namespaces.push(await namespaceFor(t, name))
  const [overlayPlace, gatewayPlace] = namespaces
  assert.ok(overlayPlace && gatewayPlace)
  await join(overlayPlace, `${OVERLAY_ADDRESS}/24`, gatewayPlace, `${GATEWAY_ADDRESS}/24`)

  const udp = `  udp: { bind_addr: "0.0.0.0:${UDP_PORT}" }\n`
  const lora = (modem: number) =>
    `  lora: { port: ${ether.port(modem)}, spreading_factor: ${spreadingFactor}, bandwidth_hz: ${bandwidthHz}, clock_speed: ${speed}, ${LIMITS} }\n`
  const start = (index: number, transports: string, links: readonly (readonly [number, string, string?])[]) =>
    placeWith(t, namespaces[index] ?? overlayPlace, {
      secret: secretOf(index),
      transports,
      peers: links.map(([other, kind, addr]): ListedPeer => {
        const npub = npubOfSecret(secretOf(other))
        return { alias: names[other] ?? '', npub, kind, ...(addr === undefined ? {} : { addr }) }
      }),
    })
  const overlay = start(0, udp, [[1, 'udp', `${GATEWAY_ADDRESS}:${UDP_PORT}`]])
  const gateway = start(1, udp + lora(0), [[2, 'lora']])
  const radios = Array.from({ length: hops }, (_, i) =>
    start(i + 2, lora(i + 1), [
      [i + 1, 'lora'] as const,
      ...(i + 1 < hops ? [[i + 3, 'lora'] as const] : []),
    ]),
  )
  return {
    ether,
    overlay: await overlay,
    gateway: await gateway,
    radios: await Promise.all(radios),
    options,
  }
}

/** How long the island may take to come up: links, tree and filters at the rate of the radio. */
const SETTLING_MS = 120_000

/** Pings by name through the system's resolver until `count` pings have been answered: on the air some are lost. */
export async function assertReaches(from: Place, to: Place, count: number): Promise<void> {
  const name = `${to.npub}.fips`
  let last: Finished | undefined
  let answered = 0
  const enough = async () => {
    last = await from.namespace.run('ping', ['-6', '-c', '1', '-W', '10', name])
    if (last.code === 0) answered++
    return answered >= count ? true : undefined
  }
  await eventually(`${name} answers`, enough, SETTLING_MS).catch((error: unknown) => {
    const pinged = `${last?.stdout}${last?.stderr}`
    assert.fail(`${String(error)}\n${pinged}\n${from.daemon.output()}\n${to.daemon.output()}`)
  })
}

export interface Download {
  readonly path: string
  readonly sha256: string
  readonly url: string
}

const HTTP_PORT = 8080

/** Serves `bytes` random bytes at a place by an ordinary HTTP server. */
export async function publish(t: TestContext, where: Place, bytes: number): Promise<Download> {
  const directory = mkdtempSync(path(tmpdir(), 'fips-web-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const file = path(directory, 'file')
  const content = randomBytes(bytes)
  writeFileSync(file, content)
  const program = `const { createReadStream } = require('node:fs')
require('node:http').createServer((request, response) => createReadStream(${JSON.stringify(file)}).pipe(response))
  .listen(${HTTP_PORT}, '::', () => console.log('serving'))`
  const server = where.namespace.start(process.execPath, ['-e', program])
  t.after(() => server.stop())
  await server.line('serves', (line) => line === 'serving')
  const url = `http://${where.npub}.fips:${HTTP_PORT}/file`
  return { path: path(directory, 'fetched'), sha256: hashOf(content), url }
}

/** Fetches with curl and compares the hash; says what it took. */
export async function assertFetches(
  t: TestContext,
  bridge: Bridge,
  by: Place,
  what: Download,
): Promise<void> {
  const before = await bridge.ether.stats()
  const started = performance.now()
  const args = ['-6', '--silent', '--show-error', '--fail', '--output', what.path, what.url]
  const fetched = await by.namespace.run('curl', args, 240_000)
  const seconds = (performance.now() - started) / 1000
  const context = `${fetched.stderr}\n${by.daemon.output()}`
  assert.equal(fetched.code, 0, `curl gave up after ${Math.round(seconds)} s: ${context}`)
  const content = readFileSync(what.path)
  assert.equal(hashOf(content), what.sha256)
  const after = await bridge.ether.stats()
  const air = seconds * bridge.options.speed
  const busy = (after.ms - before.ms) / 1000
  const rates = `${Math.round(content.length / air)} B/s, ${Math.round(content.length / busy)} B per second of airtime`
  t.diagnostic(
    `${content.length} bytes in ${seconds.toFixed(1)} s, ${air.toFixed(1)} s of the radio's, ${busy.toFixed(1)} s on air: ${rates}`,
  )
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Asks a place's daemon until its answer satisfies. */
export async function untilAnswer(
  where: Place,
  command: string,
  accept: (reply: string) => boolean,
): Promise<void> {
  await eventually(`${command} as wanted`, async () =>
    accept(JSON.stringify(await askDaemon(where.socket, command))) ? true : undefined,
  )
}
