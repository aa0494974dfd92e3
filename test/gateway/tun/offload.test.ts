/** Splitting and merging for an interface with offloads: what was merged splits into the same packets, and both like a slow twin. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { concatBytes, hex } from '../../../core/index.ts'
import { fillChecksum, newPacket, payloadChecksum } from '../../../gateway/ipv6/index.ts'
import { HEAD_AT, HEAD_BYTES, SegmentMerger, type GatherWriter } from '../../../gateway/tun/merge.ts'
import { splitPacket } from '../../../gateway/tun/split.ts'
import { checksumOf, folded, sumOf, type WordMemory } from '../../../gateway/tun/sums.ts'
import { VNET_HEADER } from '../../../gateway/tun/vnet.ts'
import { ip } from '../ipv6/addresses.ts'

const [OWN, OTHER] = [ip('fd12:3456::1'), ip('fd98:7654::2')]
const RUNS = { seed: 0x5eed, numRuns: 400 }
const TCP = 6
const UDP = 17
const IPV6 = 40
const PUSH = 0x08
const ACK = 0x10

function memoryOf(size: number): WordMemory {
  const buffer = new ArrayBuffer(size)
  return { bytes: new Uint8Array(buffer), words: new Uint32Array(buffer) }
}

interface Segment {
  readonly sequence: number
  readonly payload: Uint8Array
  readonly flags?: number
  readonly acknowledgement?: number
  readonly options?: Uint8Array
  readonly port?: number
}

function tcp({
  sequence,
  payload,
  flags = ACK,
  acknowledgement = 7,
  options = new Uint8Array(12),
  port = 80,
}: Segment) {
  const packet = newPacket(OWN, OTHER, TCP, 20 + options.length + payload.length)
  const view = new DataView(packet.buffer)
  view.setUint16(IPV6, 40_000)
  view.setUint16(IPV6 + 2, port)
  view.setUint32(IPV6 + 4, sequence)
  view.setUint32(IPV6 + 8, acknowledgement)
  packet[IPV6 + 12] = ((20 + options.length) / 4) << 4
  packet[IPV6 + 13] = flags
  view.setUint16(IPV6 + 14, 512)
  packet.set(options, IPV6 + 20)
  packet.set(payload, IPV6 + 20 + options.length)
  fillChecksum(packet, IPV6 + 16)
  return packet
}

/** Everything that leaves, each with its vnet header. */
class Written implements GatherWriter {
  readonly head: WordMemory = memoryOf(Math.ceil(HEAD_BYTES / 8) * 8)
  readonly maxPieces: number
  readonly frames: Uint8Array[] = []
  #pieces: Uint8Array[] = []

  constructor(maxPieces = 64) {
    this.maxPieces = maxPieces
  }

