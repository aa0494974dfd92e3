/**
 * Reports of the measurement protocol. The same fields travel in two forms: as a link message (type byte, three reserved
 * bytes, fields) and as the body of a session message (two reserved bytes, fields; type and flags are in the inner header).
 * Reserved bytes are sent as zero and not looked at; bytes after the fields are ignored.
 *
 * Microcontroller firmware doubles the type byte of its link reports, which shifts the fields by one. The decoders read such a
 * message as it stands, like every other node does; a host that knows better calls `withoutDoubledType` first.
 */
import { ByteReader, ByteWriter } from '../bytes.ts'
import type { Result } from '../result.ts'
import { accept, reject } from '../result.ts'

export const SENDER_REPORT_TYPE = 0x01
export const RECEIVER_REPORT_TYPE = 0x02

/** What a sender put on the way since its last report. Timestamps are ms of the sender's session clock. */
export interface SenderReport {
  readonly intervalStartCounter: bigint
  readonly intervalEndCounter: bigint
  readonly intervalStartTimestamp: number
  readonly intervalEndTimestamp: number
  readonly intervalBytesSent: number
  readonly cumulativePacketsSent: bigint
  readonly cumulativeBytesSent: bigint
}

/** What a receiver got. Its reader derives round-trip time, loss and goodput from it. */
export interface ReceiverReport {
  readonly highestCounter: bigint
  readonly cumulativePacketsReceived: bigint
  readonly cumulativeBytesReceived: bigint
  /** The sender's timestamp of the last frame received, ms; 0 when there is none to echo. */
  readonly timestampEcho: number
  /** Time between that frame and this report, ms. */
  readonly dwellTime: number
  /** Longest run of lost frames in the interval. */
  readonly maxBurstLoss: number
  /** Mean run, 8.8 fixed point. */
  readonly meanBurstLoss: number
  /** Interarrival jitter as RFC 3550 has it, µs. */
  readonly jitter: number
  readonly ecnCeCount: number
  /** Slope of the one-way delay, µs/s, signed. Meaningless as stock nodes compute it. */
  readonly owdTrend: number
  readonly burstLossCount: number
  readonly cumulativeReorderCount: number
  readonly intervalPacketsReceived: number
  readonly intervalBytesReceived: number
}

export type ReportRejection = 'wrong-type' | 'too-short'

const LINK_RESERVED = 3
const SESSION_RESERVED = 2
const SENDER_FIELDS = 44
const RECEIVER_FIELDS = 64

/** Bytes of a link SenderReport with its type byte. */
export const LINK_SENDER_REPORT_SIZE: number = 1 + LINK_RESERVED + SENDER_FIELDS
export const LINK_RECEIVER_REPORT_SIZE: number = 1 + LINK_RESERVED + RECEIVER_FIELDS
/** Bytes of the body of a session SenderReport. */
export const SESSION_SENDER_REPORT_SIZE: number = SESSION_RESERVED + SENDER_FIELDS
export const SESSION_RECEIVER_REPORT_SIZE: number = SESSION_RESERVED + RECEIVER_FIELDS

/** A link report without the second type byte, if it has one: the byte is reserved, and zero in every other report. */
export function withoutDoubledType(message: Uint8Array): Uint8Array {
  const [type] = message
  const size = type === SENDER_REPORT_TYPE ? LINK_SENDER_REPORT_SIZE : LINK_RECEIVER_REPORT_SIZE
  return message.length === size + 1 && message[1] === type ? message.subarray(1) : message
}

/**
 *   0x01 | reserved 3 | start counter LE64 | end counter LE64 | start time LE32 | end time LE32 | interval bytes LE32
 *        | packets LE64 | bytes LE64
 */
export function decodeLinkSenderReport(message: Uint8Array): Result<SenderReport, ReportRejection> {
  return decodeLink(message, SENDER_REPORT_TYPE, LINK_SENDER_REPORT_SIZE, readSenderFields)
}

export function encodeLinkSenderReport(report: SenderReport): Uint8Array {
  const writer = new ByteWriter(LINK_SENDER_REPORT_SIZE).u8(SENDER_REPORT_TYPE)
  return writeSenderFields(reserve(writer, LINK_RESERVED), report).finish()
}

/** The body of a session SenderReport: `reserved 2`, then the fields of the link form. */
export function decodeSessionSenderReport(body: Uint8Array): Result<SenderReport, ReportRejection> {
  return decodeSession(body, SESSION_SENDER_REPORT_SIZE, readSenderFields)
}

export function encodeSessionSenderReport(report: SenderReport): Uint8Array {
  const writer = new ByteWriter(SESSION_SENDER_REPORT_SIZE)
  return writeSenderFields(reserve(writer, SESSION_RESERVED), report).finish()
}

