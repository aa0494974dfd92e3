/**
 * Cells: what one COBS cell of our own serial framing holds. A frame with its CRC-32 is cut into units of 32 bytes;
 * a cell carries any run of them, so a noisy line is used with small cells and a clean one with a cell a frame.
 *
 *   data   01 L A rrrr | id u8 | first unit u8 | 1..1504 bytes | crc16 LE     L last of the frame, A answer now, r round
 *   ack    10 0 0 rrrr | id u8 | units held, 48 bits LE        | crc16 LE     r of the data cell that asked
 *   hello  11 0 0 0000 | version u8 = 1                        | crc16 LE     the sender has just opened the line
 *
 * The CRC-16 is over the cell before it. The CRC-32 has another polynomial, so that what slips through the one is
 * still seen by the other.
 */
import { accept, reject, type Result } from '../core/index.ts'
import { cobsEncode } from './cobs.ts'
import { crc16 } from './crc16.ts'

/** Bytes of a unit; every run but the last of a frame is a multiple of it. */
export const UNIT_BYTES = 32
/** Units of the longest frame. */
export const MAX_UNITS = 47
/** Longest frame on the line with its CRC-32. */
export const MAX_BODY: number = UNIT_BYTES * MAX_UNITS
/** CRC-32 behind each frame. */
export const FRAME_CHECK_BYTES = 4
/** Longest frame of this framing. */
export const SERIAL_MAX_FRAME: number = MAX_BODY - FRAME_CHECK_BYTES
/** Rounds are counted modulo this. */
export const ROUNDS = 16

const DATA_HEADER = 3
const CHECK_BYTES = 2
const BITMAP_BYTES = 6
const ACK_BYTES: number = 2 + BITMAP_BYTES
const HELLO_BYTES = 2
const HELLO_VERSION = 1

/** Longest content of a COBS cell. */
export const MAX_CELL: number = DATA_HEADER + MAX_BODY + CHECK_BYTES

const KIND_DATA = 0b01
const KIND_ACK = 0b10
const KIND_HELLO = 0b11
const FLAG_LAST = 0x20
const FLAG_ASK = 0x10
const ROUND_MASK = 0x0f

export type SerialCell =
  | {
      readonly type: 'data'
      readonly id: number
      readonly firstUnit: number
      /** These bytes end the frame. */
      readonly last: boolean
      /** The sender waits for an ack of this round. */
      readonly ask: boolean
      readonly round: number
      readonly payload: Uint8Array
    }
  | {
      readonly type: 'ack'
      readonly id: number
      readonly round: number
      /** Units held, `MAX_UNITS` of them; all true when the frame is whole. */
      readonly held: readonly boolean[]
    }
  | { readonly type: 'hello' }

/** `crc` is line noise; the others come from another program or a newer version. */
export type CellFault = 'short' | 'crc' | 'kind' | 'layout'

/** The cell as bytes for the line: checked, stuffed, with the closing zero. */
export function encodeCell(cell: SerialCell): Uint8Array {
  const content = layOut(cell)
  const check = crc16(content.subarray(0, content.length - CHECK_BYTES))
  content[content.length - 2] = check & 0xff
  content[content.length - 1] = check >>> 8
  return cobsEncode(content)
}

/** Reads the content of a COBS cell. */
export function decodeCell(content: Uint8Array): Result<SerialCell, CellFault> {
  if (content.length < HELLO_BYTES + CHECK_BYTES)
    return reject('short', HELLO_BYTES + CHECK_BYTES, content.length)
  const body = content.subarray(0, content.length - CHECK_BYTES)
  const check = (content[content.length - 2] ?? 0) | ((content[content.length - 1] ?? 0) << 8)
  if (crc16(body) !== check) return reject('crc')
  const [head = 0, id = 0, firstUnit = 0] = body
  const round = head & ROUND_MASK
  switch (head >>> 6) {
    case KIND_DATA: {
      const payload = body.subarray(DATA_HEADER)
      const last = (head & FLAG_LAST) !== 0
      const fits = payload.length > 0 && firstUnit * UNIT_BYTES + payload.length <= MAX_BODY
      if (!fits || (!last && payload.length % UNIT_BYTES !== 0)) return reject('layout')
      return accept({ type: 'data', id, firstUnit, last, ask: (head & FLAG_ASK) !== 0, round, payload })
    }
    case KIND_ACK: {
      if (body.length !== ACK_BYTES) return reject('layout', ACK_BYTES, body.length)
      const held = Array.from(
        { length: MAX_UNITS },
        (_, unit) => (((body[2 + (unit >>> 3)] ?? 0) >>> (unit & 7)) & 1) === 1,
      )
      return accept({ type: 'ack', id, round, held })
    }
    case KIND_HELLO:
      return body.length === HELLO_BYTES && id === HELLO_VERSION
        ? accept({ type: 'hello' })
        : reject('layout')
    default:
      return reject('kind')
  }
}

/** The cell with room for its check behind it. */
function layOut(cell: SerialCell): Uint8Array {
  switch (cell.type) {
    case 'data':
      return layOutData(cell)
    case 'ack':
      return layOutAck(cell)
    case 'hello':
      return Uint8Array.of(KIND_HELLO << 6, HELLO_VERSION, ...new Uint8Array(CHECK_BYTES))
    default:
      return cell
  }
}

function layOutData(cell: Extract<SerialCell, { type: 'data' }>): Uint8Array {
  const content = new Uint8Array(DATA_HEADER + cell.payload.length + CHECK_BYTES)
  const flags = (cell.last ? FLAG_LAST : 0) | (cell.ask ? FLAG_ASK : 0)
  content[0] = (KIND_DATA << 6) | flags | (cell.round & ROUND_MASK)
  content[1] = cell.id
  content[2] = cell.firstUnit
  content.set(cell.payload, DATA_HEADER)
  return content
}

function layOutAck(cell: Extract<SerialCell, { type: 'ack' }>): Uint8Array {
  const content = new Uint8Array(ACK_BYTES + CHECK_BYTES)
  content[0] = (KIND_ACK << 6) | (cell.round & ROUND_MASK)
  content[1] = cell.id
  for (const [unit, held] of cell.held.entries())
    if (held) content[2 + (unit >>> 3)] = (content[2 + (unit >>> 3)] ?? 0) | (1 << (unit & 7))
  return content
}
