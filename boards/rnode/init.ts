/**
 * Bringing an RNode from an open port to a running radio, believing nothing it has not echoed: detect, firmware,
 * parameters, start, and what the chip made of the parameters.
 */
import type { Clock, Millis } from '../../core/index.ts'
import { encodeKiss } from '../../firmware-proto/index.ts'
import { rnodePreambleSymbols } from '../airtime.ts'
import { BoardError, type BoardInfo, type RadioParams } from '../board.ts'
import {
  checkFirmware,
  checkParams,
  checkReadback,
  neverTransmits,
  versionText,
  type FirmwareVersion,
} from './checks.ts'
import {
  COMMAND,
  DETECT_REPLY,
  DETECT_REQUEST,
  PLATFORM,
  platformName,
  QUERY_U8,
  RADIO_OFF,
  RADIO_ON,
  readUint,
  u16,
  u32,
} from './commands.ts'
import type { RnodeModem } from './modem.ts'

/** Opening a serial port pulls DTR, which restarts most boards. */
const DTR_RESET_WAIT: Millis = 2000
const SERIAL_ANSWER: Millis = 200
const NETWORK_ANSWER: Millis = 5000
/** Enough to outlast the start of a board that has just announced itself, or one network delay. */
const SERIAL_DETECT_ATTEMPTS = 10
const NETWORK_DETECT_ATTEMPTS = 2
const ECHO_ATTEMPTS = 4
/** The first RADIO_STATE answer comes after 25 ms, the second 600 ms later; the modem is deaf between. */
const START_ANSWER: Millis = 1000
const START_SECOND_ANSWER: Millis = 2000
/** Preamble the AVR firmware leaves in the chip. */
const AVR_PREAMBLE_SYMBOLS = 8
const MAX_RADIO_PAYLOAD = 254
const FIRMWARE_BYTE = 1
/** STAT_PHYPRM: where the preamble's symbols stand. */
const PHYSICAL_PREAMBLE_AT = 4

export interface InitOptions {
  readonly clock: Clock
  readonly overTcp: boolean
  readonly mixedNetwork: boolean
  /** The modem has just announced its start: no need to wait for a reset by DTR. */
  readonly justBooted: boolean
}

/** A modem that runs. */
export interface Running {
  readonly info: BoardInfo
  readonly platform: number
  readonly firmware: FirmwareVersion
  /** Sentences for the operator. */
  readonly warnings: readonly string[]
}

/** Throws a `BoardError` that says what the operator can do. */
export async function initialise(
  modem: RnodeModem,
  params: RadioParams,
  options: InitOptions,
): Promise<Running> {
  const timeout = options.overTcp ? NETWORK_ANSWER : SERIAL_ANSWER
  if (!options.overTcp && !options.justBooted) await sleep(options.clock, DTR_RESET_WAIT)
  const found = await detect(
    modem,
    timeout,
    options.overTcp ? NETWORK_DETECT_ATTEMPTS : SERIAL_DETECT_ATTEMPTS,
  )
  const tooOld = checkFirmware(found.firmware)
  if (tooOld !== undefined) throw new BoardError('firmware-too-old', tooOld.message)
  const refusal = checkParams(params, options, found.platform)
  if (refusal !== undefined) throw new BoardError('refused-params', refusal.message)

  const ask = new Asker(modem, timeout)
  await ask.echo(COMMAND.radioState, [RADIO_OFF], 'switch its radio off')
  const power = await setParams(ask, params)
  const physical = modem.expect(COMMAND.physical, START_ANSWER + START_SECOND_ANSWER)
  await start(modem, ask)
  const chip = await readBack(ask, params)
  const mismatch = checkReadback(params, chip)
  if (mismatch !== undefined) {
    modem.send(COMMAND.radioState, [RADIO_OFF])
    throw new BoardError('refused-params', mismatch.message)
  }
  const avr = found.platform === PLATFORM.avr
  const report = avr ? undefined : await physical
  const reported = report === undefined ? 0 : readUint(report, PHYSICAL_PREAMBLE_AT, 2)
  return {
    platform: found.platform,
    firmware: found.firmware,
    info: {
      driver: 'rnode',
      model: `RNode (${platformName(found.platform)})`,
      firmware: versionText(found.firmware),
      maxPayload: MAX_RADIO_PAYLOAD,
      overheadBytes: FIRMWARE_BYTE,
      preambleSymbols: avr ? AVR_PREAMBLE_SYMBOLS : reported || rnodePreambleSymbols(params),
    },
    warnings: warningsFor(params, power, found),
  }
}

interface Found {
  readonly platform: number
  readonly firmware: FirmwareVersion
}

async function detect(modem: RnodeModem, timeout: Millis, attempts: number): Promise<Found> {
  const burst = [
    encodeKiss(COMMAND.detect, new Uint8Array([DETECT_REQUEST])),
    encodeKiss(COMMAND.firmwareVersion, new Uint8Array([0])),
    encodeKiss(COMMAND.platform, new Uint8Array([0])),
    encodeKiss(COMMAND.mcu, new Uint8Array([0])),
  ]
  // Neighbouring frames share a FEND, so the whole burst is `C0 08 73 C0 50 00 C0 48 00 C0 49 00 C0`.
  const bytes = Uint8Array.from(burst.flatMap((frame, i) => [...(i === 0 ? frame : frame.subarray(1))]))
  for (let attempt = 0; attempt < attempts && !modem.closed; attempt++) {
    const answers = Promise.all([
      modem.expect(COMMAND.detect, timeout, (payload) => payload[0] === DETECT_REPLY),
      modem.expect(COMMAND.firmwareVersion, timeout, (payload) => payload.length >= 2),
      modem.expect(COMMAND.platform, timeout, (payload) => payload.length >= 1),
    ])
    modem.write(bytes)
    const [detected, version, platform] = await answers
    if (detected !== undefined && version !== undefined && platform !== undefined) {
      return {
        platform: platform[0] ?? 0,
        firmware: { major: version[0] ?? 0, minor: version[1] ?? 0 },
      }
    }
  }
  if (modem.closed) throw new BoardError('io', `The connection to ${modem.name} was lost during the start.`)
  if (modem.bytesSeen > 0) {
    throw new BoardError(
      'wrong-device',
      `What is at ${modem.name} talks, but not as an RNode: check the port, its speed (115200) and the firmware.`,
    )
  }
  throw new BoardError(
    'no-answer',
    `No modem answers at ${modem.name}: check the port and that it carries RNode firmware.`,
  )
}

