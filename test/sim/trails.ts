/**
 * What datagrams and requests do on their way, seen from between the two halves of every node: the payload of a datagram
 * stays the same from link to link, so that it is known again wherever it comes by.
 */
import {
  DATAGRAM_HEADER_SIZE,
  LINK_MESSAGE_TYPES,
  LOOKUP_TTL,
  Mesh,
  NODE_ADDR_SIZE,
  decodeLookupRequest,
  u32At,
} from '../../core/index.ts'
import type { MeshDeps, MeshLayer, Millis, NodeAddr } from '../../core/index.ts'

/** The hop limit that nodes give their datagrams. */
export const DATAGRAM_TTL = 64
/** Of a SessionDatagram with its type byte. */
const TTL_AT = 1
const SOURCE_AT = 4
const DESTINATION_AT: number = SOURCE_AT + NODE_ADDR_SIZE
/** Of a LookupRequest with its type byte: behind its number, target and origin. */
const REQUEST_TTL_AT: number = 1 + 8 + 2 * NODE_ADDR_SIZE
/** Where an error signal names the node it is about: the end of all of them is the root's address. */
const ABOUT_AT: number = DATAGRAM_HEADER_SIZE + 6
/** A datagram is on its way for a few seconds at the very most. */
const FORGET_AFTER: Millis = 10_000

interface Trail {
  /** Copies of it that its source sent: a resend is the same bytes. */
  copies: number
  /** The nodes it came to, each as often as it did. */
  readonly visited: number[]
}

export class Trails {
  /** Most links that one copy of a datagram has passed. */
  mostLinks = 0
  /** Datagrams of which one copy came to a node twice. */
  circled = 0
  datagrams = 0
  /** Links passed by the datagram that came to a node last. */
  linksOfLast = 0
  /** By a number for each datagram. */
  #young = new Map<number, Trail>()
  #old = new Map<number, Trail>()
  #turnAt: Millis = FORGET_AFTER
  readonly #requests = new Map<string, Set<bigint>>()
  readonly #numbers = new Map<NodeAddr, number>()

  /** Builds the mesh half of a node and listens at it. */
  readonly build = (deps: MeshDeps): MeshLayer => {
    const mesh = new Mesh(deps)
    const self = this.#numberOf(deps.identity.nodeAddr)
    const linkMessage = mesh.linkMessage.bind(mesh)
    mesh.linkMessage = (from, message, congested, now) => {
      this.#note(self, message, now)
      linkMessage(from, message, congested, now)
    }
    return mesh
  }

  /** Requests for `target` that `origin` sent: one for each attempt. */
  requests(origin: NodeAddr, target: NodeAddr): number {
    return this.#requests.get(origin + target)?.size ?? 0
  }

  #numberOf(node: NodeAddr): number {
    const number = this.#numbers.get(node) ?? this.#numbers.size
    this.#numbers.set(node, number)
    return number
  }

  #note(self: number, message: Uint8Array, now: Millis): void {
    if (message[0] === LINK_MESSAGE_TYPES['session-datagram']) this.#noteDatagram(self, message, now)
    else if (message[0] === LINK_MESSAGE_TYPES['lookup-request']) this.#noteRequest(message)
  }

  /** As it comes from its origin: what others pass on is the same request. */
  #noteRequest(message: Uint8Array): void {
    if (message[REQUEST_TTL_AT] !== LOOKUP_TTL) return
    const decoded = decodeLookupRequest(message)
    if (!decoded.ok) return
    const { origin, target, requestId } = decoded.value
    const ids = this.#requests.get(origin + target)
    if (ids === undefined) this.#requests.set(origin + target, new Set([requestId]))
    else ids.add(requestId)
  }

  #noteDatagram(self: number, message: Uint8Array, now: Millis): void {
    if (message.length < DATAGRAM_HEADER_SIZE) return
    const ttl = message[TTL_AT]!
    const trail = this.#trail(numberOf(message), now)
    const { visited } = trail
    if (ttl === DATAGRAM_TTL) trail.copies += 1
    visited.push(self)
    let visits = 0
    for (const node of visited) if (node === self) visits += 1
    if (visits === trail.copies + 1) this.circled += 1
    this.mostLinks = Math.max(this.mostLinks, Math.ceil(visited.length / Math.max(1, trail.copies)))
    this.linksOfLast = DATAGRAM_TTL - ttl + 1
  }

  #trail(key: number, now: Millis): Trail {
    if (now >= this.#turnAt) {
      this.#old = this.#young
      this.#young = new Map()
      this.#turnAt = now + FORGET_AFTER
    }
    let trail = this.#young.get(key) ?? this.#old.get(key)
    if (trail === undefined) {
      this.datagrams += 1
      trail = { copies: 0, visited: [] }
      this.#young.set(key, trail)
    }
    return trail
  }
}

/**
 * Tells a datagram from every other, by 53 bits of both addresses and of the end of its payload, which is the tag of what
 * is sealed.
 */
function numberOf(message: Uint8Array): number {
  const end = message.length
  const about = end < ABOUT_AT + 4 ? 0 : u32At(message, ABOUT_AT)
  const ends = Math.imul(u32At(message, SOURCE_AT), 0x9e3779b1) ^ u32At(message, DESTINATION_AT) ^ about
  const tag = Math.imul(u32At(message, end - 8) ^ ends, 0x85ebca6b) ^ u32At(message, end - 16)
  return ((u32At(message, end - 4) ^ ends) >>> 0) * 2 ** 21 + (tag >>> 11)
}
