/**
 * What an RNode cannot do, decided before anything is sent: firmware releases, chips and parameters. Each refusal
 * is one sentence that says what to change.
 */
import type { Rejected } from '../../core/index.ts'
import { rnodeUsesLdro, wantsLdro } from '../airtime.ts'
import type { RadioParams } from '../board.ts'
import { PLATFORM } from './commands.ts'

export interface FirmwareVersion {
  readonly major: number
  readonly minor: number
}

const OLDEST_FIRMWARE: FirmwareVersion = { major: 1, minor: 52 }
/** AVR builds from here to there wait for ever for a channel that is never free. */
const AVR_MUTE_FROM: FirmwareVersion = { major: 1, minor: 80 }
const AVR_MUTE_TO: FirmwareVersion = { major: 1, minor: 86 }
/** How far the chip's frequency may lie from the one asked for; its steps are 61 Hz at most. */
const FREQUENCY_TOLERANCE_HZ = 100
/** An SX126x hits a frequency within this; the SX127x has steps of 61 Hz. */
const SX126X_STEP_HZ = 2
const SX126X_MAX_DBM = 22

export interface RnodeRefusal extends Rejected<'refused-params' | 'firmware-too-old'> {
  readonly message: string
}

/** What the radio should be set to, beyond the parameters themselves. */
export interface ParamRules {
  /** Other stacks than RNodes are on the channel. */
  readonly mixedNetwork: boolean
}

export function versionText(version: FirmwareVersion): string {
  return `${version.major}.${String(version.minor).padStart(2, '0')}`
}

export function checkFirmware(version: FirmwareVersion): RnodeRefusal | undefined {
  if (compare(version, OLDEST_FIRMWARE) >= 0) return undefined
  return refuse(
    'firmware-too-old',
    `The RNode runs firmware ${versionText(version)}; at least ${versionText(OLDEST_FIRMWARE)} is needed: update it with rnodeconf.`,
  )
}

/** Whether this build is one of those that never transmit. */
export function neverTransmits(platform: number, version: FirmwareVersion): boolean {
  return (
    platform === PLATFORM.avr && compare(version, AVR_MUTE_FROM) >= 0 && compare(version, AVR_MUTE_TO) <= 0
  )
}

/** Parameters no RNode, or not this platform, can keep. */
export function checkParams(
  params: RadioParams,
  rules: ParamRules,
  platform?: number,
): RnodeRefusal | undefined {
  const { spreadingFactor: sf, codingRate: cr, bandwidthHz, frequencyHz, txPowerDbm } = params
  if (!isWhole(sf, 5, 12)) return refuse('refused-params', `A spreading factor must be 5 to 12, not ${sf}.`)
  if (!isWhole(cr, 5, 8)) return refuse('refused-params', `A coding rate must be 5 to 8, not ${cr}.`)
  if (!isWhole(txPowerDbm, 0, SX126X_MAX_DBM + 15))
    return refuse('refused-params', `A transmit power of ${txPowerDbm} dBm is not possible.`)
  if (!isWhole(frequencyHz, 1, 0xffff_ffff) || !isWhole(bandwidthHz, 1, 0xffff_ffff))
    return refuse('refused-params', 'Frequency and bandwidth must be whole numbers of hertz.')
  if (platform === PLATFORM.avr) {
    const refusal = checkSx127x(params)
    if (refusal !== undefined) return refusal
  }
  if (rules.mixedNetwork && wantsLdro(params) !== rnodeUsesLdro(params)) {
    return refuse(
      'refused-params',
      `At SF${sf} and ${bandwidthHz / 1000} kHz RNodes leave the low data rate optimisation off and other stacks switch it on: ` +
        'they cannot hear each other, so choose another spreading factor or bandwidth.',
    )
  }
  return undefined
}

/** Compares what the started chip reports with what was asked. */
export function checkReadback(params: RadioParams, chip: RadioParams): RnodeRefusal | undefined {
  const differs = (what: string, asked: number, got: number, unit: string): RnodeRefusal =>
    refuse('refused-params', `The modem cannot do ${what} ${asked}${unit}; it would use ${got}${unit}.`)
  if (Math.abs(chip.frequencyHz - params.frequencyHz) > FREQUENCY_TOLERANCE_HZ)
    return differs('frequency', params.frequencyHz, chip.frequencyHz, ' Hz')
  if (chip.bandwidthHz !== params.bandwidthHz)
    return differs('bandwidth', params.bandwidthHz, chip.bandwidthHz, ' Hz')
  if (chip.spreadingFactor !== params.spreadingFactor)
    return differs('spreading factor', params.spreadingFactor, chip.spreadingFactor, '')
  if (chip.codingRate !== params.codingRate)
    return differs('coding rate', params.codingRate, chip.codingRate, '')
  const coarse = Math.abs(chip.frequencyHz - params.frequencyHz) > SX126X_STEP_HZ
  return coarse ? checkSx127x(params) : undefined
}

/** SX127x echoes SF5 but runs SF6, and receives neither with the explicit header RNodes use. */
function checkSx127x(params: RadioParams): RnodeRefusal | undefined {
  if (params.spreadingFactor > 6) return undefined
  return refuse(
    'refused-params',
    `This modem has an SX127x chip, which cannot do SF${params.spreadingFactor}: use SF7 or higher.`,
  )
}

function isWhole(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high
}

function compare(a: FirmwareVersion, b: FirmwareVersion): number {
  return a.major - b.major || a.minor - b.minor
}

function refuse(code: RnodeRefusal['code'], message: string): RnodeRefusal {
  return { ok: false, code, message }
}
