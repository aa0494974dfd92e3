/** A running RNode: frames in and out, its reports, and the watch over whether it still lives. */
import type { Clock, Millis } from '../../core/index.ts'
import { MAX_PHY_BYTES, rnodeFlushesQueue, rnodeUsesLdro, symbolMs, timeOnAirMs } from '../airtime.ts'
import type { RadioFrame, RadioParams, TxResult } from '../board.ts'
import { neverTransmits, versionText } from './checks.ts'
import {
  COMMAND,
  DETECT_REQUEST,
  ERROR,
  LEAVE_VALUE,
  PLATFORM,
  QUERY_U8,
  RADIO_OFF,
  RADIO_ON,
  readUint,
  RESET_VALUE,
  RSSI_OFFSET_DBM,
  SNR_STEP_DB,
} from './commands.ts'
import type { Running } from './init.ts'
import type { RnodeModem } from './modem.ts'
import { TxTracker } from './tx-tracker.ts'

/** How often a quiet modem is asked whether its radio is still on; AVR boards restart without a word. */
const HEALTH_PERIOD: Millis = 10_000
/** A modem behind TCP hangs up after 6.5 s without a byte. */
const TCP_KEEP_ALIVE: Millis = 3500
const HEALTH_ANSWER: Millis = 2000
const HEALTH_ATTEMPTS = 3
/** How long closing may take; a modem in the middle of a burst is not waited for. */
const DETACH_PATIENCE: Millis = 500
/** Contention slot of the firmware at its longest. */
const SLOT_SYMBOLS = 12
const MAX_SLOT: Millis = 100
const MIN_SLOT: Millis = 24

export interface SessionEnd {
  readonly reason: string
  /** The modem restarted and its port is still there. */
  readonly rebooted: boolean
}

export interface SessionDeps {
  readonly modem: RnodeModem
  readonly params: RadioParams
  readonly running: Running
  readonly clock: Clock
  readonly overTcp: boolean
  received(frame: RadioFrame): void
  warn(message: string): void
  /** Called once, when the modem no longer runs. */
  ended(end: SessionEnd): void
}

export class RnodeSession {
  readonly modem: RnodeModem
  readonly running: Running
  readonly #deps: SessionDeps
  readonly #tracker: TxTracker
  #over = false
  #rssiDbm = 0
  #snrDb = 0
  #cancelHealth: (() => void) | undefined
  #cancelKeepAlive: (() => void) | undefined
  readonly #warned = new Set<string>()

