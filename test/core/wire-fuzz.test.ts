import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  decodeFilterAnnounce,
  decodeLinkReceiverReport,
  decodeLinkSenderReport,
  decodeLookupRequest,
  decodeLookupResponse,
  decodeTreeAnnounce,
  encodeFilterAnnounce,
  encodeLinkReceiverReport,
  encodeLinkSenderReport,
  encodeLookupRequest,
  encodeLookupResponse,
  encodeTreeAnnounce,
  FILTER_ANNOUNCE_SIZE,
  FILTER_ANNOUNCE_TYPE,
  FILTER_SIZE_CLASS,
  LOOKUP_REQUEST_TYPE,
  LOOKUP_RESPONSE_TYPE,
  RECEIVER_REPORT_TYPE,
  type Result,
  SENDER_REPORT_TYPE,
  TREE_ANNOUNCE_TYPE,
} from '../../core/index.ts'

/** A decoder and its encoder, and what makes random bytes worth decoding. */
interface Codec {
  readonly name: string
  readonly minLength: number
  readonly maxLength: number
  /** Bytes of the message that must be right for the rest to be looked at, by offset. */
  readonly fixed: Readonly<Record<number, number>>
  /** Offset of the low byte of a count, if the message has one; it is kept small. */
  readonly countAt?: number
  /** Decodes and encodes again; undefined when refused. */
  readonly again: (message: Uint8Array) => Uint8Array | undefined
}

function again<T>(
  decode: (message: Uint8Array) => Result<T>,
  encode: (value: T) => Uint8Array,
): (message: Uint8Array) => Uint8Array | undefined {
  return (message) => {
    const result = decode(message)
    return result.ok ? encode(result.value) : undefined
  }
}

const CODECS: readonly Codec[] = [
  {
    name: 'TreeAnnounce',
    minLength: 90,
    maxLength: 300,
    fixed: { 0: TREE_ANNOUNCE_TYPE, 1: 1, 35: 0 },
    countAt: 34,
    again: again(decodeTreeAnnounce, encodeTreeAnnounce),
  },
  {
    name: 'FilterAnnounce',
    minLength: FILTER_ANNOUNCE_SIZE - 1,
    maxLength: FILTER_ANNOUNCE_SIZE + 1,
    fixed: { 0: FILTER_ANNOUNCE_TYPE, 10: FILTER_SIZE_CLASS },
    again: again(decodeFilterAnnounce, encodeFilterAnnounce),
  },
  {
    name: 'LookupRequest',
    minLength: 40,
    maxLength: 150,
    fixed: { 0: LOOKUP_REQUEST_TYPE, 45: 0 },
    countAt: 44,
    again: again(decodeLookupRequest, encodeLookupRequest),
  },
  {
    name: 'LookupResponse',
    minLength: 80,
    maxLength: 200,
    fixed: { 0: LOOKUP_RESPONSE_TYPE, 28: 0 },
    countAt: 27,
    again: again(decodeLookupResponse, encodeLookupResponse),
  },
  {
    name: 'SenderReport',
    minLength: 40,
    maxLength: 60,
    fixed: { 0: SENDER_REPORT_TYPE },
    again: again(decodeLinkSenderReport, encodeLinkSenderReport),
  },
  {
    name: 'ReceiverReport',
    minLength: 60,
    maxLength: 80,
    fixed: { 0: RECEIVER_REPORT_TYPE },
    again: again(decodeLinkReceiverReport, encodeLinkReceiverReport),
  },
]

const MAX_COUNT = 3

for (const codec of CODECS) {
  test(`${codec.name}: any bytes are read or refused, and what is read is written the same`, () => {
    const { minLength, maxLength } = codec
    let read = 0
    fc.assert(
      fc.property(fc.uint8Array({ minLength, maxLength }), fc.nat(MAX_COUNT), (message, count) => {
        for (const [offset, byte] of Object.entries(codec.fixed)) message[Number(offset)] = byte
        if (codec.countAt !== undefined) message[codec.countAt] = count
        const written = codec.again(message)
        if (written === undefined) return
        read++
        assert.ok(written.length <= message.length)
        assert.deepEqual(codec.again(written), written)
      }),
      { numRuns: 300, seed: 17 },
    )
    assert.ok(read > 0, 'nothing was accepted, so nothing was tested')
  })

  test(`${codec.name}: random bytes never throw`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: codec.maxLength }), (bytes) => {
        codec.again(bytes)
      }),
      { numRuns: 300, seed: 18 },
    )
  })
}
