/** The kernel's IPv6 host behind a TUN interface. Linux; needs CAP_NET_ADMIN. */
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { native } from '../../transports/native/index.ts'
import { reasonOf, systemCode } from '../errors.ts'
import { attachError, deviceError, TunError } from './errors.ts'
import { addRoutingRule, configureInterface, removeRoutingRule } from './interface.ts'
import type { FromReader, ReaderSettings, ToReader } from './reader-protocol.ts'
import type { Tun } from './tun.ts'

export interface LinuxTunOptions {
  /** Default `fips0`. At most 15 characters. */
  readonly name?: string
  /** Bytes; default 1280, the reference's and the least IPv6 allows. */
  readonly mtu?: number
  /** The node's mesh address, 16 bytes: becomes the interface's, with a route for the whole mesh. */
  readonly address: Uint8Array
  /** The interface went away under the node; in one sentence. */
  readonly onGone?: (reason: string) => void
}

const DEFAULT_NAME = 'fips0'
const DEFAULT_MTU = 1280

const DEVICE = '/dev/net/tun'
const TUNSETIFF = 0x400454ca
const IFF_TUN = 0x0001
const IFF_NO_PI = 0x1000
/** struct ifreq: name 16, flags u16, padding. */
const IFREQ_BYTES = 40
const IFREQ_FLAGS_AT = 16
const NAME_PATTERN = /^[^\s/:]{1,15}$/

const IPV6_DISABLED = '/proc/sys/net/ipv6/conf/all/disable_ipv6'

/** Makes and configures the interface. Rejects with a `TunError`, leaving nothing behind. */
export async function openTun(options: LinuxTunOptions): Promise<Tun> {
  const name = options.name ?? DEFAULT_NAME
  const mtu = options.mtu ?? DEFAULT_MTU
  if (!NAME_PATTERN.test(name) || name === '.' || name === '..')
    throw new TunError(
      'bad-name',
      `"${name}" cannot name a network interface: use 1 to 15 letters and digits in tun.name.`,
    )
  if (ipv6IsDisabled())
    throw new TunError(
      'ipv6-disabled',
      'IPv6 is switched off on this machine, and the mesh is IPv6: set the sysctl net.ipv6.conf.all.disable_ipv6 to 0.',
    )
  const fd = openDevice(name)
  try {
    await configureInterface({ name, mtu, address: options.address })
    const ruleIsOurs = await addRoutingRule()
    return new LinuxTun(name, mtu, fd, ruleIsOurs, options.onGone)
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

class LinuxTun implements Tun {
  readonly name: string
  readonly mtu: number
  readonly #fd: number
  readonly #ruleIsOurs: boolean
  readonly #onGone: ((reason: string) => void) | undefined
  #reader: Worker | undefined
  #closed: Promise<void> | undefined

  constructor(
    name: string,
    mtu: number,
    fd: number,
    ruleIsOurs: boolean,
    onGone: ((reason: string) => void) | undefined,
  ) {
    this.name = name
    this.mtu = mtu
    this.#fd = fd
    this.#ruleIsOurs = ruleIsOurs
    this.#onGone = onGone
  }

  start(onPacket: (packet: Uint8Array) => void): void {
    if (this.#reader !== undefined || this.#closed !== undefined) throw new Error('a TUN is started once')
    const settings: ReaderSettings = { fd: this.#fd, mtu: this.mtu }
    const reader = new Worker(new URL('./reader-worker.js', import.meta.url), { workerData: settings })
    // What keeps the program running is the node's business, not this thread's.
    reader.unref()
    this.#reader = reader
    reader.on('message', (message: FromReader) => {
      if (this.#closed !== undefined) return
      if (message.type === 'gone') {
        this.#onGone?.(`The network interface ${this.name} is gone (system error ${message.errno}).`)
        return
      }
      let at = 0
      for (const length of message.lengths) {
        onPacket(message.bytes.subarray(at, at + length))
        at += length
      }
      const done: ToReader = { type: 'done' }
      // A thread, not a window: there is no origin.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      reader.postMessage(done)
    })
    reader.on('error', (error) => {
      if (this.#closed === undefined) this.#onGone?.(`Reading ${this.name} failed: ${reasonOf(error)}.`)
    })
  }

  write(packet: Uint8Array): boolean {
    if (this.#closed !== undefined) return false
    try {
      writeSync(this.#fd, packet)
      return true
    } catch {
      // The kernel's queue is full, the interface is down, or it is no packet: it is lost, as on any wire.
      return false
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#release()
    return this.#closed
  }

  async #release(): Promise<void> {
    // The reader polls the descriptor: it must be gone before its number can be given to another file.
    await this.#reader?.terminate()
    closeSync(this.#fd)
    if (this.#ruleIsOurs) await removeRoutingRule()
  }
}

function openDevice(name: string): number {
  let fd: number
  try {
    fd = openSync(DEVICE, constants.O_RDWR | constants.O_NONBLOCK)
  } catch (error) {
    throw deviceError(systemCode(error), reasonOf(error))
  }
  try {
    attach(fd, name)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return fd
}

function attach(fd: number, name: string): void {
  const direct = native()
  if (!direct.ok)
    throw new TunError('io', `Cannot use the system's C library for the TUN: ${direct.got ?? direct.code}.`)
  const { libc, memory } = direct.value
  const request = memory(IFREQ_BYTES)
  request.bytes.set(Buffer.from(name))
  request.words[IFREQ_FLAGS_AT >> 2] = IFF_TUN | IFF_NO_PI
  if (libc.ioctl(fd, TUNSETIFF, request.base) !== 0) throw attachError(libc.errno(), name)
}

function ipv6IsDisabled(): boolean {
  try {
    return readFileSync(IPV6_DISABLED, 'utf8').trim() === '1'
  } catch {
    return true
  }
}
