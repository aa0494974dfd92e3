/**
 * The frames of the radio link, as `docs/radio-link.md` specifies them. Integers are little-endian, station ids are
 * bytes in the order of their digits. The first byte tells the kind; no valid frame starts with a zero byte.
 *
 *   data        1 A M k c s w w | index 2 | tag 1 | [fragment 1] | [counter 0, 1 or 3] | body
 *                 A  acknowledge now          M  fragment byte present
 *                 kcs  SP CE K of FMP         ww  counter bits: 0 = 8 (the tag), 1 = 16, 2 = 32, 3 = none (not first)
 *   named       0 0 1 1 A M f f | source 4 | target 2 | tag 2 | [fragment 1] | body       ff  0 raw, 1 msg1, 2 msg2
 *   ack         0 0 0 1 0 0 0 n | channel | complete 1 | check 1 | { back 1 | count 1 | bitmap ceil(count/8) } *
 *   poll        0 0 1 0 0 0 0 n | channel
 *   beacon      0 1 0 0 0 0 0 S | network 2 | capabilities 1 | public key 32
 *
 *   channel     n = 0: index 2 | tag 1          n = 1: in an ack  acker 2 | sender 2 | tag 2
 *                                                       in a poll  source 4 | target 2 | tag 2
 *   fragment    L iiiiiii      L  the last one      i  index 0..63
 */
import {
  accept,
  ByteReader,
  ByteWriter,
  hex,
  reject,
  unhex,
  type PublicKey,
  type Result,
} from '../../core/index.ts'
import type { CounterBits } from './counter.ts'
import { MAX_FRAGMENTS } from './limits.ts'
import { shortOf, type StationId } from './station.ts'

export type RadioPacket = DataPacket | NamedPacket | AckPacket | PollPacket | BeaconPacket

export interface Fragment {
  readonly index: number
  readonly last: boolean
}

/** (A fragment of) an established frame, addressed by the low half of its receiver index. */
export interface DataPacket {
  readonly type: 'data'
  readonly index: number
  /** Low 8 bits of the frame's counter. */
  readonly tag: number
  readonly ackRequested: boolean
  /** Undefined for a frame in one piece. */
  readonly fragment: Fragment | undefined
  /** On the first (or only) fragment. */
  readonly head: DataHead | undefined
  readonly body: Uint8Array
}

export interface DataHead {
  readonly flags: number
  readonly bits: CounterBits
  /** Low `bits` bits of the counter. */
  readonly low: number
}

/** (A fragment of) any other frame, addressed by names. */
export interface NamedPacket {
  readonly type: 'named'
  readonly form: 'raw' | 'msg1' | 'msg2'
  readonly source: StationId
  readonly target: number
  readonly tag: number
  readonly ackRequested: boolean
  readonly fragment: Fragment | undefined
  readonly body: Uint8Array
}

/** Which stream of frames an acknowledgement speaks of. */
export type AckChannel =
  | { readonly type: 'index'; readonly index: number; readonly tag: number }
  | { readonly type: 'name'; readonly acker: number; readonly sender: number; readonly tag: number }

export interface AckPacket {
  readonly type: 'ack'
  readonly channel: AckChannel
  /** Bit i: the frame with tag - i has arrived whole. */
  readonly complete: number
  /** `counterCheck` of the newest frame in `complete`; 0 when there is none and on named channels. */
  readonly check: number
  readonly partial: readonly PartialReport[]
}

/** What has arrived of an unfinished frame. */
export interface PartialReport {
  /** Its tag is the acknowledgement's minus this. */
  readonly back: number
  /** Bit i of byte i/8: fragment i is here. What lies beyond is not. */
  readonly bitmap: Uint8Array
}

export type PollChannel =
  | { readonly type: 'index'; readonly index: number; readonly tag: number }
  | { readonly type: 'name'; readonly source: StationId; readonly target: number; readonly tag: number }

/** Asks for the acknowledgement again. */
export interface PollPacket {
  readonly type: 'poll'
  readonly channel: PollChannel
}

export interface BeaconPacket {
  readonly type: 'beacon'
  /** Asks those who hear it to answer with theirs. */
  readonly solicit: boolean
  readonly networkId: number
  readonly capabilities: number
  readonly publicKey: PublicKey
}

