/** Malformed announces, lookups and reports: accepted or not, and what is read, as recorded. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Result } from '../../core/index.ts'
import {
  concatBytes,
  decodeFilterAnnounce,
  decodeLinkReceiverReport,
  decodeLinkSenderReport,
  decodeLookupRequest,
  decodeLookupResponse,
  decodeSessionReceiverReport,
  decodeSessionSenderReport,
  decodeTreeAnnounce,
} from '../../core/index.ts'
import {
  decodedFilterAnnounce,
  decodedLookupRequest,
  decodedLookupResponse,
  decodedReceiverReport,
  decodedSenderReport,
  decodedTreeAnnounce,
} from './decoded.ts'
import { bytesOf, checkEach, loadVectors } from './load.ts'

interface MalformedVector {
  readonly bytes: string
  readonly zeros_appended?: number
  readonly result: 'accept' | 'reject' | 'ignore'
  readonly decoded?: object
}

type Decoder = (bytes: Uint8Array) => Result<object>

function decoder<T>(decode: (bytes: Uint8Array) => Result<T>, written: (value: T) => object): Decoder {
  return (bytes) => {
    const result = decode(bytes)
    return result.ok ? { ok: true, value: written(result.value) } : result
  }
}

const DECODERS: Readonly<Record<string, Readonly<Record<string, Decoder>>>> = {
  'malformed.json': {
    'link: TreeAnnounce': decoder(decodeTreeAnnounce, decodedTreeAnnounce),
    'link: FilterAnnounce': decoder(decodeFilterAnnounce, decodedFilterAnnounce),
    'link: LookupRequest': decoder(decodeLookupRequest, decodedLookupRequest),
    'link: LookupResponse': decoder(decodeLookupResponse, decodedLookupResponse),
    'link: SenderReport': decoder(decodeLinkSenderReport, decodedSenderReport),
    'link: ReceiverReport': decoder(decodeLinkReceiverReport, decodedReceiverReport),
  },
  'malformed-session.json': {
    'session: SenderReport body': decoder(decodeSessionSenderReport, decodedSenderReport),
    'session: ReceiverReport body': decoder(decodeSessionReceiverReport, decodedReceiverReport),
  },
}

for (const [file, decoders] of Object.entries(DECODERS)) {
  const groups = loadVectors(file).value<Readonly<Record<string, readonly MalformedVector[]>>>('decoders')
  for (const [name, decode] of Object.entries(decoders)) {
    test(`${file}: ${name}`, () => {
      const inputs = groups[name] ?? []
      assert.ok(inputs.length > 0, `${name} is absent or empty`)
      checkEach(inputs, (input) => {
        const bytes = concatBytes(bytesOf(input.bytes), new Uint8Array(input.zeros_appended ?? 0))
        const result = decode(bytes)
        assert.equal(result.ok ? 'accept' : 'reject', input.result)
        if (result.ok) assert.deepEqual(result.value, input.decoded)
      })
    })
  }
}
