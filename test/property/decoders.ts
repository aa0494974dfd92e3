/**
 * Every decoder of bytes or text from outside, with valid inputs to start from. Add a decoder here when you write one:
 * the fuzz loop then holds it to being total.
 */
import {
  compressIpv6,
  decodeDisconnect,
  decodeFilterAnnounce,
  decodeFrame,
  decodeLinkReceiverReport,
  decodeLinkSenderReport,
  decodeLookupRequest,
  decodeLookupResponse,
  decodePlaintext,
  decodeSessionDatagram,
  decodeSessionMessage,
  decodeSessionPayload,
  decodeSessionPlaintext,
  decodeSessionReceiverReport,
  decodeSessionSenderReport,
  decodeSignal,
  decodeTreeAnnounce,
  decompressIpv6,
  encodeDisconnect,
  encodeFilterAnnounce,
  encodeLinkReceiverReport,
  encodeLinkSenderReport,
  encodeLookupRequest,
  encodeLookupResponse,
  encodeMsg1,
  encodeMsg2,
  encodeSessionDatagram,
  encodeSessionHandshake,
  encodeSignal,
  encodeTreeAnnounce,
  parseNodeAddr,
  parseNpub,
  parseNsec,
  parseSecret,
  SESSION_MESSAGE_TYPES,
  StreamFramer,
  unhex,
  type FmpFrame,
  type Result,
  type SessionPayload,
} from '../../core/index.ts'
import { loadVectors } from '../vectors/load.ts'
import { HOST_READERS } from './host-decoders.ts'
import { LINE_READERS } from './modem-decoders.ts'
import { SERIAL_READERS } from './serial-decoders.ts'

export interface FuzzedDecoder {
  readonly name: string
  /** Runs the decoder, and what else is said to be total for what it accepts. Throwing is the failure looked for. */
  readonly run: (input: Uint8Array) => unknown
  /** Valid (or nearly valid) inputs to mutate. */
  readonly seeds: readonly Uint8Array[]
}

interface RecordedInput {
  readonly bytes: string
  readonly zeros_appended?: number
}

const recorded = new Map<string, readonly RecordedInput[]>(
  ['malformed.json', 'malformed-session.json'].flatMap((file) =>
    Object.entries(loadVectors(file).value<Record<string, readonly RecordedInput[]>>('decoders')),
  ),
)

/** The recorded inputs of the decoders whose name contains `part`. */
function seedsOf(part: string): readonly Uint8Array[] {
  const inputs = [...recorded].filter(([name]) => name.includes(part)).flatMap(([, list]) => list)
  if (inputs.length === 0) throw new Error(`no recorded decoder is called ${part}`)
  return inputs.map(({ bytes, zeros_appended: zeros = 0 }) => {
    const head = unhex(bytes)
    if (head === undefined) throw new Error('not hex')
    const input = new Uint8Array(head.length + zeros)
    input.set(head)
    return input
  })
}

/** A decoder of bytes; what it accepts must survive being written and read again. */
function codec<T>(
  name: string,
  seeds: string,
  decode: (input: Uint8Array) => Result<T>,
  encode?: (value: T) => Uint8Array | undefined,
): FuzzedDecoder {
  const run = (input: Uint8Array): void => {
    const decoded = decode(input)
    if (!decoded.ok || encode === undefined) return
    const encoded = encode(decoded.value)
    if (encoded === undefined) return
    const again = decode(encoded)
    if (!again.ok) throw new Error(`accepts an input but not what it means: ${again.code}`)
    const rewritten = encode(again.value)
    if (rewritten === undefined || String(rewritten) !== String(encoded))
      throw new Error('does not round-trip')
  }
  return { name, run, seeds: seedsOf(seeds) }
}

function encodeFrame(frame: FmpFrame): Uint8Array | undefined {
  switch (frame.type) {
    case 'msg1':
      return encodeMsg1(frame.senderIndex, frame.noise)
    case 'msg2':
      return encodeMsg2(frame.senderIndex, frame.receiverIndex, frame.noise)
    case 'established':
      return undefined
  }
}

