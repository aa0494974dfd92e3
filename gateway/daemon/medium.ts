/**
 * One configured transport through the life of the daemon: opened, reported to the node, and tried again when the
 * device behind it is not there. What cannot get better by waiting is not tried again.
 */
import type {
  AdmissionPolicy,
  Clock,
  FrameClass,
  Millis,
  TransportId,
  TransportKind,
} from '../../core/index.ts'
import {
  emptyStats,
  isBatchTransport,
  type BatchTransport,
  type SendResult,
  type Transport,
  type TransportSink,
} from '../../transports/index.ts'
import type { Json, TransportFacts } from '../control/index.ts'
import { OperatorError, reasonOf } from '../errors.ts'
import type { Logger } from '../logger/index.ts'
import { mediumFailure } from './failures.ts'

/** How to make one transport of the configuration. */
export interface MediumSpec {
  readonly id: TransportId
  readonly kind: TransportKind
  readonly name: string | undefined
  /** `transports.lora.east`. */
  readonly path: string
  readonly admission: AdmissionPolicy
  /** What is shown before it is open. */
  readonly address: string
  /** Why it stays closed for as long as the configuration stands, in one sentence. */
  readonly silence?: string
  /** A fresh transport; one is opened once. */
  readonly create: () => Transport
  /** What only this kind can tell. */
  readonly detail: (transport: Transport) => Readonly<Record<string, Json>>
}

export interface MediumDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly events: MediumEvents
}

export interface MediumEvents {
  up(medium: Medium, transport: Transport): void
  down(medium: Medium, reason: string): void
  frame(medium: Medium, from: string, frame: Uint8Array): void
  frameAt(medium: Medium, from: string, bytes: Uint8Array, at: number, length: number): void
  batchEnd(): void
  /** What a medium that confirms frames learnt of one. */
  fate(medium: Medium, fate: 'frame-delivered' | 'frame-lost', to: string, frame: Uint8Array): void
  /** A connection ended. */
  gone(medium: Medium, addr: string): void
  station(medium: Medium, addr: string, publicKey: Uint8Array): void
}

/** Pauses between attempts to open a device that is not there. */
const FIRST_RETRY: Millis = 2000
const LAST_RETRY: Millis = 30_000

export class Medium {
  readonly spec: MediumSpec
  readonly #deps: MediumDeps
  readonly #logger: Logger
  #transport: Transport | undefined
  /** The same, when it works in batches. */
  #batch: BatchTransport | undefined
  #opening: Transport | undefined
  #state: TransportFacts['state'] = 'starting'
  #reason: string | undefined
  #retryDelay = FIRST_RETRY
  #cancelRetry: (() => void) | undefined
  #isClosed = false

  constructor(spec: MediumSpec, deps: MediumDeps) {
    this.spec = spec
    this.#deps = deps
    this.#logger = deps.logger.named(spec.path)
    if (spec.silence !== undefined) {
      this.#state = 'down'
      this.#reason = spec.silence
    }
  }

  /** Opens it; resolves with what went wrong, if anything did. */
  async open(): Promise<OperatorError | undefined> {
    let transport: Transport | undefined
    try {
      transport = this.spec.create()
      this.#opening = transport
      await transport.open(this.#sink(transport))
    } catch (error) {
      const failure = mediumFailure(error, this.spec)
      this.#state = 'failed'
      this.#reason = failure.message
      if (transport !== undefined) await closeQuietly(transport)
      return failure
    } finally {
      this.#opening = undefined
    }
    if (this.#isClosed) {
      await closeQuietly(transport)
      return undefined
    }
    this.#transport = transport
    this.#batch = isBatchTransport(transport) ? transport : undefined
    this.#logger.info('open', { at: transport.localAddr, mtu: transport.mtu })
    this.#wentUp()
    return undefined
  }

  /** After a failed `open`: goes on trying when waiting can help. */
  keepTrying(failure: OperatorError): void {
    if (this.#isClosed || !canRecover(failure)) return
    this.#state = 'down'
    this.#cancelRetry = this.#deps.clock.after(this.#retryDelay, () => {
      this.#retryDelay = Math.min(this.#retryDelay * 2, LAST_RETRY)
      void this.#retry()
    })
  }

  send(to: string, frame: Uint8Array, frameClass: FrameClass): SendResult {
    return this.#transport?.send(to, frame, frameClass) ?? 'down'
  }

  /** `send` of a frame that stays where it is until `flush`. */
  queue(to: string, slab: Uint8Array, at: number, length: number, frameClass: FrameClass): SendResult {
    if (this.#batch !== undefined) return this.#batch.queue(to, slab, at, length)
    return this.send(to, slab.subarray(at, at + length), frameClass)
  }

  flush(): void {
    this.#batch?.flush()
  }

  facts(): TransportFacts {
    const { id, kind, name, address, detail } = this.spec
    const transport = this.#transport
    return {
      id,
      kind,
      name,
      state: this.#state,
      reason: this.#state === 'up' ? undefined : this.#reason,
      mtu: transport?.mtu ?? 0,
      localAddr: transport?.localAddr ?? address,
      stats: transport?.stats ?? emptyStats(),
      detail: transport === undefined ? {} : detail(transport),
    }
  }

  /** Largest frame while it is up, bytes. */
  get mtu(): number | undefined {
    return this.#state === 'up' ? this.#transport?.mtu : undefined
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelRetry?.()
    const transport = this.#transport ?? this.#opening
    if (transport !== undefined) await closeQuietly(transport)
  }

  async #retry(): Promise<void> {
    const failure = await this.open()
    if (failure === undefined) return
    this.#logger.debug(failure.message)
    this.keepTrying(failure)
  }

  #sink(transport: Transport): TransportSink {
    const { events } = this.#deps
    return {
      frame: (from, frame) => events.frame(this, from, frame),
      frameAt: (from, bytes, at, length) => events.frameAt(this, from, bytes, at, length),
      batchEnd: () => events.batchEnd(),
      delivered: (to, frame) => events.fate(this, 'frame-delivered', to, frame),
      lost: (to, frame) => events.fate(this, 'frame-lost', to, frame),
      state: (up, reason) => {
        // Before `open` has resolved the outcome is its own.
        if (this.#transport !== transport) return
        if (up) this.#wentUp()
        else this.#wentDown(reason)
      },
      gone: (addr, reason) => {
        this.#logger.debug(`the connection with ${addr} ended`, { reason })
        events.gone(this, addr)
      },
      station: (addr, publicKey) => events.station(this, addr, publicKey),
      notice: (level, message) => this.#logger[level](message),
    }
  }

  #wentUp(): void {
    if (this.#transport === undefined || this.#state === 'up') return
    if (this.#state === 'down') this.#logger.info('up again')
    this.#state = 'up'
    this.#deps.events.up(this, this.#transport)
  }

  #wentDown(reason: string): void {
    if (this.#state !== 'up') return
    this.#state = 'down'
    this.#reason = reason
    this.#logger.warn(`down: ${reason}`)
    this.#deps.events.down(this, reason)
  }
}

/** A device may be plugged in and a port set free; settings and firmware do not change by themselves. */
function canRecover({ kind }: OperatorError): boolean {
  return kind === 'no-device' || kind === 'in-use' || kind === 'permission'
}

async function closeQuietly(transport: Transport): Promise<void> {
  try {
    await transport.close()
  } catch (error) {
    // The medium is given up in any case.
    void reasonOf(error)
  }
}
