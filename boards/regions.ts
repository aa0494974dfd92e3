/**
 * Regional defaults: which frequency, power and time on air are allowed where, and which duty cycle the airtime
 * budget must keep. Defaults the operator answers for, not legal advice.
 */
import { accept, type Accepted, type Millis, type Rejected } from '../core/index.ts'
import { MAX_PHY_BYTES, timeOnAirMs } from './airtime.ts'
import type { RadioParams } from './board.ts'

/** A stretch of spectrum with one rule. The whole occupied channel must lie inside. */
export interface SubBand {
  /** For budgets and the operator, e.g. `EU868 868.0-868.6`. Budgets are kept per sub-band. */
  readonly name: string
  readonly lowHz: number
  readonly highHz: number
  /** Share of the time a station may transmit, 0..1; 1 is no limit. */
  readonly dutyCycle: number
  readonly maxPowerDbm: number
}

export interface RegionPlan {
  readonly name: string
  readonly subBands: readonly SubBand[]
  /** Reserved for alarms: refused by name. */
  readonly alarmBands: readonly { readonly lowHz: number; readonly highHz: number }[]
  /** Longest single transmission; 500 kHz channels are exempt where `wideExempt`. */
  readonly maxDwell?: Millis
  readonly wideExempt: boolean
}

export type RegionCode =
  'unknown-region' | 'bad-region' | 'alarm-band' | 'out-of-band' | 'too-much-power' | 'dwell-too-long'

/** A refusal with one sentence that says what to do. */
export interface RegionRefusal extends Rejected<RegionCode> {
  readonly message: string
}

/** What an operator states for `region: custom`. */
export interface CustomRegion {
  readonly lowHz: number
  readonly highHz: number
  readonly maxPowerDbm: number
  /** 0..1, default 1. */
  readonly dutyCycle?: number
  readonly maxDwell?: Millis
}

const ERP_25_MW = 14
const ERP_500_MW = 27
/** Channels of this width count as digitally modulated and have no dwell limit in US915. */
const WIDE_CHANNEL_HZ = 500_000
const DWELL: Millis = 400

const EU868: RegionPlan = {
  name: 'EU868',
  subBands: [
    band('EU868', 863, 865, 0.001, ERP_25_MW),
    band('EU868', 865, 868, 0.01, ERP_25_MW),
    band('EU868', 868, 868.6, 0.01, ERP_25_MW),
    band('EU868', 868.7, 869.2, 0.001, ERP_25_MW),
    band('EU868', 869.4, 869.65, 0.1, ERP_500_MW),
    band('EU868', 869.7, 870, 0.01, ERP_25_MW),
  ],
  alarmBands: [
    { lowHz: 868_600_000, highHz: 868_700_000 },
    { lowHz: 869_200_000, highHz: 869_400_000 },
    { lowHz: 869_650_000, highHz: 869_700_000 },
  ],
  wideExempt: false,
}
const US915: RegionPlan = {
  name: 'US915',
  subBands: [band('US915', 902, 928, 1, 30)],
  alarmBands: [],
  maxDwell: DWELL,
  wideExempt: true,
}
const AU915: RegionPlan = {
  name: 'AU915',
  subBands: [band('AU915', 915, 928, 1, 30)],
  alarmBands: [],
  maxDwell: DWELL,
  wideExempt: true,
}
const AS923: RegionPlan = {
  name: 'AS923',
  subBands: [band('AS923', 920, 925, 0.01, 16)],
  alarmBands: [],
  maxDwell: DWELL,
  wideExempt: false,
}
const PLANS: readonly RegionPlan[] = [EU868, US915, AU915, AS923]

/** Names `regionPlan` knows; `custom` is built by `customPlan`. */
export const REGION_NAMES: readonly string[] = PLANS.map((plan) => plan.name)

/** The plan of a region by name, in any case. */
export function regionPlan(name: string): Accepted<RegionPlan> | RegionRefusal {
  const plan = PLANS.find((p) => p.name === name.toUpperCase())
  if (plan !== undefined) return accept(plan)
  return refuse(
    'unknown-region',
    `Region ${JSON.stringify(name)} is not known: use one of ${REGION_NAMES.join(', ')}, or custom with its limits.`,
  )
}

