/** LookupRequest (link message 0x30) and LookupResponse (0x31): where in the tree is this address? */
import { ByteReader, ByteWriter } from '../bytes.ts'
import type { Coordinates } from '../coordinates.ts'
import {
  coordinatesSize,
  readCoordinates,
  readNodeAddr,
  writeCoordinates,
  writeNodeAddr,
} from '../coordinates.ts'
import type { NodeAddr } from '../identity/index.ts'
import { NODE_ADDR_SIZE } from '../identity/index.ts'
import type { Result } from '../result.ts'
import { accept, reject } from '../result.ts'

export const LOOKUP_REQUEST_TYPE = 0x30
export const LOOKUP_RESPONSE_TYPE = 0x31

export interface LookupRequest {
  readonly requestId: bigint
  readonly target: NodeAddr
  readonly origin: NodeAddr
  /** Hops the request may still travel. */
  readonly ttl: number
  /** Smallest link MTU in bytes the origin can use; carried, not enforced. */
  readonly minMtu: number
  readonly originCoordinates: Coordinates
}

export interface LookupResponse {
  readonly requestId: bigint
  readonly target: NodeAddr
  /** Smallest link MTU in bytes on the way back so far; every hop lowers it, so the proof cannot cover it. */
  readonly pathMtu: number
  readonly targetCoordinates: Coordinates
  /** BIP-340 by the target over request id, target and coordinates, 64 bytes. */
  readonly proof: Uint8Array
}

const PROOF_SIZE = 64
const REQUEST_FIXED_SIZE = 1 + 8 + 2 * NODE_ADDR_SIZE + 1 + 2
const RESPONSE_FIXED_SIZE = 1 + 8 + NODE_ADDR_SIZE + 2

export type LookupRejection = 'wrong-type' | 'too-short' | 'empty-coordinates'

/**
 *   0x30 | request id LE64 | target 16 | origin 16 | ttl 1 | min mtu LE16 | origin coordinates (counted)
 *
 * At least one coordinate; trailing bytes are ignored. `message` includes the type byte.
 */
export function decodeLookupRequest(message: Uint8Array): Result<LookupRequest, LookupRejection> {
  const reader = new ByteReader(message)
  const type = reader.u8()
  if (type !== LOOKUP_REQUEST_TYPE) return reject('wrong-type', LOOKUP_REQUEST_TYPE, type)
  const requestId = reader.u64()
  const target = readNodeAddr(reader)
  const origin = readNodeAddr(reader)
  const ttl = reader.u8()
  const minMtu = reader.u16()
  const originCoordinates = readCoordinates(reader)
  if (reader.truncated) return reject('too-short', REQUEST_FIXED_SIZE, message.length)
  if (originCoordinates.length === 0) return reject('empty-coordinates')
  return accept({ requestId, target, origin, ttl, minMtu, originCoordinates })
}

/** The layout of `decodeLookupRequest`. */
export function encodeLookupRequest(request: LookupRequest): Uint8Array {
  const writer = new ByteWriter(REQUEST_FIXED_SIZE + coordinatesSize(request.originCoordinates))
  writer.u8(LOOKUP_REQUEST_TYPE).u64(request.requestId)
  writeNodeAddr(writer, request.target)
  writeNodeAddr(writer, request.origin)
  writer.u8(request.ttl).u16(request.minMtu)
  writeCoordinates(writer, request.originCoordinates)
  return writer.finish()
}

/**
 *   0x31 | request id LE64 | target 16 | path mtu LE16 | target coordinates (counted) | proof 64
 *
 * At least one coordinate; trailing bytes are ignored. `message` includes the type byte.
 */
export function decodeLookupResponse(message: Uint8Array): Result<LookupResponse, LookupRejection> {
  const reader = new ByteReader(message)
  const type = reader.u8()
  if (type !== LOOKUP_RESPONSE_TYPE) return reject('wrong-type', LOOKUP_RESPONSE_TYPE, type)
  const requestId = reader.u64()
  const target = readNodeAddr(reader)
  const pathMtu = reader.u16()
  const targetCoordinates = readCoordinates(reader)
  const proof = reader.take(PROOF_SIZE).slice()
  if (reader.truncated) return reject('too-short', RESPONSE_FIXED_SIZE + PROOF_SIZE, message.length)
  if (targetCoordinates.length === 0) return reject('empty-coordinates')
  return accept({ requestId, target, pathMtu, targetCoordinates, proof })
}

/** The layout of `decodeLookupResponse`. */
export function encodeLookupResponse(response: LookupResponse): Uint8Array {
  if (response.proof.length !== PROOF_SIZE) throw new RangeError('a proof has 64 bytes')
  const size = RESPONSE_FIXED_SIZE + coordinatesSize(response.targetCoordinates) + PROOF_SIZE
  const writer = new ByteWriter(size)
  writer.u8(LOOKUP_RESPONSE_TYPE).u64(response.requestId)
  writeNodeAddr(writer, response.target)
  writer.u16(response.pathMtu)
  writeCoordinates(writer, response.targetCoordinates)
  return writer.put(response.proof).finish()
}

/**
 * What the proof of a response covers, before hashing:
 *
 *   request id LE64 | target 16 | target coordinates (counted)
 */
export function proofBytes(
  response: Pick<LookupResponse, 'requestId' | 'target' | 'targetCoordinates'>,
): Uint8Array {
  const writer = new ByteWriter(8 + NODE_ADDR_SIZE + coordinatesSize(response.targetCoordinates))
  writer.u64(response.requestId)
  writeNodeAddr(writer, response.target)
  writeCoordinates(writer, response.targetCoordinates)
  return writer.finish()
}
