/**
 * The data path of the mesh half: plain traffic that is forwarded, delivered or originated in place. It does what
 * `Forwarder`, `Sessions` and `Outbound` do with the same bytes, and leaves to them, having touched nothing, whatever is not
 * plain traffic on a known way.
 */
import { FRAME_MESSAGE_AT, LINK_OVERHEAD, MESSAGE_TYPE_SIZE } from '../fmp/index.ts'
import {
  DATAGRAM_DESTINATION_AT,
  DATAGRAM_HEADER_SIZE,
  DATAGRAM_SOURCE_AT,
  compressedSize,
  decompressIpv6At,
  IPV6_OVERHEAD,
  isPlainTraffic,
  markCongestion,
  pathMtuAt,
  rewriteHopAt,
  ttlAt,
  writeDatagramAt,
} from '../fsp/index.ts'
import { hex } from '../bytes.ts'
import { ipv6Of, NODE_ADDR_SIZE, nodeAddrAt, nodeAddrToBytes, type NodeAddr } from '../identity/index.ts'
import type { DataLink, MeshData } from '../node/layers.ts'
import { PLACE_FRAME_MAX, PLACE_SECOND_AT } from '../node/packet-sink.ts'
import { canTravel } from '../routing/index.ts'
import { dataClass, openTrafficAt, sealTrafficAt, type Session, type Sessions } from '../session/index.ts'
import type { Millis } from '../time.ts'
import { AddrTable } from '../addr-table.ts'
import type { MeshContext } from './context.ts'
import { isUrgentPacket, trafficClass } from './frame-class.ts'
import { Ways, type Way } from './ways.ts'

/** Nodes at once that we have traffic with, some 200 B each; more share slots and are looked up again. */
const SLOTS = 256
/** A target is looked up again after this, which counts as a use of its key and its position. */
const TARGET_LIFE_MS: Millis = 1000
const IPV6_DESTINATION_AT = 24
/** What is the same for all packets from or to a node, for as long as nothing but traffic happens. */
interface Correspondent {
  readonly session: Session
  readonly ipv6: Uint8Array
}

interface Target {
  readonly session: Session
  /** Of the datagrams that go there. */
  readonly header: Uint8Array
  readonly way: Way
  /** Longest IPv6 packet that gets there, bytes. */
  readonly packetMax: number
  /** No router on the way needs to be shown positions. */
  readonly isNeighbour: boolean
  readonly until: Millis
}

export class DataPath implements MeshData {
  readonly #context: MeshContext
  readonly #sessions: Sessions
  readonly #link: DataLink
  readonly #pathMtu: (to: NodeAddr, now: Millis) => number | undefined
  readonly #ways: Ways
  readonly #sources = new AddrTable<Correspondent>(SLOTS)
  readonly #targets = new AddrTable<Target>(SLOTS)
  readonly #ownAddr: Uint8Array

  constructor(
    context: MeshContext,
    sessions: Sessions,
    link: DataLink,
    pathMtu: (to: NodeAddr, now: Millis) => number | undefined,
  ) {
    this.#context = context
    this.#sessions = sessions
    this.#link = link
    this.#pathMtu = pathMtu
    this.#ways = new Ways(context)
    this.#ownAddr = nodeAddrToBytes(context.identity.nodeAddr)
  }

  forget(): void {
    this.#ways.forget()
    this.#sources.forgetAll()
    this.#targets.forgetAll()
  }

  datagram(from: NodeAddr, at: number, length: number, congested: boolean, now: Millis): boolean {
    const { slab } = this.#link.sink
    if (!isPlainTraffic(slab, at, length)) return false
    const way = this.#ways.towards(slab, at + DATAGRAM_DESTINATION_AT, now)
    if (way === undefined) return false
    if (way === 'here') return this.#deliver(at, length, congested, now)
    // What has lost its way, and what a leaf should not carry for others, is the forwarder's.
    const goesOn = !way.astray.has(from) && !this.#context.config.leafOnly
    return goesOn && this.#forward(way, from, at, length, congested, now)
  }