  piece(bytes: Uint8Array, at: number, length: number): void {
    this.#pieces.push(bytes.slice(at, at + length))
    assert.ok(this.#pieces.length <= this.maxPieces)
  }

  send(length: number): void {
    this.frames.push(concatBytes(this.head.bytes.slice(HEAD_AT, HEAD_AT + length), ...this.#pieces))
    this.#pieces = []
  }
}

/** The packets in a frame of the interface. */
function split(frame: Uint8Array, at = 16): Uint8Array[] {
  const memory = memoryOf(Math.ceil((at + frame.length) / 8) * 8)
  memory.bytes.set(frame, at - VNET_HEADER)
  const packets: Uint8Array[] = []
  const isUnderstood = splitPacket(memory, at, frame.length - VNET_HEADER, (bytes, from, length) => {
    packets.push(bytes.slice(from, from + length))
  })
  assert.ok(isUnderstood)
  return packets
}

function merged(packets: readonly Uint8Array[], writer = new Written(), at = 8): Uint8Array[] {
  const merger = new SegmentMerger(writer)
  for (const packet of packets) {
    const memory = memoryOf(Math.ceil((at + packet.length) / 8) * 8)
    memory.bytes.set(packet, at)
    merger.write(memory, at, packet.length)
  }
  merger.flush()
  return writer.frames
}

const segments = fc
  .array(
    fc.record({
      size: fc.oneof(fc.constant(1208), fc.constant(1208), fc.integer({ min: 0, max: 1220 })),
      hasPush: fc.boolean(),
      isSpoilt: fc.nat(19),
      jumps: fc.nat(9),
    }),
    { maxLength: 80 },
  )
  .map((list) => {
    let sequence = 0xffff_0000
    return list.map(({ size, hasPush, isSpoilt, jumps }, i) => {
      if (jumps === 0) sequence = (sequence + 1) >>> 0
      const payload = Uint8Array.from({ length: size }, (_, at) => (at * 31 + i) & 0xff)
      const packet = tcp({ sequence, payload, flags: hasPush ? ACK | PUSH : ACK })
      sequence = (sequence + size) >>> 0
      if (isSpoilt === 0) packet[packet.length - 1]! ^= 1
      return packet
    })
  })

test('what was merged splits into the packets it was made of, in order', () => {
  fc.assert(
    fc.property(segments, fc.constantFrom(8, 9, 10), fc.constantFrom(16, 17, 18), (packets, at, splitAt) => {
      const frames = merged(packets, new Written(), at)
      assert.deepEqual(frames.flatMap((frame) => split(frame, splitAt)).map(hex), packets.map(hex))
    }),
    RUNS,
  )
})

test('segments in a row leave as one, up to what the writer takes', () => {
  const payload = new Uint8Array(1208).fill(5)
  const row = Array.from({ length: 40 }, (_, i) => tcp({ sequence: i * 1208, payload }))
  assert.equal(merged(row).length, 1)
  assert.equal(merged(row, new Written(16)).length, 3)
  const long = Array.from({ length: 60 }, (_, i) => tcp({ sequence: i * 1208, payload }))
  assert.equal(merged(long).length, 2, 'a packet has 64 kB at most')
})

test('a segment that is unlike the others goes by itself', () => {
  const payload = new Uint8Array(1000)
  const first = tcp({ sequence: 0, payload })
  const others = {
    'other acknowledgement': tcp({ sequence: 1000, payload, acknowledgement: 8 }),
    'other options': tcp({ sequence: 1000, payload, options: new Uint8Array(12).fill(1) }),
    'fewer options': tcp({ sequence: 1000, payload, options: new Uint8Array(0) }),
    'other port': tcp({ sequence: 1000, payload, port: 81 }),
    FIN: tcp({ sequence: 1000, payload, flags: ACK | 1 }),
    'a gap': tcp({ sequence: 1001, payload }),
    longer: tcp({ sequence: 1000, payload: new Uint8Array(1001) }),
    'no payload': tcp({ sequence: 1000, payload: new Uint8Array(0) }),
    'congestion mark': withCongestionMark(tcp({ sequence: 1000, payload })),
  }
  for (const [what, other] of Object.entries(others)) assert.equal(merged([first, other]).length, 2, what)
  assert.equal(merged([first, tcp({ sequence: 1000, payload })]).length, 1)
})

test('a wrong checksum is passed on for the host to find', () => {
  const payload = new Uint8Array(1000)
  const wrong = tcp({ sequence: 1000, payload })
  wrong[100]! ^= 1
  const frames = merged([tcp({ sequence: 0, payload }), wrong])
  assert.deepEqual(frames.flatMap((frame) => split(frame)).map(hex)[1], hex(wrong))
})

/** As the kernel makes it: one header, a sum of the pseudo header, and all of the payload. */
function superPacket(
  type: number,
  header: Uint8Array,
  checksumOffset: number,
  payload: Uint8Array,
  size: number,
) {
  const packet = concatBytes(header, payload)
  const view = new DataView(packet.buffer)
  view.setUint16(4, packet.length - IPV6)
  const vnet = new Uint8Array(VNET_HEADER)
  const fields = new DataView(vnet.buffer)
  vnet[0] = 1
  vnet[1] = type
  fields.setUint16(2, header.length, true)
  fields.setUint16(4, size, true)
  fields.setUint16(6, IPV6, true)
  fields.setUint16(8, checksumOffset, true)
  return concatBytes(vnet, packet)
}

test('a large UDP send becomes the datagrams it stands for', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 9000 }),
      fc.integer({ min: 100, max: 1200 }),
      (payload, size) => {
        const header = newPacket(OWN, OTHER, UDP, 8)
        header.set([1, 2, 3, 4], IPV6)
        const packets = split(superPacket(5, header, 6, payload, size))
        assert.equal(packets.length, Math.ceil(payload.length / size))
        assert.deepEqual(concatBytes(...packets.map((packet) => packet.subarray(IPV6 + 8))), payload)
        for (const packet of packets) {
          const view = new DataView(packet.buffer)
          assert.equal(view.getUint16(4), packet.length - IPV6)
          assert.equal(view.getUint16(IPV6 + 4), packet.length - IPV6)
          assert.equal(payloadChecksum(packet), 0)
        }
      },
    ),
    RUNS,
  )
})