/** Questions whose answer must be the value asked for. */
class Asker {
  readonly modem: RnodeModem
  readonly timeout: Millis

  constructor(modem: RnodeModem, timeout: Millis) {
    this.modem = modem
    this.timeout = timeout
  }

  /** Sends a setting until it is echoed as sent; `what` completes "The modem did not ...". */
  async echo(command: number, payload: Uint8Array | readonly number[], what: string): Promise<void> {
    const same = (got: Uint8Array): boolean =>
      got.length === payload.length && got.every((b, i) => b === payload[i])
    const answer = await this.modem.ask(command, payload, {
      timeout: this.timeout,
      attempts: ECHO_ATTEMPTS,
      accepts: same,
    })
    if (answer === undefined)
      throw new BoardError(
        'io',
        `The modem at ${this.modem.name} did not ${what}; its line loses bytes or it hangs.`,
      )
  }

  /** Asks for a value of `length` bytes. */
  async value(command: number, payload: readonly number[], length: 1 | 4): Promise<number> {
    const answer = await this.modem.ask(command, payload, {
      timeout: this.timeout,
      attempts: ECHO_ATTEMPTS,
      accepts: (got) => got.length === length,
    })
    if (answer === undefined)
      throw new BoardError('io', `The modem at ${this.modem.name} stopped answering during the start.`)
    return readUint(answer, 0, length)
  }
}

/** Sets everything; returns the power the modem accepts. */
async function setParams(ask: Asker, params: RadioParams): Promise<number> {
  await ask.echo(COMMAND.frequency, u32(params.frequencyHz), 'take the frequency')
  await ask.echo(COMMAND.bandwidth, u32(params.bandwidthHz), 'take the bandwidth')
  // The power may come back clamped, which is the safe direction; anything else is asked again.
  const power = await ask.value(COMMAND.txPower, [params.txPowerDbm], 1)
  if (power > params.txPowerDbm)
    throw new BoardError(
      'refused-params',
      `The modem would send with ${power} instead of ${params.txPowerDbm} dBm.`,
    )
  await ask.echo(COMMAND.spreadingFactor, [params.spreadingFactor], 'take the spreading factor')
  await ask.echo(COMMAND.codingRate, [params.codingRate], 'take the coding rate')
  await ask.echo(COMMAND.shortTermLock, u16(0), 'take the short-term airtime limit')
  await ask.echo(COMMAND.longTermLock, u16(0), 'take the long-term airtime limit')
  return power
}

async function start(modem: RnodeModem, ask: Asker): Promise<void> {
  const first = await modem.ask(COMMAND.radioState, [RADIO_ON], {
    timeout: Math.max(START_ANSWER, ask.timeout),
    attempts: ECHO_ATTEMPTS,
  })
  if (first === undefined)
    throw new BoardError('io', `The modem at ${modem.name} did not answer when its radio was switched on.`)
  const on = (payload: Uint8Array): boolean => payload[0] === RADIO_ON
  // A late echo of switching off may come first; a refusal stays 00.
  if (!on(first) && (await modem.expect(COMMAND.radioState, START_ANSWER, on)) === undefined) {
    const locked = await ask.value(COMMAND.radioLock, [QUERY_U8], 1)
    throw locked === 0
      ? new BoardError(
          'not-provisioned',
          `The modem at ${modem.name} has all parameters and still refuses to start: it is not provisioned; run rnodeconf --autoinstall on it.`,
        )
      : new BoardError(
          'refused-params',
          `The modem at ${modem.name} keeps its radio locked: it lacks a parameter.`,
        )
  }
  // Deaf until the second answer; a modem that was already on has sent it at once.
  await modem.expect(COMMAND.radioState, START_SECOND_ANSWER, on)
}

/** What the running chip really does. */
async function readBack(ask: Asker, params: RadioParams): Promise<RadioParams> {
  return {
    frequencyHz: await ask.value(COMMAND.frequency, [0, 0, 0, 0], 4),
    bandwidthHz: await ask.value(COMMAND.bandwidth, [0, 0, 0, 0], 4),
    spreadingFactor: await ask.value(COMMAND.spreadingFactor, [QUERY_U8], 1),
    codingRate: await ask.value(COMMAND.codingRate, [QUERY_U8], 1),
    txPowerDbm: params.txPowerDbm,
  }
}

function warningsFor(params: RadioParams, power: number, found: Found): string[] {
  const warnings: string[] = []
  if (power < params.txPowerDbm)
    warnings.push(
      `The modem sends with ${power} dBm; the ${params.txPowerDbm} dBm asked for are more than it can do.`,
    )
  if (neverTransmits(found.platform, found.firmware)) {
    warnings.push(
      `AVR RNodes with firmware 1.80 to 1.86 are known never to transmit, and this one runs ${versionText(found.firmware)}; 1.79 and older work. Trying all the same.`,
    )
  }
  return warnings
}

function sleep(clock: Clock, duration: Millis): Promise<void> {
  return new Promise((resolve) => {
    clock.after(duration, resolve)
  })
}
