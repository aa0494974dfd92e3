/** Every decoder on broken, odd and valid input: accepted, rejected or ignored, and with which fields. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ByteReader,
  PREFIX_SIZE,
  StreamFramer,
  decodeFrame,
  decodePlaintext,
  decodeSessionPayload,
  decodeSessionPlaintext,
  decodeSignal,
  decompressIpv6,
  hex,
  linkMessageName,
  type FmpFrame,
  type LinkMessageName,
  type Result,
  type SessionPayload,
} from '../../core/index.ts'
import { KIND_OF_NAME, decodeNamed } from './link-messages.ts'
import { bytesOf, checkEach, loadVectors, testNamesAreKnown } from './load.ts'
import { showCoordinates, showHandshake, showSessionMessage, showSignal } from './session-messages.ts'

interface InputVector {
  readonly bytes: string
  readonly zeros_appended?: number
  readonly result: string
  readonly decoded?: Readonly<Record<string, unknown>>
}

type Outcome =
  | { readonly result: 'accept'; readonly decoded: object }
  | { readonly result: 'reject' }
  | { readonly result: 'ignore' }
type Decoder = (input: Uint8Array, vector: InputVector) => Outcome

/** Rejections that stand for "not for us" and are held against nobody. */
const IGNORED: readonly string[] = ['unknown-phase', 'unknown-type']

function outcome<T>(result: Result<T>, show: (value: T) => object): Outcome {
  if (result.ok) return { result: 'accept', decoded: show(result.value) }
  return { result: IGNORED.includes(result.code) ? 'ignore' : 'reject' }
}

function showFrame(frame: FmpFrame): object {
  switch (frame.type) {
    case 'established':
      return {
        phase: 0,
        flags: frame.header[1],
        payload_len: frame.sealed.length - 16,
        receiver_idx: frame.receiverIndex,
        counter: String(frame.counter),
      }
    case 'msg1':
      return { phase: 1, sender_idx: frame.senderIndex }
    case 'msg2':
      return { phase: 2, sender_idx: frame.senderIndex, receiver_idx: frame.receiverIndex }
  }
}

const frame: Decoder = (input) => outcome(decodeFrame(input), showFrame)

const linkPlaintext: Decoder = (input) =>
  outcome(decodePlaintext(input), ({ timestamp, message }) => ({ timestamp, message: hex(message) }))

const linkType: Decoder = (input) => {
  const name = linkMessageName(input[0] ?? -1)
  return name === undefined
    ? { result: 'ignore' }
    : { result: 'accept', decoded: { type: KIND_OF_NAME[name] } }
}

function linkMessage(name: LinkMessageName): Decoder {
  return (input) => {
    const read = decodeNamed(name, input)
    return read.result === 'accept' ? { result: 'accept', decoded: read.decoded } : read
  }
}

function byteStream(mtu: number): Decoder {
  return (input) => {
    const framer = new StreamFramer(mtu)
    const cut = framer.push(input)
    const first = cut.frames[0]
    if (first !== undefined) {
      return {
        result: 'accept',
        decoded: { frame_length: first.length, left_in_stream: input.length - first.length },
      }
    }
    return { result: cut.rejected === undefined ? 'ignore' : 'reject' }
  }
}

const sessionPayload = (input: Uint8Array): Outcome =>
  outcome(decodeSessionPayload(input), (payload) => showPayload(payload, input))

function showPayload(payload: SessionPayload, input: Uint8Array): object {
  switch (payload.type) {
    case 'setup':
    case 'ack':
    case 'msg3':
      return showHandshake(payload, input[PREFIX_SIZE])
    case 'coords-required':
    case 'path-broken':
    case 'mtu-exceeded':
      return showSignal(payload)
    case 'sealed':
      return {
        flags: payload.header[1],
        // Nobody checks the length field of a session payload, so the codec does not carry it.
        payload_len: new ByteReader(payload.header, 2).u16(),
        counter: String(payload.counter),
        coords:
          payload.coordinates === undefined
            ? null
            : {
                src_coords: showCoordinates(payload.coordinates.source),
                dest_coords: showCoordinates(payload.coordinates.destination),
              },
        ciphertext_offset: input.length - payload.sealed.length,
        ciphertext_length: payload.sealed.length,
      }
  }
}

/** Prefixes a body with the header of its phase, so that the one decoder of session payloads reads it. */
function sessionHandshake(phase: number): Decoder {
  return (input) => {
    const payload = new Uint8Array(PREFIX_SIZE + input.length)
    payload[0] = phase
    payload.set(input, PREFIX_SIZE)
    return sessionPayload(payload)
  }
}