test('FIN and PSH are for the last segment of a large TCP send, and CWR for the first', () => {
  const header = tcp({ sequence: 5, payload: new Uint8Array(0), flags: ACK | PUSH | 1 | 0x80 })
  const packets = split(superPacket(4 | 0x80, header, 16, new Uint8Array(2500), 1000))
  assert.deepEqual(
    packets.map((packet) => packet[IPV6 + 13]),
    [ACK | 0x80, ACK, ACK | PUSH | 1],
  )
  assert.deepEqual(
    packets.map((packet) => new DataView(packet.buffer).getUint32(IPV6 + 4)),
    [5, 1005, 2005],
  )
  for (const packet of packets) assert.equal(payloadChecksum(packet), 0)
})

test('a checksum that was left to the device is completed', () => {
  const whole = tcp({ sequence: 1, payload: new Uint8Array(333).fill(9) })
  const left = whole.slice()
  const pseudo = whole.slice(0, IPV6)
  const sum = folded(sumOf(wordsOf(pseudo), 8, 32) + (TCP << 8) + swapped(whole.length - IPV6))
  left.set([sum & 0xff, sum >> 8], IPV6 + 16)
  const vnet = Uint8Array.of(1, 0, 0, 0, 0, 0, IPV6, 0, 16, 0)
  assert.deepEqual(split(concatBytes(vnet, left)), [whole])
})

test('what is not to be understood is refused whole', () => {
  const packet = tcp({ sequence: 0, payload: new Uint8Array(100) })
  const bad: readonly Uint8Array[] = [
    concatBytes(new Uint8Array(VNET_HEADER), Uint8Array.of(0x45, ...packet.subarray(1))),
    concatBytes(new Uint8Array(VNET_HEADER), packet.subarray(0, 39)),
    concatBytes(Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0, 0), packet),
    concatBytes(Uint8Array.of(1, 4, 0, 0, 0, 0, IPV6, 0, 16, 0), packet),
    concatBytes(Uint8Array.of(1, 4, 0, 0, 10, 0, 0xff, 0xff, 16, 0), packet),
    concatBytes(Uint8Array.of(1, 5, 0, 0, 10, 0, 0, 0, 16, 0), packet),
    concatBytes(Uint8Array.of(1, 0, 0, 0, 0, 0, 0xff, 0xff, 16, 0), packet),
  ]
  for (const frame of bad) {
    const memory = memoryOf(1024)
    memory.bytes.set(frame, 16 - VNET_HEADER)
    assert.equal(
      splitPacket(memory, 16, frame.length - VNET_HEADER, () => assert.fail('handed on')),
      false,
      hex(frame),
    )
  }
})

test('sums agree with a slow twin at every alignment and length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1300 }), fc.nat(7), (bytes, at) => {
      const memory = memoryOf(1312)
      memory.bytes.set(bytes, at)
      let slow = 0
      for (let i = 0; i < bytes.length; i += 2) slow += bytes[i]! | ((bytes[i + 1] ?? 0) << 8)
      while (slow > 0xffff) slow = (slow & 0xffff) + (slow >>> 16)
      assert.equal(folded(sumOf(memory, at, bytes.length)), slow)
    }),
    RUNS,
  )
  assert.equal(checksumOf(0xffff), 0xffff, 'none is written as all ones')
})

function withCongestionMark(packet: Uint8Array): Uint8Array {
  packet[1]! |= 0x30
  return packet
}

function wordsOf(bytes: Uint8Array<ArrayBuffer>): WordMemory {
  return { bytes, words: new Uint32Array(bytes.buffer) }
}

function swapped(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8)
}
