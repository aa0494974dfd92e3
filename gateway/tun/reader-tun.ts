/** Packets one by one, read in a thread of its own: the portable way, and the yardstick of the one with offloads. */
import { closeSync, writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { reasonOf } from '../errors.ts'
import type { HostInterface } from './device.ts'
import { removeRoutingRule } from './interface.ts'
import type { FromReader, ReaderSettings, ToReader } from './reader-protocol.ts'
import type { Tun } from './tun.ts'

export class ReaderTun implements Tun {
  readonly name: string
  readonly mtu: number
  readonly #interface: HostInterface
  #reader: Worker | undefined
  #closed: Promise<void> | undefined

  constructor(made: HostInterface) {
    this.name = made.name
    this.mtu = made.mtu
    this.#interface = made
  }

  start(onPacket: (packet: Uint8Array) => void): void {
    if (this.#reader !== undefined || this.#closed !== undefined) throw new Error('a TUN is started once')
    const settings: ReaderSettings = { fd: this.#interface.fd, mtu: this.mtu }
    const reader = new Worker(new URL('./reader-worker.js', import.meta.url), { workerData: settings })
    // What keeps the program running is the node's business, not this thread's.
    reader.unref()
    this.#reader = reader
    reader.on('message', (message: FromReader) => {
      if (this.#closed !== undefined) return
      if (message.type === 'gone') {
        this.#interface.onGone?.(
          `The network interface ${this.name} is gone (system error ${message.errno}).`,
        )
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
      if (this.#closed === undefined)
        this.#interface.onGone?.(`Reading ${this.name} failed: ${reasonOf(error)}.`)
    })
  }

  write(packet: Uint8Array): boolean {
    if (this.#closed !== undefined) return false
    try {
      writeSync(this.#interface.fd, packet)
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
    closeSync(this.#interface.fd)
    if (this.#interface.ruleIsOurs) await removeRoutingRule()
  }
}
