/** The periodic reports of an RNode. */
import type { Millis } from '../../../core/index.ts'
import { symbolMs } from '../../airtime.ts'
import type { RadioParams } from '../../board.ts'
import { PERCENT_SCALE, RSSI_OFFSET_DBM, u16 } from '../../rnode/commands.ts'
import { LONG_TERM, SHORT_TERM, type AirtimeMeter } from '../airtime-meter.ts'
import type { ContentionTiming } from '../contention.ts'

const NOISE_FLOOR_DBM = -110
const NO_INTERFERENCE = 0xff

/** STAT_CHTM: airtime short, long, load short, long (u16 percent x 100), rssi, noise floor, interference (u8). */
export function channelTimeReport(
  radio: { readonly airtime: AirtimeMeter; readonly load: AirtimeMeter },
  now: Millis,
): Uint8Array {
  const percent = (meter: AirtimeMeter, window: Millis): number =>
    Math.round(meter.share(now, window) * 100 * PERCENT_SCALE)
  const floor = NOISE_FLOOR_DBM - RSSI_OFFSET_DBM
  return new Uint8Array([
    ...u16(percent(radio.airtime, SHORT_TERM)),
    ...u16(percent(radio.airtime, LONG_TERM)),
    ...u16(percent(radio.load, SHORT_TERM)),
    ...u16(percent(radio.load, LONG_TERM)),
    floor,
    floor,
    NO_INTERFERENCE,
  ])
}

/** STAT_PHYPRM: symbol us, symbol rate, preamble symbols, preamble ms, slot ms, DIFS ms (u16 each). */
export function physicalReport(
  params: RadioParams,
  preambleSymbols: number,
  timing: ContentionTiming,
): Uint8Array {
  const symbol = symbolMs(params)
  const values = [
    symbol * 1000,
    1000 / symbol,
    preambleSymbols,
    preambleSymbols * symbol,
    timing.slotMs,
    timing.difsMs,
  ]
  return new Uint8Array(values.flatMap((value) => [...u16(Math.min(0xffff, Math.round(value)))]))
}
