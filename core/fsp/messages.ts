/** Messages between the ends of a session, by the type byte of the inner header. */
import { ByteReader, ByteWriter } from '../bytes.ts'
import {
  decodeSessionReceiverReport,
  decodeSessionSenderReport,
  type ReceiverReport,
  type SenderReport,
} from '../mmp/index.ts'
import { accept, reject, type Result } from '../result.ts'

export const SESSION_MESSAGE_TYPES = {
  data: 0x10,
  'sender-report': 0x11,
  'receiver-report': 0x12,
  'path-mtu': 0x13,
  'coords-warmup': 0x14,
} as const

/** The port of IPv6 packets. Below it: protocol use; 257 to 1023: standard services; from 1024: applications. */
export const PORT_IPV6 = 256
export const PORT_HEADER_SIZE = 4

export type SessionMessage =
  | {
      readonly type: 'data'
      readonly sourcePort: number
      readonly destinationPort: number
      readonly payload: Uint8Array
    }
  | { readonly type: 'sender-report'; readonly report: SenderReport }
  | { readonly type: 'receiver-report'; readonly report: ReceiverReport }
  /** The smallest link MTU on the way from us to the sender of this message, bytes. */
  | { readonly type: 'path-mtu'; readonly pathMtu: number }
  /** Exists for the coordinates beside it; its body is empty and not looked at. */
  | { readonly type: 'coords-warmup' }

/** `unknown-type` is to be ignored, not held against anyone. */
export type SessionMessageRejection = 'too-short' | 'unknown-type'

/** Reads the body of a session message; views of `body` where it carries bytes. */
export function decodeSessionMessage(
  messageType: number,
  body: Uint8Array,
): Result<SessionMessage, SessionMessageRejection> {
  switch (messageType) {
    case SESSION_MESSAGE_TYPES.data:
      return decodeData(body)
    case SESSION_MESSAGE_TYPES['sender-report']: {
      const report = decodeSessionSenderReport(body)
      return report.ok ? accept({ type: 'sender-report', report: report.value }) : tooShort(body)
    }
    case SESSION_MESSAGE_TYPES['receiver-report']: {
      const report = decodeSessionReceiverReport(body)
      return report.ok ? accept({ type: 'receiver-report', report: report.value }) : tooShort(body)
    }
    case SESSION_MESSAGE_TYPES['path-mtu']:
      return decodePathMtu(body)
    case SESSION_MESSAGE_TYPES['coords-warmup']:
      return accept({ type: 'coords-warmup' })
    default:
      return reject('unknown-type', undefined, messageType)
  }
}

/** `source port LE16 | destination port LE16 | payload` */
function decodeData(body: Uint8Array): Result<SessionMessage, 'too-short'> {
  const reader = new ByteReader(body)
  const sourcePort = reader.u16()
  const destinationPort = reader.u16()
  if (reader.truncated) return reject('too-short', PORT_HEADER_SIZE, body.length)
  return accept({ type: 'data', sourcePort, destinationPort, payload: reader.rest() })
}

/** `path mtu LE16`; trailing bytes are ignored. */
function decodePathMtu(body: Uint8Array): Result<SessionMessage, 'too-short'> {
  const reader = new ByteReader(body)
  const pathMtu = reader.u16()
  return reader.truncated ? reject('too-short', 2, body.length) : accept({ type: 'path-mtu', pathMtu })
}

function tooShort(body: Uint8Array): Result<never, 'too-short'> {
  return reject('too-short', undefined, body.length)
}

/** The body of a data message. */
export function encodeData(sourcePort: number, destinationPort: number, payload: Uint8Array): Uint8Array {
  return new ByteWriter(PORT_HEADER_SIZE + payload.length)
    .u16(sourcePort)
    .u16(destinationPort)
    .put(payload)
    .finish()
}

/** The body of a path MTU notification. */
export function encodePathMtu(pathMtu: number): Uint8Array {
  return new ByteWriter(2).u16(pathMtu).finish()
}