/**
 *   0x02 | reserved 3 | highest counter LE64 | packets LE64 | bytes LE64 | timestamp echo LE32 | dwell LE16
 *        | max burst LE16 | mean burst LE16 | reserved 2 | jitter LE32 | CE count LE32 | delay trend LE32 signed
 *        | bursts LE32 | reordered LE32 | interval packets LE32 | interval bytes LE32
 */
export function decodeLinkReceiverReport(message: Uint8Array): Result<ReceiverReport, ReportRejection> {
  return decodeLink(message, RECEIVER_REPORT_TYPE, LINK_RECEIVER_REPORT_SIZE, readReceiverFields)
}

export function encodeLinkReceiverReport(report: ReceiverReport): Uint8Array {
  const writer = new ByteWriter(LINK_RECEIVER_REPORT_SIZE).u8(RECEIVER_REPORT_TYPE)
  return writeReceiverFields(reserve(writer, LINK_RESERVED), report).finish()
}

/** The body of a session ReceiverReport: `reserved 2`, then the fields of the link form. */
export function decodeSessionReceiverReport(body: Uint8Array): Result<ReceiverReport, ReportRejection> {
  return decodeSession(body, SESSION_RECEIVER_REPORT_SIZE, readReceiverFields)
}

export function encodeSessionReceiverReport(report: ReceiverReport): Uint8Array {
  const writer = new ByteWriter(SESSION_RECEIVER_REPORT_SIZE)
  return writeReceiverFields(reserve(writer, SESSION_RESERVED), report).finish()
}

function decodeLink<T>(
  message: Uint8Array,
  expectedType: number,
  size: number,
  readFields: (reader: ByteReader) => T,
): Result<T, ReportRejection> {
  const reader = new ByteReader(message)
  const type = reader.u8()
  if (type !== expectedType) return reject('wrong-type', expectedType, type)
  if (message.length < size) return reject('too-short', size, message.length)
  reader.skip(LINK_RESERVED)
  return accept(readFields(reader))
}

function decodeSession<T>(
  body: Uint8Array,
  size: number,
  readFields: (reader: ByteReader) => T,
): Result<T, ReportRejection> {
  if (body.length < size) return reject('too-short', size, body.length)
  return accept(readFields(new ByteReader(body, SESSION_RESERVED)))
}

function reserve(writer: ByteWriter, count: number): ByteWriter {
  for (let i = 0; i < count; i++) writer.u8(0)
  return writer
}

function readSenderFields(reader: ByteReader): SenderReport {
  return {
    intervalStartCounter: reader.u64(),
    intervalEndCounter: reader.u64(),
    intervalStartTimestamp: reader.u32(),
    intervalEndTimestamp: reader.u32(),
    intervalBytesSent: reader.u32(),
    cumulativePacketsSent: reader.u64(),
    cumulativeBytesSent: reader.u64(),
  }
}

function writeSenderFields(writer: ByteWriter, report: SenderReport): ByteWriter {
  return writer
    .u64(report.intervalStartCounter)
    .u64(report.intervalEndCounter)
    .u32(report.intervalStartTimestamp)
    .u32(report.intervalEndTimestamp)
    .u32(report.intervalBytesSent)
    .u64(report.cumulativePacketsSent)
    .u64(report.cumulativeBytesSent)
}

function readReceiverFields(reader: ByteReader): ReceiverReport {
  const highestCounter = reader.u64()
  const cumulativePacketsReceived = reader.u64()
  const cumulativeBytesReceived = reader.u64()
  const timestampEcho = reader.u32()
  const dwellTime = reader.u16()
  const maxBurstLoss = reader.u16()
  const meanBurstLoss = reader.u16()
  reader.skip(2)
  return {
    highestCounter,
    cumulativePacketsReceived,
    cumulativeBytesReceived,
    timestampEcho,
    dwellTime,
    maxBurstLoss,
    meanBurstLoss,
    jitter: reader.u32(),
    ecnCeCount: reader.u32(),
    owdTrend: reader.u32() | 0,
    burstLossCount: reader.u32(),
    cumulativeReorderCount: reader.u32(),
    intervalPacketsReceived: reader.u32(),
    intervalBytesReceived: reader.u32(),
  }
}

function writeReceiverFields(writer: ByteWriter, report: ReceiverReport): ByteWriter {
  return writer
    .u64(report.highestCounter)
    .u64(report.cumulativePacketsReceived)
    .u64(report.cumulativeBytesReceived)
    .u32(report.timestampEcho)
    .u16(report.dwellTime)
    .u16(report.maxBurstLoss)
    .u16(report.meanBurstLoss)
    .u16(0)
    .u32(report.jitter)
    .u32(report.ecnCeCount)
    .u32(report.owdTrend)
    .u32(report.burstLossCount)
    .u32(report.cumulativeReorderCount)
    .u32(report.intervalPacketsReceived)
    .u32(report.intervalBytesReceived)
}
