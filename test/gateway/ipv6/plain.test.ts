/** A packet that is called plain is one that the edge lets through unchanged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { HostEdge, isPlainFromHost, isPlainFromMesh } from '../../../gateway/ipv6/index.ts'
import { ip } from './addresses.ts'

const OWN = ip('fd12:3456::1')
const OTHER = ip('fd98:7654::2')

const edge = new HostEdge({ address: OWN, linkMtu: () => 1472, pathMtu: () => undefined })

const address = fc.oneof(
  fc.constant(OWN),
  fc.constant(OTHER),
  fc.constant(Uint8Array.from(OTHER, (byte, i) => (i === 0 ? 0xff : byte))),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
)

const packets = fc
  .record({
    first: fc.constantFrom(0x60, 0x60, 0x6f, 0x45),
    next: fc.constantFrom(6, 17, 58),
    hopLimit: fc.constantFrom(0, 1, 64),
    source: address,
    destination: address,
    upper: fc.uint8Array({ maxLength: 80 }),
    wrongBy: fc.constantFrom(0, 0, 0, 1, -1),
  })
  .map(({ first, next, hopLimit, source, destination, upper, wrongBy }) => {
    const length = Math.max(0, upper.length + wrongBy)
    return Uint8Array.of(
      first,
      0,
      0,
      0,
      length >> 8,
      length,
      next,
      hopLimit,
      ...source,
      ...destination,
      ...upper,
    )
  })

const RUNS = { numRuns: 5000, seed: 0x5eed }

function shifted(packet: Uint8Array): Uint8Array {
  return Uint8Array.of(1, 2, 3, ...packet, 4, 5)
}

test('plain packets of the host are forwarded as they are, and those that are forwarded unchanged are plain', () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const before = packet.slice()
      const verdict = edge.fromHost(packet, 0)
      const isSame = verdict.type === 'forward' && Buffer.compare(verdict.packet, before) === 0
      const isSyn = before[6] === 6 && (before[53] ?? 0) % 4 >= 2
      if (isPlainFromHost(shifted(before), 3, before.length, OWN)) assert.ok(isSame)
      else assert.ok(!isSame || isSyn)
    }),
    RUNS,
  )
})

test('plain packets of the mesh are forwarded as they are', () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const before = packet.slice()
      const verdict = edge.fromMesh(packet)
      const isSame = verdict.type === 'forward' && Buffer.compare(verdict.packet, before) === 0
      if (isPlainFromMesh(shifted(before), 3, before.length, OWN)) assert.ok(isSame)
    }),
    RUNS,
  )
})
