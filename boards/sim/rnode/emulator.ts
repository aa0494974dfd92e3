/**
 * An emulated RNode: the genuine firmware's serial behaviour, quirks included, on the simulated ether. It blocks
 * while it starts its radio and while a burst is in the air, and then executes what came meanwhile.
 */
import { randomUnit, type Clock, type Millis, type Rng } from '../../../core/index.ts'
import { encodeKiss, memoryPipePair, PipeError, type BytePipe } from '../../../firmware-proto/index.ts'
import {
  COMMAND,
  DETECT_REPLY,
  DETECT_REQUEST,
  ERROR,
  PERCENT_SCALE,
  PLATFORM,
  QUERY_U8,
  RADIO_OFF,
  RADIO_ON,
  RESET_VALUE,
  RSSI_OFFSET_DBM,
  SNR_STEP_DB,
  u32,
} from '../../rnode/commands.ts'
import { LONG_TERM, SHORT_TERM } from '../airtime-meter.ts'
import type { Ether } from '../ether.ts'
import { SimRadio } from '../sim-radio.ts'
import { HostParser } from './host-parser.ts'
import { PacketQueue } from './packet-queue.ts'
import { RNODE_PROFILES, type RnodeFaults, type RnodeProfile } from './profile.ts'
import { RnodeSettings } from './settings.ts'
import { channelTimeReport, physicalReport } from './reports.ts'

/** From power-up to the first command executed. */
const BOOT: Millis = 1000
/** RADIO_STATE 01 is answered after this, then the modem is deaf, then it answers again. */
const START_FIRST_ANSWER: Millis = 25
const START_DEAF: Millis = 600
const CHANNEL_TIME_PERIOD: Millis = 1000
/** Bytes the UART driver keeps while the main loop is busy; more are lost. */
const UART_BUFFER_BYTES = 6144
/** What a query of the RSSI answers before any frame came. */
const RSSI_BEFORE_ANY_FRAME = 0x79
/** An AVR board delivers a frame with interrupts off, at 115200 baud, and loses what the host says meanwhile. */
const AVR_DELIVERY_PER_BYTE: Millis = 10_000 / 115_200
const UNPROVISIONED_BANNER = 'This RNode is not provisioned\r\n'

export interface RnodeEmulatorDeps {
  readonly clock: Clock
  readonly rng: Rng
  readonly ether: Ether
  /** Name of the station on the ether. */
  readonly name: string
  readonly profile?: RnodeProfile
  /** Opening the port pulls DTR and restarts the board; true unless said otherwise. */
  readonly resetOnOpen?: boolean
}

export class RnodeEmulator {
  readonly name: string
  readonly faults: RnodeFaults = {
    dropFromHost: 0,
    dropToHost: 0,
    ignoreDetect: false,
    resetInNextData: false,
  }
  readonly #clock: Clock
  readonly #rng: Rng
  readonly #profile: RnodeProfile
  readonly #resetOnOpen: boolean
  readonly #settings: RnodeSettings
  readonly #parser: HostParser
  readonly #queue: PacketQueue
  readonly #radio: SimRadio
  readonly #uart: number[] = []
  #host: BytePipe | undefined
  #plugged = true
  #radioOn = false
  /** Why the main loop does not run: starting up, starting the radio, or sending. */
  readonly #blocks = new Set<'boot' | 'radio-start' | 'burst'>()
  #life: (() => void)[] = []
  #lastRssi = RSSI_BEFORE_ANY_FRAME
  #lineDeafUntil: Millis = 0