function encodePayload(payload: SessionPayload): Uint8Array | undefined {
  switch (payload.type) {
    case 'setup':
    case 'ack':
    case 'msg3':
      return encodeSessionHandshake(payload)
    case 'coords-required':
    case 'path-broken':
    case 'mtu-exceeded':
      return encodeSignal(payload)
    case 'sealed':
      return undefined
  }
}

/** Feeds a parser of text with the input as Latin-1. */
function text(name: string, parse: (text: string) => unknown, seeds: readonly string[]): FuzzedDecoder {
  const decoder = new TextDecoder('latin1')
  const encoder = new TextEncoder()
  return {
    name,
    run: (input) => parse(decoder.decode(input)),
    seeds: seeds.map((seed) => encoder.encode(seed)),
  }
}

const ADDRESS = new Uint8Array(16).fill(0xfd)
const NPUB = 'npub10xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqpkge6d'
const NSEC = 'nsec1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsmhltgl'
const HEX_KEY = '0000000000000000000000000000000000000000000000000000000000000001'

export const FUZZED_DECODERS: readonly FuzzedDecoder[] = [
  codec('link frame', 'fmp frame', decodeFrame, encodeFrame),
  codec('link plaintext', 'link plaintext', decodePlaintext),
  codec('disconnect', 'Disconnect', decodeDisconnect, encodeDisconnect),
  codec('tree announce', 'TreeAnnounce', decodeTreeAnnounce, encodeTreeAnnounce),
  codec('filter announce', 'FilterAnnounce', decodeFilterAnnounce, encodeFilterAnnounce),
  codec('lookup request', 'LookupRequest', decodeLookupRequest, encodeLookupRequest),
  codec('lookup response', 'LookupResponse', decodeLookupResponse, encodeLookupResponse),
  codec('sender report', 'link: SenderReport', decodeLinkSenderReport, encodeLinkSenderReport),
  codec('receiver report', 'link: ReceiverReport', decodeLinkReceiverReport, encodeLinkReceiverReport),
  codec('session sender report', 'session: SenderReport', decodeSessionSenderReport),
  codec('session receiver report', 'session: ReceiverReport', decodeSessionReceiverReport),
  codec('session datagram', 'SessionDatagram', decodeSessionDatagram, encodeSessionDatagram),
  codec('session payload', 'session payload', decodeSessionPayload, encodePayload),
  codec('error signal', 'signal: ', decodeSignal),
  codec('session plaintext', 'session plaintext', decodeSessionPlaintext),
  codec('session message', 'session: ', (input) =>
    decodeSessionMessage(input[0] ?? SESSION_MESSAGE_TYPES.data, input.subarray(1)),
  ),
  codec(
    'IPv6 shim',
    'ipv6 shim',
    (input) => decompressIpv6(input, ADDRESS, ADDRESS),
    (packet) => {
      const shim = compressIpv6(packet)
      if (!shim.ok) throw new Error(`a decompressed packet does not compress: ${shim.code}`)
      return shim.value
    },
  ),
  {
    name: 'IPv6 packet',
    run: compressIpv6,
    seeds: [Uint8Array.of(0x60, ...new Uint8Array(60))],
  },
  {
    name: 'byte stream',
    run: (input) => {
      const framer = new StreamFramer(1400)
      framer.push(input)
      framer.skip(1)
      return framer.push(input)
    },
    seeds: seedsOf('byte stream'),
  },
  text('npub', parseNpub, [NPUB, NPUB.toUpperCase()]),
  text('nsec', parseNsec, [NSEC]),
  text('secret', parseSecret, [NSEC, HEX_KEY]),
  text('node address', parseNodeAddr, ['91f9c39dae55a8214bbbcffe30ed42a2']),
  text('hex', unhex, [HEX_KEY, '0g']),
  ...LINE_READERS,
  ...SERIAL_READERS,
  ...HOST_READERS,
]