  constructor(deps: SessionDeps) {
    this.#deps = deps
    this.modem = deps.modem
    this.running = deps.running
    const { params, running } = deps
    const { overheadBytes, preambleSymbols } = running.info
    const airtime = (payloadBytes: number): Millis =>
      timeOnAirMs(params, payloadBytes + overheadBytes, preambleSymbols, rnodeUsesLdro(params))
    this.#tracker = new TxTracker({
      clock: deps.clock,
      physics: {
        airtime,
        burstsOfMany: running.platform === PLATFORM.avr || rnodeFlushesQueue(params),
        slotMs: Math.min(MAX_SLOT, Math.max(MIN_SLOT, SLOT_SYMBOLS * symbolMs(params))),
        longestFrameMs: airtime(MAX_PHY_BYTES - overheadBytes),
      },
      probe: () => this.modem.send(COMMAND.detect, [DETECT_REQUEST]),
      onUnconfirmed: () => this.#unconfirmed(),
    })
    this.#scheduleHealth()
    if (deps.overTcp) this.#keepAlive()
  }

  get outstanding(): number {
    return this.#tracker.outstanding
  }

  transmit(payload: Uint8Array): Promise<TxResult> {
    return new Promise((resolve) => {
      this.modem.send(COMMAND.data, payload)
      this.#tracker.add(payload.length, resolve)
    })
  }

  /** Leaves the modem silent, as a host that goes away should; its answer shows that the bytes have left the port. */
  async detach(): Promise<void> {
    this.end('closed')
    const off = this.modem.expect(COMMAND.radioState, DETACH_PATIENCE, (payload) => payload[0] === RADIO_OFF)
    this.modem.send(COMMAND.radioState, [RADIO_OFF])
    this.modem.send(COMMAND.leave, [LEAVE_VALUE])
    await off
  }

  /** Stops watching; what was handed over fails with `reason`. */
  end(reason: 'board-lost' | 'closed'): void {
    this.#over = true
    this.#cancelHealth?.()
    this.#cancelKeepAlive?.()
    this.#tracker.fail(reason)
  }

  portClosed(reason: string): void {
    this.#finish({ reason: `${this.modem.name}: ${reason}`, rebooted: false })
  }

  frame(command: number, payload: Uint8Array): void {
    if (this.#over) return
    switch (command) {
      case COMMAND.statRssi:
        if (payload.length === 1) this.#rssiDbm = (payload[0] ?? 0) + RSSI_OFFSET_DBM
        return
      case COMMAND.statSnr:
        if (payload.length === 1) this.#snrDb = (((payload[0] ?? 0) << 24) >> 24) * SNR_STEP_DB
        return
      case COMMAND.data:
        if (payload.length > 0) this.#deps.received({ payload, rssiDbm: this.#rssiDbm, snrDb: this.#snrDb })
        return
      case COMMAND.channelTime:
        if (payload.length >= 4) this.#tracker.channelTime(readUint(payload, 0, 2), readUint(payload, 2, 2))
        return
      case COMMAND.detect:
        this.#tracker.probeAnswered()
        return
      case COMMAND.reset:
        if (payload[0] === RESET_VALUE) this.#finish({ reason: 'the modem restarted', rebooted: true })
        return
      case COMMAND.radioState:
        if (payload[0] === RADIO_OFF)
          this.#finish({ reason: 'the modem switched its radio off', rebooted: true })
        return
      case COMMAND.error:
        this.#error(payload[0] ?? 0)
        return
      default:
        return
    }
  }

  #error(code: number): void {
    switch (code) {
      case ERROR.init:
        return this.#finish({ reason: 'the modem cannot start its radio chip (error 01)', rebooted: true })
      case ERROR.modemTimeout:
        return this.#finish({ reason: "the modem's radio chip hangs (error 06)", rebooted: true })
      case ERROR.txFailed:
        this.#tracker.fail('rejected')
        return this.#warnOnce('The modem could not send a frame (error 02).')
      case ERROR.eepromLocked:
        return this.#warnOnce('The modem refuses to change its settings memory (error 03).')
      case ERROR.queueFull:
        return this.#warnOnce('The queue of the modem overflowed (error 04): is another program using it?')
      case ERROR.memoryLow:
        return this.#warnOnce('The modem runs out of memory (error 05).')
      default:
        return this.#warnOnce(`The modem reports error ${code.toString(16).padStart(2, '0')}.`)
    }
  }

  #unconfirmed(): void {
    const { platform, firmware } = this.running
    if (neverTransmits(platform, firmware)) {
      this.#warnOnce(
        `Nothing has left this modem: AVR firmware ${versionText(firmware)} does not transmit. Install 1.79 or older, or use a board with another processor.`,
      )
    } else {
      this.#warnOnce(
        'The modem took a frame and never sent it: the channel is busy all the time, or an airtime limit is set in the modem.',
      )
    }
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return
    this.#warned.add(message)
    this.#deps.warn(message)
  }

  #scheduleHealth(): void {
    this.#cancelHealth = this.#deps.clock.after(HEALTH_PERIOD, () => void this.#checkHealth())
  }

  /** Not while frames are out: a modem is deaf during a burst, and the tracker watches then. */
  async #checkHealth(): Promise<void> {
    if (this.#tracker.outstanding === 0) {
      const answer = await this.modem.ask(COMMAND.radioState, [QUERY_U8], {
        timeout: HEALTH_ANSWER,
        attempts: HEALTH_ATTEMPTS,
        accepts: (payload) => payload[0] === RADIO_ON || payload[0] === RADIO_OFF,
      })
      const idle = this.#tracker.outstanding === 0
      if (answer === undefined && idle && !this.#over)
        return this.#finish({ reason: 'the modem no longer answers', rebooted: false })
    }
    if (!this.#over) this.#scheduleHealth()
  }

  #keepAlive(): void {
    const idleSince = this.modem.lastWriteAt
    const wait = Math.max(0, idleSince + TCP_KEEP_ALIVE - this.#deps.clock.now())
    this.#cancelKeepAlive = this.#deps.clock.after(wait, () => {
      const due = this.#deps.clock.now() - this.modem.lastWriteAt >= TCP_KEEP_ALIVE
      if (due) this.modem.send(COMMAND.detect, [DETECT_REQUEST])
      this.#keepAlive()
    })
  }

  #finish(end: SessionEnd): void {
    if (this.#over) return
    this.#over = true
    this.#deps.ended(end)
  }
}
