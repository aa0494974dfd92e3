/** From the keys of a LoRa transport to what the radio is told, and whether the region allows it. */
import {
  checkRegion,
  customPlan,
  regionPlan,
  type RadioParams,
  type RegionPlan,
  type SubBand,
} from '../../boards/index.ts'
import { accept, type Accepted } from '../../core/index.ts'
import type { LoraSettings } from './transport-sections.ts'

export interface RadioChoice {
  readonly params: RadioParams
  readonly plan: RegionPlan
  readonly subBand: SubBand
}

/** Why a radio stays silent. `message` names the remedy. */
export interface RadioRefusal {
  readonly ok: false
  readonly code: string
  readonly message: string
}

/** SF8 at 125 kHz: some 3 kbit/s, readable at -10 dB SNR. */
const DEFAULT_BANDWIDTH_HZ = 125_000
const DEFAULT_SPREADING_FACTOR = 8
const DEFAULT_CODING_RATE = 5
/** What common modems give without an amplifier, and within every plan. */
const DEFAULT_POWER_DBM = 14

/** Channels clear of the crowded LoRaWAN defaults; in EU868 the sub-band that allows a tenth of the time. */
const DEFAULT_FREQUENCIES: Readonly<Record<string, number>> = {
  EU868: 869_525_000,
  US915: 914_875_000,
  AU915: 917_875_000,
  AS923: 923_400_000,
}

/** The radio's parameters under its region. Refused without a region: nothing is sent before one is named. */
export function radioChoice(settings: LoraSettings): Accepted<RadioChoice> | RadioRefusal {
  if (settings.region === undefined) {
    return refusal(
      'no-region',
      'no region is set, so the radio stays silent; set it to where the radio is, for example region: EU868',
    )
  }
  const plan = settings.region.toLowerCase() === 'custom' ? custom(settings) : regionPlan(settings.region)
  if (!plan.ok) return plan
  const frequencyHz = settings.frequencyHz ?? DEFAULT_FREQUENCIES[plan.value.name] ?? centre(plan.value)
  const params: RadioParams = {
    frequencyHz,
    bandwidthHz: settings.bandwidthHz ?? DEFAULT_BANDWIDTH_HZ,
    spreadingFactor: settings.spreadingFactor ?? DEFAULT_SPREADING_FACTOR,
    codingRate: settings.codingRate ?? DEFAULT_CODING_RATE,
    txPowerDbm: settings.txPowerDbm ?? Math.min(DEFAULT_POWER_DBM, maxPower(plan.value)),
  }
  const subBand = checkRegion(plan.value, params)
  return subBand.ok ? accept({ params, plan: plan.value, subBand: subBand.value }) : subBand
}

function custom(settings: LoraSettings): ReturnType<typeof customPlan> | RadioRefusal {
  const { customLowHz: lowHz, customHighHz: highHz, customMaxPowerDbm: maxPowerDbm } = settings
  if (lowHz === undefined || highHz === undefined || maxPowerDbm === undefined) {
    return refusal(
      'bad-region',
      'region: custom needs its limits: custom_low_hz, custom_high_hz and custom_max_power_dbm',
    )
  }
  const dutyCycle = settings.customDutyCycle
  return customPlan({ lowHz, highHz, maxPowerDbm, ...(dutyCycle === undefined ? {} : { dutyCycle }) })
}

function centre(plan: RegionPlan): number {
  const band = plan.subBands[0]
  return band === undefined ? 0 : Math.round((band.lowHz + band.highHz) / 2)
}

function maxPower(plan: RegionPlan): number {
  return Math.min(...plan.subBands.map((band) => band.maxPowerDbm))
}

function refusal(code: string, message: string): RadioRefusal {
  return { ok: false, code, message }
}