const signal: Decoder = (input) => outcome(decodeSignal(input), showSignal)

const sessionPlaintext: Decoder = (input) => {
  const opened = decodeSessionPlaintext(input)
  if (!opened.ok) return { result: 'reject' }
  const message = showSessionMessage(opened.value.messageType, opened.value.body)
  if (message.result !== 'accept') return message
  return {
    result: 'accept',
    decoded: {
      timestamp: opened.value.timestamp,
      type: opened.value.messageType,
      inner_flags: input[5],
      kind: message.kind,
      body: message.decoded,
    },
  }
}

function sessionBody(messageType: number): Decoder {
  return (input) => {
    const message = showSessionMessage(messageType, input)
    return message.result === 'accept' ? { result: 'accept', decoded: message.decoded } : message
  }
}

/** The session's addresses are not part of the vector: taken from where the packet says they belong. */
const shim: Decoder = (input, vector) => {
  const packet = vector.decoded?.['packet']
  const addresses = typeof packet === 'string' ? bytesOf(packet).subarray(8, 40) : new Uint8Array(32)
  const decompressed = decompressIpv6(input, addresses.subarray(0, 16), addresses.subarray(16))
  return outcome(decompressed, (value) => ({ packet: hex(value) }))
}

const DECODERS: Readonly<Record<string, Decoder>> = {
  'fmp frame: msg1': frame,
  'fmp frame: msg2': frame,
  'fmp frame: established': frame,
  'link plaintext (timestamp, type, body)': linkPlaintext,
  'link message type byte': linkType,
  'link: Disconnect': linkMessage('disconnect'),
  'link: SenderReport': linkMessage('sender-report'),
  'link: ReceiverReport': linkMessage('receiver-report'),
  'link: TreeAnnounce': linkMessage('tree-announce'),
  'link: FilterAnnounce': linkMessage('filter-announce'),
  'link: LookupRequest': linkMessage('lookup-request'),
  'link: LookupResponse': linkMessage('lookup-response'),
  'link: SessionDatagram': linkMessage('session-datagram'),
  'signal: CoordsRequired': signal,
  'signal: PathBroken': signal,
  'signal: MtuExceeded': signal,
  'fsp: SessionSetup': sessionHandshake(1),
  'fsp: SessionAck': sessionHandshake(2),
  'fsp: SessionMsg3': sessionHandshake(3),
  'session payload: established with coordinates': sessionPayload,
  'session payload: established': sessionPayload,
  'session payload: setup': sessionPayload,
  'session payload: error signal': sessionPayload,
  'session plaintext (timestamp, type, flags, body)': sessionPlaintext,
  'session: SenderReport body': sessionBody(0x11),
  'session: ReceiverReport body': sessionBody(0x12),
  'session: PathMtuNotification body': sessionBody(0x13),
  'ipv6 shim payload': shim,
}

/** `byte stream framing, mtu 1400: msg1` and the like: the MTU is part of the name. */
const BYTE_STREAM = /^byte stream framing, mtu (\d+): (msg1|msg2|established)$/

function decoderOf(name: string): Decoder {
  const stream = BYTE_STREAM.exec(name)
  const decoder = stream === null ? DECODERS[name] : byteStream(Number(stream[1]))
  assert.ok(decoder !== undefined, `no decoder is called ${name}`)
  return decoder
}

for (const file of ['malformed.json', 'malformed-session.json']) {
  const vectors = loadVectors(file)
  testNamesAreKnown(vectors, ['totals', 'decoders'])
  const decoders = vectors.value<Record<string, readonly InputVector[]>>('decoders')
  const totals = vectors.value<Record<string, Record<string, number>>>('totals')

  test(`${file}: every decoder has its inputs`, () => {
    assert.ok(Object.keys(decoders).length > 0)
    assert.deepEqual(Object.keys(decoders).toSorted(), Object.keys(totals).toSorted())
  })

  for (const [name, inputs] of Object.entries(decoders)) {
    test(`${file}: ${name}`, () => {
      assert.ok(inputs.length > 0, 'no inputs')
      const decode = decoderOf(name)
      checkEach(inputs, (vector) => {
        const bytes = bytesOf(vector.bytes)
        const input = new Uint8Array(bytes.length + (vector.zeros_appended ?? 0))
        input.set(bytes)
        const expected =
          vector.result === 'accept'
            ? { result: 'accept', decoded: vector.decoded }
            : { result: vector.result }
        assert.deepEqual(decode(input, vector), expected)
      })
    })
  }
}