export type WireError = 'empty' | 'unknown-kind' | 'truncated' | 'bad-fragment' | 'trailing'

const KIND_DATA = 0x80
const KIND_NAMED = 0x30
const KIND_ACK = 0x10
const KIND_POLL = 0x20
const KIND_BEACON = 0x40
const DATA_ACK = 0x40
const DATA_FRAGMENT = 0x20
const NAMED_ACK = 0x08
const NAMED_FRAGMENT = 0x04
const BY_NAME = 0x01
const SOLICIT = 0x01
const LAST = 0x80
const FORMS = ['raw', 'msg1', 'msg2'] as const
const WIDTHS: readonly CounterBits[] = [8, 16, 32]
const CONTINUATION = 3
const PUBLIC_KEY = 32
const STATION = 4

/** Bytes in front of the body of a data packet. */
export function dataOverhead(fragmented: boolean, bits: CounterBits): number {
  return 4 + (fragmented ? 1 : 0) + (bits / 8 - 1)
}

/** Bytes in front of the body of a named packet. */
export function namedOverhead(fragmented: boolean): number {
  return 9 + (fragmented ? 1 : 0)
}

/** Bytes of a poll and of an acknowledgement of one complete frame, for timers. */
export const POLL_BYTES = 4
export const ACK_BYTES = 6
export const BEACON_BYTES: number = 4 + PUBLIC_KEY

export function encodePacket(packet: RadioPacket): Uint8Array {
  const w = new ByteWriter()
  switch (packet.type) {
    case 'data': {
      const ww = packet.head === undefined ? CONTINUATION : WIDTHS.indexOf(packet.head.bits)
      const flags = packet.head?.flags ?? 0
      const fragmented = packet.fragment === undefined ? 0 : DATA_FRAGMENT
      w.u8(KIND_DATA | (packet.ackRequested ? DATA_ACK : 0) | fragmented | (flags << 2) | ww)
      w.u16(packet.index).u8(packet.tag)
      if (packet.fragment !== undefined) w.u8(fragmentByte(packet.fragment))
      if (packet.head !== undefined && packet.head.bits > 8) {
        w.u8(packet.head.low >>> 8)
        if (packet.head.bits === 32) w.u16(packet.head.low >>> 16)
      }
      return w.put(packet.body).finish()
    }
    case 'named': {
      const fragmented = packet.fragment === undefined ? 0 : NAMED_FRAGMENT
      w.u8(KIND_NAMED | (packet.ackRequested ? NAMED_ACK : 0) | fragmented | FORMS.indexOf(packet.form))
      w.put(unhex(packet.source) ?? new Uint8Array(STATION))
      w.u16(packet.target).u16(packet.tag)
      if (packet.fragment !== undefined) w.u8(fragmentByte(packet.fragment))
      return w.put(packet.body).finish()
    }
    case 'ack':
      if (packet.channel.type === 'index') w.u8(KIND_ACK).u16(packet.channel.index).u8(packet.channel.tag)
      else
        w.u8(KIND_ACK | BY_NAME)
          .u16(packet.channel.acker)
          .u16(packet.channel.sender)
          .u16(packet.channel.tag)
      w.u8(packet.complete).u8(packet.check)
      for (const report of packet.partial) {
        w.u8(report.back)
          .u8(report.bitmap.length * 8)
          .put(report.bitmap)
      }
      return w.finish()
    case 'poll':
      if (packet.channel.type === 'index') w.u8(KIND_POLL).u16(packet.channel.index).u8(packet.channel.tag)
      else {
        w.u8(KIND_POLL | BY_NAME).put(unhex(packet.channel.source) ?? new Uint8Array(STATION))
        w.u16(packet.channel.target).u16(packet.channel.tag)
      }
      return w.finish()
    case 'beacon':
      w.u8(KIND_BEACON | (packet.solicit ? SOLICIT : 0)).u16(packet.networkId)
      return w.u8(packet.capabilities).put(packet.publicKey).finish()
  }
}