/** A plan of the operator's own. */
export function customPlan(custom: CustomRegion): Accepted<RegionPlan> | RegionRefusal {
  const duty = custom.dutyCycle ?? 1
  if (!(custom.lowHz > 0 && custom.highHz > custom.lowHz))
    return refuse('bad-region', 'A custom region needs a lowest frequency below its highest.')
  if (!(duty > 0 && duty <= 1))
    return refuse(
      'bad-region',
      `The duty cycle of a custom region must be above 0 and at most 1, not ${duty}.`,
    )
  const subBand = {
    name: `custom ${mhz(custom.lowHz)}-${mhz(custom.highHz)}`,
    lowHz: custom.lowHz,
    highHz: custom.highHz,
    dutyCycle: duty,
    maxPowerDbm: custom.maxPowerDbm,
  }
  return accept({
    name: 'custom',
    subBands: [subBand],
    alarmBands: [],
    ...(custom.maxDwell === undefined ? {} : { maxDwell: custom.maxDwell }),
    wideExempt: false,
  })
}

/**
 * Whether a radio may be switched on with `params` under `plan`; the sub-band it then lives in carries the duty
 * cycle. The whole channel, centre ± half its bandwidth, must fit.
 */
export function checkRegion(plan: RegionPlan, params: RadioParams): Accepted<SubBand> | RegionRefusal {
  const low = params.frequencyHz - params.bandwidthHz / 2
  const high = params.frequencyHz + params.bandwidthHz / 2
  const channel = `${mhz(params.frequencyHz)} MHz at ${params.bandwidthHz / 1000} kHz`
  const alarm = plan.alarmBands.find((b) => low < b.highHz && high > b.lowHz)
  if (alarm !== undefined) {
    const range = `${mhz(alarm.lowHz)}-${mhz(alarm.highHz)} MHz`
    return refuse(
      'alarm-band',
      `${channel} reaches into ${range}, which ${plan.name} reserves: choose another frequency.`,
    )
  }
  const subBand = plan.subBands.find((b) => low >= b.lowHz && high <= b.highHz)
  if (subBand === undefined) {
    const bands = plan.subBands.map((b) => `${mhz(b.lowHz)}-${mhz(b.highHz)}`).join(', ')
    return refuse(
      'out-of-band',
      `${channel} does not fit into any band of ${plan.name}: choose another frequency (${bands} MHz).`,
    )
  }
  if (params.txPowerDbm > subBand.maxPowerDbm) {
    return refuse(
      'too-much-power',
      `${params.txPowerDbm} dBm is more than the ${subBand.maxPowerDbm} dBm of ${subBand.name}: lower the power.`,
    )
  }
  if (dwellLimitOf(plan, params) !== undefined && maxDwellBytes(plan, params, MIN_PREAMBLE) === 0) {
    return refuse(
      'dwell-too-long',
      `SF${params.spreadingFactor} at ${params.bandwidthHz / 1000} kHz cannot send anything within the ` +
        `${plan.maxDwell} ms that ${plan.name} allows: lower the spreading factor or widen the channel.`,
    )
  }
  return accept(subBand)
}

/**
 * Most PHY bytes (modem overhead included) one frame may have to keep the region's dwell time: 255 where there is
 * none, 0 when not even an empty frame fits.
 */
export function maxDwellBytes(plan: RegionPlan, params: RadioParams, preambleSymbols: number): number {
  const limit = dwellLimitOf(plan, params)
  if (limit === undefined) return MAX_PHY_BYTES
  for (let bytes = MAX_PHY_BYTES; bytes > 0; bytes--) {
    if (timeOnAirMs(params, bytes, preambleSymbols) <= limit) return bytes
  }
  return 0
}

/** Shortest preamble any supported modem sends. */
const MIN_PREAMBLE = 8

function dwellLimitOf(plan: RegionPlan, params: RadioParams): Millis | undefined {
  return plan.wideExempt && params.bandwidthHz >= WIDE_CHANNEL_HZ ? undefined : plan.maxDwell
}

function band(
  region: string,
  lowMhz: number,
  highMhz: number,
  dutyCycle: number,
  maxPowerDbm: number,
): SubBand {
  const lowHz = Math.round(lowMhz * 1e6)
  const highHz = Math.round(highMhz * 1e6)
  return { name: `${region} ${mhz(lowHz)}-${mhz(highHz)}`, lowHz, highHz, dutyCycle, maxPowerDbm }
}

function mhz(hz: number): string {
  const text = String(hz / 1e6)
  return text.includes('.') ? text : `${text}.0`
}

function refuse(code: RegionCode, message: string): RegionRefusal {
  return { ok: false, code, message }
}
