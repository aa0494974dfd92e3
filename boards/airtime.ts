/**
 * Time on air of LoRa frames, exact to the symbol. It decides budgets, pacing and timers, and the emulated
 * ether uses the same numbers.
 */
import type { Millis } from '../core/index.ts'
import type { RadioParams } from './board.ts'

/** What of `RadioParams` shapes a symbol. */
export type Modulation = Pick<RadioParams, 'bandwidthHz' | 'spreadingFactor' | 'codingRate'>

/** Largest PHY payload of one LoRa frame, bytes, modem overhead included. */
export const MAX_PHY_BYTES = 255

/** From this symbol time on, the data sheets ask for the low data rate optimisation. */
const LDRO_SYMBOL: Millis = 16
const SYNC_SYMBOLS = 4.25
const SYNC_SYMBOLS_SF5_6 = 6.25
const HEADER_SYMBOLS = 8
const CRC_BITS = 16
const EXPLICIT_HEADER_BITS = 20

/** RNode firmware never sends fewer preamble symbols than this, nor a shorter preamble than `RNODE_MIN_PREAMBLE`. */
const RNODE_MIN_PREAMBLE_SYMBOLS = 18
const RNODE_MIN_PREAMBLE: Millis = 24

/** Up to this net bit rate RNode firmware sends its whole queue as one burst. */
const RNODE_FLUSH_MAX_BPS = 14_000

/** Duration of one symbol. */
export function symbolMs(modulation: Modulation): Millis {
  return (2 ** modulation.spreadingFactor * 1000) / modulation.bandwidthHz
}

/** Whether the data sheets want the low data rate optimisation here. */
export function wantsLdro(modulation: Modulation): boolean {
  return symbolMs(modulation) >= LDRO_SYMBOL
}

/**
 * Whether RNode firmware switches it on: it compares whole milliseconds, so 16.384 ms symbols (SF11/125,
 * SF12/250, SF10/62.5) stay without, and other stacks cannot be heard there.
 */
export function rnodeUsesLdro(modulation: Modulation): boolean {
  return Math.floor(symbolMs(modulation)) > LDRO_SYMBOL
}

/**
 * Time on air of a frame with `payloadBytes` PHY bytes (modem overhead included), explicit header and CRC on.
 * `ldro` defaults to what the data sheets want.
 */
export function timeOnAirMs(
  modulation: Modulation,
  payloadBytes: number,
  preambleSymbols: number,
  ldro: boolean = wantsLdro(modulation),
): Millis {
  const sf = modulation.spreadingFactor
  const short = sf < 7
  const bits = 8 * payloadBytes + CRC_BITS - 4 * sf + EXPLICIT_HEADER_BITS + (short ? 0 : 8)
  const bitsPerBlock = 4 * (ldro && !short ? sf - 2 : sf)
  const blocks = Math.ceil(Math.max(bits, 0) / bitsPerBlock)
  const sync = short ? SYNC_SYMBOLS_SF5_6 : SYNC_SYMBOLS
  const symbols = preambleSymbols + sync + HEADER_SYMBOLS + blocks * modulation.codingRate
  return symbols * symbolMs(modulation)
}

/** Preamble of an RNode (all boards but the AVR ones, which keep the chip's 8). */
export function rnodePreambleSymbols(modulation: Modulation): number {
  return Math.max(RNODE_MIN_PREAMBLE_SYMBOLS, Math.ceil(RNODE_MIN_PREAMBLE / symbolMs(modulation)))
}

/** Net bit rate in bit/s. */
export function bitRate(modulation: Modulation): number {
  return (
    (modulation.spreadingFactor * (4 / modulation.codingRate) * modulation.bandwidthHz) /
    2 ** modulation.spreadingFactor
  )
}

/**
 * Whether RNode firmware sends all it has queued as one burst, without sensing the channel in between; above, it
 * contends for each frame. The AVR build always does.
 */
export function rnodeFlushesQueue(modulation: Modulation): boolean {
  return bitRate(modulation) <= RNODE_FLUSH_MAX_BPS
}
