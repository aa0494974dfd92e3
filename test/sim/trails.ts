/**
 * What datagrams and requests do on their way, seen from between the two halves of every node: the payload of a datagram
 * stays the same from link to link, so that it is known again wherever it comes by.
 */
import {
  DATAGRAM_HEADER_SIZE,
  LINK_MESSAGE_TYPES,
  LOOKUP_TTL,
  Mesh,
  decodeLookupRequest,
  decodeSessionDatagram,
} from '../../core/index.ts'
import type { MeshDeps, MeshLayer, Millis, NodeAddr } from '../../core/index.ts'

/** The hop limit that nodes give their datagrams. */
export const DATAGRAM_TTL = 64
/** A datagram is on its way for a few seconds at the very most. */
const FORGET_AFTER: Millis = 60_000

interface Trail {
  /** Copies of it that its source sent: a resend is the same bytes. */
  copies: number
  links: number
  readonly visited: Map<NodeAddr, number>
}

export class Trails {
  /** Most links that one copy of a datagram has passed. */
  mostLinks = 0
  /** Datagrams of which one copy came to a node twice. */
  circled = 0
  datagrams = 0
  #young = new Map<string, Trail>()
  #old = new Map<string, Trail>()
  #turnAt: Millis = FORGET_AFTER
  readonly #requests = new Map<string, Set<bigint>>()
  /** Links that the datagram has passed which came to each node last. */
  readonly #linksOfLast = new Map<NodeAddr, number>()

  /** Builds the mesh half of a node and listens at it. */
  readonly build = (deps: MeshDeps): MeshLayer => {
    const mesh = new Mesh(deps)
    const self = deps.identity.nodeAddr
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

  linksOfLast(node: NodeAddr): number | undefined {
    return this.#linksOfLast.get(node)
  }

  #note(self: NodeAddr, message: Uint8Array, now: Millis): void {
    if (message[0] === LINK_MESSAGE_TYPES['session-datagram']) this.#noteDatagram(self, message, now)
    else if (message[0] === LINK_MESSAGE_TYPES['lookup-request']) this.#noteRequest(message)
  }

  #noteRequest(message: Uint8Array): void {
    const decoded = decodeLookupRequest(message)
    if (!decoded.ok || decoded.value.ttl !== LOOKUP_TTL) return
    const { origin, target, requestId } = decoded.value
    const ids = this.#requests.get(origin + target)
    if (ids === undefined) this.#requests.set(origin + target, new Set([requestId]))
    else ids.add(requestId)
  }

  #noteDatagram(self: NodeAddr, message: Uint8Array, now: Millis): void {
    const decoded = decodeSessionDatagram(message)
    if (!decoded.ok) return
    const { ttl, source, destination } = decoded.value
    const trail = this.#trail(source + destination + latin1(message.subarray(DATAGRAM_HEADER_SIZE)), now)
    if (ttl === DATAGRAM_TTL) trail.copies += 1
    trail.links += 1
    const visits = (trail.visited.get(self) ?? 0) + 1
    trail.visited.set(self, visits)
    if (visits === trail.copies + 1) this.circled += 1
    this.mostLinks = Math.max(this.mostLinks, Math.ceil(trail.links / Math.max(1, trail.copies)))
    this.#linksOfLast.set(self, DATAGRAM_TTL - ttl + 1)
  }

  #trail(key: string, now: Millis): Trail {
    if (now >= this.#turnAt) {
      this.#old = this.#young
      this.#young = new Map()
      this.#turnAt = now + FORGET_AFTER
    }
    let trail = this.#young.get(key) ?? this.#old.get(key)
    if (trail === undefined) {
      this.datagrams += 1
      trail = { copies: 0, links: 0, visited: new Map() }
      this.#young.set(key, trail)
    }
    return trail
  }
}

/** Enough of a payload to tell it from every other: its end is the tag of what is sealed. */
function latin1(payload: Uint8Array): string {
  return String.fromCharCode(...payload.subarray(-24))
}