  constructor(deps: RnodeEmulatorDeps) {
    this.name = deps.name
    this.#clock = deps.clock
    this.#rng = deps.rng
    this.#profile = deps.profile ?? RNODE_PROFILES.esp32
    this.#resetOnOpen = deps.resetOnOpen ?? true
    this.#settings = new RnodeSettings(this.#profile)
    this.#queue = new PacketQueue(() => this.#radio)
    this.#parser = new HostParser({
      command: (command, payload) => this.#command(command, payload),
      dataByte: (byte) => this.#queue.byte(byte),
      dataEnd: () => {
        this.#queue.end()
        this.#feedRadio()
      },
    })
    const avr = this.#avr
    this.#radio = new SimRadio(
      { clock: deps.clock, rng: deps.rng, ether: deps.ether, name: deps.name, avr },
      {
        received: (payload, rssi, snr) => this.#received(payload, rssi, snr),
        burst: (active) => this.#burst(active),
      },
    )
    this.#radio.locked = () => this.#airtimeLocked()
    this.#boot()
  }

  /** An in-process connection; rejects while unplugged, hangs up an earlier one. Usable as a `PipeOpener`. */
  readonly open = (): Promise<BytePipe> => {
    if (!this.#plugged)
      return Promise.reject(new PipeError('not-found', `There is no modem at ${this.name}.`))
    const [host, device] = memoryPipePair(this.#clock, { names: [this.name, `${this.name} (modem)`] })
    this.attachHost(device)
    return Promise.resolve(host)
  }

  /** Connects the modem's end of a byte stream; one host at a time. */
  attachHost(pipe: BytePipe): void {
    void this.#host?.close()
    this.#host = pipe
    this.#parser.reset()
    if (this.#resetOnOpen) this.reboot()
    pipe.start({
      data: (bytes) => this.#hostBytes(bytes),
      drained: () => {},
      closed: () => {
        if (this.#host === pipe) this.#host = undefined
      },
    })
  }

  /** Restarts the board at once, in mid frame if need be: everything it knew is lost. */
  reboot(): void {
    this.#boot()
  }

  /** The radio chip hangs: ERROR 06, then the firmware restarts itself. */
  failModem(): void {
    this.#send(COMMAND.error, [ERROR.modemTimeout])
    this.#boot()
  }

  /** Pulls the cable: the host's stream ends and the port is gone until `plug`. */
  unplug(): void {
    this.#plugged = false
    const host = this.#host
    this.#host = undefined
    void host?.close()
    this.#powerDown()
  }

  /** Back at the same port, freshly started. */
  plug(): void {
    this.#plugged = true
    this.#boot()
  }

  close(): void {
    this.unplug()
    this.#radio.detach()
  }

  get #avr(): boolean {
    return this.#profile.platform === PLATFORM.avr
  }

  #powerDown(): void {
    for (const cancel of this.#life) cancel()
    this.#life = []
    this.#blocks.clear()
    this.#uart.length = 0
    this.#parser.reset()
    this.#queue.clear()
    this.#settings.reset()
    this.#radioOn = false
    this.#radio.reset()
  }

  #boot(): void {
    this.#powerDown()
    this.#blocks.add('boot')
    this.#later(BOOT, () => {
      if (!this.#profile.provisioned) this.#write(ascii(UNPROVISIONED_BANNER))
      if (!this.#avr) this.#send(COMMAND.reset, [RESET_VALUE])
      // What came during the start is in no buffer yet.
      this.#uart.length = 0
      this.#unblock('boot')
    })
  }

  /** A timer that dies with the power. */
  #later(delay: Millis, task: () => void): void {
    const cancel = this.#clock.after(delay, () => {
      this.#life = this.#life.filter((other) => other !== cancel)
      task()
    })
    this.#life.push(cancel)
  }

  #hostBytes(bytes: Uint8Array): void {
    if (this.#clock.now() < this.#lineDeafUntil) return
    for (const byte of bytes) {
      if (this.faults.dropFromHost > 0 && randomUnit(this.#rng) < this.faults.dropFromHost) continue
      if (this.#uart.length < UART_BUFFER_BYTES) this.#uart.push(byte)
    }
    this.#drainUart()
  }

  /** The main loop: reads until something blocks it. */
  #drainUart(): void {
    while (this.#blocks.size === 0) {
      const byte = this.#uart.shift()
      if (byte === undefined) return
      this.#parser.byte(byte)
    }
  }

  #unblock(reason: 'boot' | 'radio-start' | 'burst'): void {
    this.#blocks.delete(reason)
    this.#drainUart()
  }

  #feedRadio(): void {
    if (!this.#radioOn || this.#profile.neverTransmits || this.#airtimeLocked()) return
    for (;;) {
      if (this.#radio.bursting || this.#blocks.has('radio-start')) return
      const packet = this.#queue.take()
      if (packet === undefined) return
      this.#radio.send(packet)
    }
  }

  #burst(active: boolean): void {
    if (active) {
      this.#blocks.add('burst')
      return
    }
    if (!this.#avr) this.#sendChannelTime()
    this.#unblock('burst')
    this.#feedRadio()
  }

  #command(command: number, payload: Uint8Array): void {
    const revision = this.#settings.revision
    const echo = this.#settings.apply(command, payload, this.#radioOn)
    if (echo !== undefined) {
      this.#send(command, echo)
      if (this.#radioOn && this.#settings.revision !== revision) this.#retune()
      return
    }
    const byte = payload[0] ?? 0
    switch (command) {
      case COMMAND.radioState:
        return this.#radioState(byte)
      case COMMAND.radioLock:
        return this.#send(command, [this.#settings.locked ? 1 : 0])
      case COMMAND.detect:
        if (byte === DETECT_REQUEST && !this.faults.ignoreDetect) this.#send(command, [DETECT_REPLY])
        return
      case COMMAND.ready:
        return this.#send(command, [this.#queue.hasRoom ? 1 : 0])
      case COMMAND.statRx:
      case COMMAND.statTx:
        return this.#send(command, u32(0))
      case COMMAND.statRssi:
        return this.#send(command, [this.#lastRssi])
      case COMMAND.random:
        return this.#write(new Uint8Array([0xc0, command, this.#rng.bytes(1)[0] ?? 0, 0xc0]))
      case COMMAND.display:
      case COMMAND.framebuffer:
      case COMMAND.displayRead:
        if (this.#avr && command !== COMMAND.display) this.#send(command, [0xff])
        return
      case COMMAND.board:
        return this.#send(command, [this.#profile.board])
      case COMMAND.platform:
        return this.#send(command, [this.#profile.platform])
      case COMMAND.mcu:
        return this.#send(command, [this.#profile.mcu])
      case COMMAND.firmwareVersion:
        return this.#send(command, this.#profile.firmware)
      case COMMAND.reset:
        if (byte === RESET_VALUE) this.#boot()
        return
      default:
        // LEAVE, BLINK and whatever the firmware does not know: silence.
        return
    }
  }

  #radioState(asked: number): void {
    const answer = (): void => this.#send(COMMAND.radioState, [this.#radioOn ? RADIO_ON : RADIO_OFF])
    if (asked === QUERY_U8) return answer()
    if (asked === RADIO_OFF) {
      this.#radioOn = false
      this.#radio.tune(undefined)
      return answer()
    }
    if (this.#radioOn || this.#settings.locked || !this.#profile.provisioned) {
      answer()
      answer()
      return
    }
    this.#blocks.add('radio-start')
    this.#later(START_FIRST_ANSWER, () => {
      this.#radioOn = true
      answer()
      this.#later(START_DEAF, () => {
        answer()
        this.#radioStarted()
      })
    })
  }

  #radioStarted(): void {
    this.#retune()
    this.#later(CHANNEL_TIME_PERIOD, () => this.#periodic())
    this.#unblock('radio-start')
    this.#feedRadio()
  }

  #retune(): void {
    this.#radio.tune(this.#settings.params)
    const timing = this.#radio.timing
    if (this.#avr || timing === undefined) return
    this.#send(COMMAND.physical, physicalReport(this.#settings.params, this.#radio.preambleSymbols, timing))
  }

  #periodic(): void {
    if (!this.#radioOn) return
    if (this.#blocks.size === 0 && !this.#avr) this.#sendChannelTime()
    this.#feedRadio()
    this.#radio.poke()
    this.#later(CHANNEL_TIME_PERIOD, () => this.#periodic())
  }

  #sendChannelTime(): void {
    this.#send(COMMAND.channelTime, channelTimeReport(this.#radio, this.#clock.now()))
  }

  #airtimeLocked(): boolean {
    if (this.#avr) return false
    const { shortTermLock, longTermLock } = this.#settings
    const now = this.#clock.now()
    const above = (lock: number, window: Millis): boolean =>
      lock > 0 && this.#radio.airtime.share(now, window) * 100 * PERCENT_SCALE >= lock
    return above(shortTermLock, SHORT_TERM) || above(longTermLock, LONG_TERM)
  }

  #received(payload: Uint8Array, rssiDbm: number, snrDb: number): void {
    if (!this.#radioOn || this.#blocks.has('radio-start')) return
    if (!this.#avr) return this.#deliver(payload, rssiDbm, snrDb)
    const took = payload.length * AVR_DELIVERY_PER_BYTE
    this.#lineDeafUntil = this.#clock.now() + took
    this.#later(took, () => this.#deliver(payload, rssiDbm, snrDb))
  }

  #deliver(payload: Uint8Array, rssiDbm: number, snrDb: number): void {
    this.#lastRssi = clampByte(Math.round(rssiDbm) - RSSI_OFFSET_DBM)
    this.#send(COMMAND.statRssi, [this.#lastRssi])
    this.#send(COMMAND.statSnr, [Math.round(Math.max(-32, Math.min(31.75, snrDb)) / SNR_STEP_DB) & 0xff])
    if (this.faults.resetInNextData) {
      this.faults.resetInNextData = false
      const frame = encodeKiss(COMMAND.data, payload)
      this.#write(frame.subarray(0, frame.length >> 1))
      this.#boot()
      return
    }
    this.#send(COMMAND.data, payload)
  }

  #send(command: number, payload: Uint8Array | readonly number[]): void {
    this.#write(encodeKiss(command, Uint8Array.from(payload)))
  }

  #write(bytes: Uint8Array): void {
    const rate = this.faults.dropToHost
    this.#host?.write(rate > 0 ? bytes.filter(() => randomUnit(this.#rng) >= rate) : bytes)
  }
}

function clampByte(value: number): number {
  return Math.max(0, Math.min(255, value))
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}