/** Total: anything from the air gives a packet or a reason. Bodies are views of `bytes`. */
export function decodePacket(bytes: Uint8Array): Result<RadioPacket, WireError> {
  if (bytes.length === 0) return reject('empty')
  const r = new ByteReader(bytes)
  const first = r.u8()
  if ((first & KIND_DATA) !== 0) return decodeData(first, r)
  if ((first & 0xf0) === KIND_NAMED) return decodeNamed(first, r)
  switch (first) {
    case KIND_ACK:
    case KIND_ACK | BY_NAME:
      return decodeAck(first === KIND_ACK, r)
    case KIND_POLL: {
      const channel = { type: 'index', index: r.u16(), tag: r.u8() } as const
      return finish(r, { type: 'poll', channel })
    }
    case KIND_POLL | BY_NAME: {
      const channel = { type: 'name', source: hex(r.take(STATION)), target: r.u16(), tag: r.u16() } as const
      return finish(r, { type: 'poll', channel })
    }
    case KIND_BEACON:
    case KIND_BEACON | SOLICIT: {
      const head = { networkId: r.u16(), capabilities: r.u8() }
      const solicit = first !== KIND_BEACON
      return finish(r, { type: 'beacon', solicit, ...head, publicKey: r.take(PUBLIC_KEY) })
    }
    default:
      return reject('unknown-kind', undefined, first)
  }
}

/** The short name an acknowledgement of a named frame gives its sender. */
export function ackChannelOf(source: StationId, target: number, tag: number): AckChannel {
  return { type: 'name', acker: target, sender: shortOf(source), tag }
}

function decodeData(first: number, r: ByteReader): Result<RadioPacket, WireError> {
  const index = r.u16()
  const tag = r.u8()
  const fragment = (first & DATA_FRAGMENT) === 0 ? undefined : readFragment(r)
  const bits = WIDTHS[first & 0x03]
  if (fragment === null || (bits === undefined) !== (fragment !== undefined && fragment.index > 0))
    return reject('bad-fragment')
  let head: DataHead | undefined
  if (bits !== undefined) {
    let low = tag
    if (bits > 8) low += r.u8() * 0x100
    if (bits === 32) low += r.u16() * 0x10000
    head = { flags: (first >> 2) & 0x07, bits, low }
  }
  if (r.truncated) return reject('truncated')
  const ackRequested = (first & DATA_ACK) !== 0
  return accept({ type: 'data', index, tag, ackRequested, fragment, head, body: r.rest() })
}

function decodeNamed(first: number, r: ByteReader): Result<RadioPacket, WireError> {
  const form = FORMS[first & 0x03]
  if (form === undefined) return reject('unknown-kind', undefined, first)
  const source = hex(r.take(STATION))
  const target = r.u16()
  const tag = r.u16()
  const fragment = (first & NAMED_FRAGMENT) === 0 ? undefined : readFragment(r)
  if (fragment === null) return reject('bad-fragment')
  if (r.truncated) return reject('truncated')
  const ackRequested = (first & NAMED_ACK) !== 0
  return accept({ type: 'named', form, source, target, tag, ackRequested, fragment, body: r.rest() })
}

function decodeAck(byIndex: boolean, r: ByteReader): Result<RadioPacket, WireError> {
  const channel: AckChannel = byIndex
    ? { type: 'index', index: r.u16(), tag: r.u8() }
    : { type: 'name', acker: r.u16(), sender: r.u16(), tag: r.u16() }
  const complete = r.u8()
  const check = r.u8()
  const partial: PartialReport[] = []
  while (r.remaining > 0) {
    const back = r.u8()
    const count = r.u8()
    if (count > MAX_FRAGMENTS) return reject('bad-fragment', MAX_FRAGMENTS, count)
    partial.push({ back, bitmap: r.take(Math.ceil(count / 8)) })
  }
  return finish(r, { type: 'ack', channel, complete, check, partial })
}

function finish(r: ByteReader, packet: RadioPacket): Result<RadioPacket, WireError> {
  if (r.truncated) return reject('truncated')
  return r.remaining > 0 ? reject('trailing', 0, r.remaining) : accept(packet)
}

/** Null when the byte is not a fragment's. */
function readFragment(r: ByteReader): Fragment | null {
  const byte = r.u8()
  const index = byte & ~LAST
  return index < MAX_FRAGMENTS ? { index, last: (byte & LAST) !== 0 } : null
}

function fragmentByte(fragment: Fragment): number {
  return fragment.index | (fragment.last ? LAST : 0)
}
