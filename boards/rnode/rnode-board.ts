/**
 * An RNode as a radio board: keeps it running through resets, unplugging and silence, and paces what it is given.
 * The modem's own queue is never used for more than `MAX_IN_MODEM` frames, nor its splitting of long packets.
 */
import { randomUnit, type Clock, type Millis, type Rng } from '../../core/index.ts'
import { PipeError, type BytePipe, type PipeOpener } from '../../firmware-proto/index.ts'
import {
  BoardError,
  MAX_IN_MODEM,
  type BoardInfo,
  type BoardState,
  type RadioBoard,
  type RadioFrame,
  type RadioParams,
  type TxResult,
} from '../board.ts'
import { checkParams } from './checks.ts'
import { initialise, type Running } from './init.ts'
import { RnodeModem } from './modem.ts'
import { RnodeSession, type SessionEnd } from './session.ts'

/** Pauses between attempts to get a lost modem back; they go on for ever. */
const FIRST_RETRY: Millis = 1000
const LAST_RETRY: Millis = 30_000
/** Errors that only the operator can mend. */
const FATAL: ReadonlySet<BoardError['code']> = new Set([
  'firmware-too-old',
  'refused-params',
  'not-provisioned',
])

export interface RnodeBoardDeps {
  readonly open: PipeOpener
  readonly clock: Clock
  readonly rng: Rng
  /** The modem is behind TCP: no reset by DTR, slow answers, and it hangs up when the line is silent. */
  readonly overTcp?: boolean
  /** Other stacks than RNodes share the channel; refuses settings at which RNodes differ from them. */
  readonly mixedNetwork?: boolean
}

export class RnodeBoard implements RadioBoard {
  readonly #deps: RnodeBoardDeps
  readonly #receivers = new Set<(frame: RadioFrame) => void>()
  readonly #watchers = new Set<(state: BoardState) => void>()
  #params: RadioParams | undefined
  #session: RnodeSession | undefined
  #modem: RnodeModem | undefined
  #info: BoardInfo | undefined
  #closed = false
  /** Raised by every attempt, so that a stale one gives up. */
  #attempt = 0
  #cancelRetry: (() => void) | undefined
  #retries = 0

  constructor(deps: RnodeBoardDeps) {
    this.#deps = deps
  }

  get info(): BoardInfo | undefined {
    return this.#info
  }

  async configure(params: RadioParams): Promise<void> {
    if (this.#closed) throw new BoardError('io', 'The board is closed.')
    const rules = { mixedNetwork: this.#deps.mixedNetwork ?? false }
    const refusal = checkParams(params, rules)
    if (refusal !== undefined) throw new BoardError('refused-params', refusal.message)
    this.#params = params
    await this.#release('board-lost')
    await this.#bringUp(params, false)
  }

  transmit(payload: Uint8Array): Promise<TxResult> {
    if (this.#closed) return Promise.resolve({ ok: false, reason: 'closed' })
    const session = this.#session
    if (session === undefined) return Promise.resolve({ ok: false, reason: 'board-lost' })
    const fits = payload.length > 0 && payload.length <= session.running.info.maxPayload
    if (!fits || session.outstanding >= MAX_IN_MODEM)
      return Promise.resolve({ ok: false, reason: 'rejected' })
    return session.transmit(payload)
  }

  onReceive(sink: (frame: RadioFrame) => void): () => void {
    this.#receivers.add(sink)
    return () => this.#receivers.delete(sink)
  }

  onState(sink: (state: BoardState) => void): () => void {
    this.#watchers.add(sink)
    return () => this.#watchers.delete(sink)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#session?.detach()
    await this.#release('closed')
    this.#receivers.clear()
    this.#watchers.clear()
  }

  /** Ends whatever runs or is being tried. */
  async #release(reason: 'board-lost' | 'closed'): Promise<void> {
    this.#attempt++
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    const modem = this.#modem
    this.#session?.end(reason)
    this.#session = undefined
    this.#modem = undefined
    await modem?.close()
  }

  /** One attempt: opens the port unless `reuse` is still good, and initialises. */
  async #bringUp(params: RadioParams, justBooted: boolean, reuse?: RnodeModem): Promise<void> {
    const attempt = ++this.#attempt
    const modem = reuse ?? (await this.#openModem())
    // Closed or configured anew while the port was being opened.
    const stale = (): boolean => attempt !== this.#attempt || this.#closed
    if (stale()) {
      await modem.close()
      throw new BoardError('io', 'The modem was released while it was being started.')
    }
    this.#modem = modem
    let running: Running
    try {
      running = await initialise(modem, params, {
        clock: this.#deps.clock,
        overTcp: this.#deps.overTcp ?? false,
        mixedNetwork: this.#deps.mixedNetwork ?? false,
        justBooted,
      })
      if (stale()) throw new BoardError('io', 'The modem was released while it was being started.')
    } catch (error) {
      if (this.#modem === modem) this.#modem = undefined
      await modem.close()
      throw error
    }
    this.#info = running.info
    this.#retries = 0
    this.#session = new RnodeSession({
      modem,
      params,
      running,
      clock: this.#deps.clock,
      overTcp: this.#deps.overTcp ?? false,
      received: (frame) => {
        for (const receiver of this.#receivers) receiver(frame)
      },
      warn: (message) => this.#tell({ type: 'warning', message }),
      ended: (end) => this.#lost(end),
    })
    for (const message of running.warnings) this.#tell({ type: 'warning', message })
    this.#tell({ type: 'ready', info: running.info })
  }

  async #openModem(): Promise<RnodeModem> {
    let pipe: BytePipe
    try {
      pipe = await this.#deps.open()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const absent = error instanceof PipeError && error.code === 'not-found'
      throw new BoardError(absent ? 'no-port' : 'io', message)
    }
    const modem: RnodeModem = new RnodeModem(pipe, this.#deps.clock, {
      frame: (command, payload) => {
        if (this.#session?.modem === modem) this.#session.frame(command, payload)
      },
      closed: (reason) => {
        if (this.#session?.modem === modem) this.#session.portClosed(reason)
      },
    })
    return modem
  }

  /** The modem that was running does so no more. */
  #lost(end: SessionEnd): void {
    const modem = this.#modem
    this.#session?.end('board-lost')
    this.#session = undefined
    this.#tell({ type: 'lost', reason: end.reason })
    const params = this.#params
    if (this.#closed || params === undefined) return
    if (end.rebooted && modem !== undefined && !modem.closed) {
      void this.#retry(() => this.#bringUp(params, true, modem))
      return
    }
    this.#modem = undefined
    void modem?.close()
    this.#retryLater(params)
  }

  #retryLater(params: RadioParams): void {
    const pause = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** this.#retries++)
    const jitter = 0.75 + randomUnit(this.#deps.rng) / 2
    this.#cancelRetry = this.#deps.clock.after(pause * jitter, () => {
      void this.#retry(() => this.#bringUp(params, false))
    })
  }

  async #retry(bringUp: () => Promise<void>): Promise<void> {
    const params = this.#params
    const before = this.#attempt
    try {
      await bringUp()
    } catch (error) {
      // Another attempt, or the end, has overtaken this one.
      if (this.#closed || this.#attempt !== before + 1 || params === undefined) return
      if (error instanceof BoardError && FATAL.has(error.code))
        this.#tell({ type: 'fault', code: error.code, message: error.message })
      else this.#retryLater(params)
    }
  }

  #tell(state: BoardState): void {
    for (const watcher of this.#watchers) watcher(state)
  }
}