  packet(bytes: Uint8Array, at: number, length: number, now: Millis): boolean {
    const { counters } = this.#context
    const { slab } = this.#link.sink
    const known = this.#targets.get(bytes, at + IPV6_DESTINATION_AT)
    const target =
      known !== undefined && now < known.until ? known : this.#target(bytes, at + IPV6_DESTINATION_AT, now)
    if (target === undefined || length > target.packetMax) return false
    const { session, way } = target
    if (session.warmupRemaining > 0 && !target.isNeighbour) return false
    const frameClass = dataClass(compressedSize(length), isUrgentPacket(bytes, at))
    if (way.isCopied && frameClass !== 'bulk') return false
    const messageAt = this.#link.sink.reserve() + FRAME_MESSAGE_AT
    // Byte by byte, which is faster than `set` for so few.
    const { header } = target
    for (let i = 0; i < header.length; i++) slab[messageAt + i] = header[i]!
    const isFirst = session.unanswered === undefined
    const sealed = sealTrafficAt(session, slab, messageAt, bytes, at, length, now)
    if (sealed === 0 || !this.#link.sendAt(way.via, messageAt, sealed, frameClass, now, false)) return false
    counters.forwarding.originatedPackets++
    counters.forwarding.originatedBytes += sealed
    this.#sessions.hadTraffic(session, isFirst, now)
    return true
  }

  #forward(way: Way, from: NodeAddr, at: number, length: number, congested: boolean, now: Millis): boolean {
    const { counters } = this.#context
    const { forwarding, congestion } = counters
    const { slab } = this.#link.sink
    const ttl = ttlAt(slab, at)
    if (!canTravel({ ttl }) || length + LINK_OVERHEAD > way.mtu) return false
    const frameClass = trafficClass(length - DATAGRAM_HEADER_SIZE)
    if (frameClass !== 'bulk' && (way.isCopied || way.copiers.has(from))) return false
    const size = length - MESSAGE_TYPE_SIZE
    forwarding.receivedPackets++
    forwarding.receivedBytes += size
    if (way.isCongested) congestion.congestionDetected++
    const mark = congested || way.isCongested
    rewriteHopAt(slab, at, ttl - 1, Math.min(pathMtuAt(slab, at), way.mtu))
    if (!this.#link.sendAt(way.via, at, length, frameClass, now, mark)) {
      forwarding.dropSendErrorPackets++
      forwarding.dropSendErrorBytes += size
      return true
    }
    forwarding.forwardedPackets++
    forwarding.forwardedBytes += size
    if (mark) congestion.ceForwarded++
    forwarding[way.counter]++
    return true
  }

  #deliver(at: number, length: number, congested: boolean, now: Millis): boolean {
    const { config, counters, identity } = this.#context
    const { slab } = this.#link.sink
    const source =
      this.#sources.get(slab, at + DATAGRAM_SOURCE_AT) ?? this.#source(slab, at + DATAGRAM_SOURCE_AT)
    if (source?.session.publicKey === undefined) return false
    const { session } = source
    const payloadAt = at + DATAGRAM_HEADER_SIZE
    const outAt = at + PLACE_SECOND_AT
    const opened = openTrafficAt(
      session,
      slab,
      payloadAt,
      length - DATAGRAM_HEADER_SIZE,
      outAt,
      pathMtuAt(slab, at),
      congested,
      now,
    )
    if (opened === 0) return false
    const size = length - MESSAGE_TYPE_SIZE
    counters.forwarding.receivedPackets++
    counters.forwarding.receivedBytes += size
    counters.forwarding.deliveredPackets++
    counters.forwarding.deliveredBytes += size
    const packetAt = decompressIpv6At(slab, outAt, opened, source.ipv6, identity.ipv6)
    const packetLength = outAt + opened - packetAt
    if (congested && config.ecn.enabled) {
      markCongestion(slab.subarray(packetAt, packetAt + packetLength))
      counters.congestion.ceReceived++
    }
    this.#sessions.hadTraffic(session, false, now)
    this.#link.sink.packet(packetAt, packetLength, source.session.publicKey)
    return true
  }

  #source(bytes: Uint8Array, at: number): Correspondent | undefined {
    const remote = nodeAddrAt(bytes, at)
    const session = this.#sessions.get(remote)
    if (session === undefined) return undefined
    const source = { session, ipv6: ipv6Of(remote) }
    this.#sources.put(bytes, at, source)
    return source
  }

  #target(bytes: Uint8Array, at: number, now: Millis): Target | undefined {
    const { config, identities } = this.#context
    const known = identities.byPrefix(hex(bytes.subarray(at + 1, at + NODE_ADDR_SIZE)), now)
    const session = known === undefined ? undefined : this.#sessions.get(known.addr)
    if (known === undefined || session?.isEstablished !== true) return undefined
    const addr = nodeAddrToBytes(known.addr)
    const way = this.#ways.towards(addr, 0, now)
    const pathMtu = this.#pathMtu(known.addr, now)
    if (way === undefined || way === 'here' || pathMtu === undefined) return undefined
    const packetMax = Math.min(pathMtu, PLACE_FRAME_MAX) - IPV6_OVERHEAD
    const isNeighbour = this.#context.link.neighbour(known.addr) !== undefined
    const header = new Uint8Array(DATAGRAM_HEADER_SIZE)
    writeDatagramAt(header, 0, config.session.defaultTtl, way.mtu, this.#ownAddr, addr)
    const target = { session, header, way, packetMax, isNeighbour, until: now + TARGET_LIFE_MS }
    this.#targets.put(bytes, at, target)
    return target
  }
}
