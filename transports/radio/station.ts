/**
 * Names of stations on a radio channel. A station is the start of a NodeAddr: long enough to tell the neighbours
 * within earshot apart, short enough to be sent. It proves nothing; only the handshake above does.
 */
import type { NodeAddr } from '../../core/index.ts'

/** First 4 bytes of the NodeAddr as 8 lower-case hex digits; also the `TransportAddr` on LoRa. */
export type StationId = string

const STATION_DIGITS = 8

export function stationOf(addr: NodeAddr): StationId {
  return addr.slice(0, STATION_DIGITS)
}

export function isStationId(text: string): boolean {
  return /^[0-9a-f]{8}$/.test(text)
}

/** First two bytes of a station id, as handshakes name their target. */
export function shortOf(station: StationId): number {
  return Number.parseInt(station.slice(0, 4), 16)
}
