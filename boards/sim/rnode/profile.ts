/** What kind of RNode an emulator pretends to be, and what is wrong with it. */
import { PLATFORM } from '../../rnode/commands.ts'

export interface RnodeProfile {
  readonly platform: number
  readonly mcu: number
  readonly board: number
  readonly firmware: readonly [major: number, minor: number]
  readonly chip: 'sx127x' | 'sx1262'
  /** Has its keys and calibration; without, the radio never starts. */
  readonly provisioned: boolean
  /** Firmware of this build never finds the channel free. */
  readonly neverTransmits: boolean
}

const ESP32_PROFILE: RnodeProfile = {
  platform: PLATFORM.esp32,
  mcu: 0x81,
  board: 0x35,
  firmware: [1, 86],
  chip: 'sx1262',
  provisioned: true,
  neverTransmits: false,
}
const AVR_PROFILE: RnodeProfile = {
  platform: PLATFORM.avr,
  mcu: 0x91,
  board: 0x31,
  firmware: [1, 79],
  chip: 'sx127x',
  provisioned: true,
  neverTransmits: false,
}

export const RNODE_PROFILES: {
  readonly esp32: RnodeProfile
  readonly avr: RnodeProfile
  /** The AVR releases that never transmit. */
  readonly avrDeafToQuiet: RnodeProfile
  readonly unprovisioned: RnodeProfile
} = {
  esp32: ESP32_PROFILE,
  avr: AVR_PROFILE,
  avrDeafToQuiet: { ...AVR_PROFILE, firmware: [1, 86], neverTransmits: true },
  unprovisioned: { ...ESP32_PROFILE, provisioned: false },
}

/** Fault switches; may be turned at any time. */
export interface RnodeFaults {
  /** Share of bytes lost on the way from the host, 0..1. */
  dropFromHost: number
  /** Share of bytes lost on the way to the host, 0..1. */
  dropToHost: number
  /** Plays dead when asked DETECT. */
  ignoreDetect: boolean
  /** Restarts in the middle of the next DATA towards the host. */
  resetInNextData: boolean
}

/** Highest power, chip frequency step and preamble of a chip. */
export const CHIPS: Record<RnodeProfile['chip'], { maxPowerDbm: number; stepHz: number }> = {
  sx127x: { maxPowerDbm: 17, stepHz: 32e6 / 2 ** 19 },
  sx1262: { maxPowerDbm: 22, stepHz: 32e6 / 2 ** 25 },
}

const BANDWIDTHS_HZ: readonly number[] = [
  7800, 10_400, 15_600, 20_800, 31_250, 41_700, 62_500, 125_000, 250_000, 500_000,
]

/** The chip rounds a bandwidth up to one it has. */
export function chipBandwidth(askedHz: number): number {
  return BANDWIDTHS_HZ.find((hz) => askedHz <= hz) ?? 500_000
}

/** The frequency a chip really takes for the one asked. */
export function chipFrequency(chip: RnodeProfile['chip'], askedHz: number): number {
  const { stepHz } = CHIPS[chip]
  return Math.floor(Math.floor(askedHz / stepHz) * stepHz)
}
