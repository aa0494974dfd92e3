/** What passes between the host's IPv6 stack and the mesh, and what the host is told about what does not. */
import { isMeshIpv6, type Millis, type UndeliverableReason } from '../../core/index.ts'
import { ErrorLimit } from './error-limit.ts'
import { destinationOf, hopLimit, isIpv6Packet, isMulticast, sourceOf } from './header.ts'
import { mayAnswerWithError, packetTooBig, unreachable, UNREACHABLE, type UnreachableCode } from './icmpv6.ts'
import { clampMss, ipv6MtuOf, isTcpSyn, mssLimit } from './mss.ts'

export interface HostEdgeOptions {
  /** Our own mesh address, 16 bytes. */
  readonly address: Uint8Array
  /** Smallest MTU of our transports, bytes of FMP frame. */
  readonly linkMtu: () => number
  /** What the path to a mesh address carries, bytes of FMP frame, once learned. */
  readonly pathMtu: (address: Uint8Array) => number | undefined
}

/** What to do with a packet. `answer` goes back to where it came from. */
export type EdgeVerdict =
  | { readonly type: 'forward'; readonly packet: Uint8Array }
  | { readonly type: 'answer'; readonly packet: Uint8Array }
  | { readonly type: 'drop'; readonly reason: EdgeDrop }

export type EdgeDrop = 'malformed' | 'multicast' | 'hop-limit' | 'not-mesh' | 'foreign-source' | 'not-ours'

export class HostEdge {
  readonly #options: HostEdgeOptions
  readonly #limit = new ErrorLimit()

  constructor(options: HostEdgeOptions) {
    this.#options = options
  }

  /** A packet of the host: for the mesh, answered, or dropped. The MSS of a SYN is lowered in place. */
  fromHost(packet: Uint8Array, now: Millis): EdgeVerdict {
    if (!isIpv6Packet(packet)) return { type: 'drop', reason: 'malformed' }
    const destination = destinationOf(packet)
    if (isMulticast(destination)) return { type: 'drop', reason: 'multicast' }
    if (hopLimit(packet) === 0) return { type: 'drop', reason: 'hop-limit' }
    if (!isMeshIpv6(destination)) return this.#refuse(packet, UNREACHABLE.noRoute, 'not-mesh', now)
    if (equal(destination, this.#options.address)) return { type: 'answer', packet }
    // Addresses do not travel: the far end writes the sender's own in, so a packet of another source would be forged.
    if (!equal(sourceOf(packet), this.#options.address))
      return this.#refuse(packet, UNREACHABLE.sourcePolicy, 'foreign-source', now)
    this.#clamp(packet, destination)
    return { type: 'forward', packet }
  }

  /** A packet of the mesh for the host. The MSS of a SYN is lowered in place. */
  fromMesh(packet: Uint8Array): EdgeVerdict {
    if (!isIpv6Packet(packet)) return { type: 'drop', reason: 'malformed' }
    if (isMulticast(destinationOf(packet))) return { type: 'drop', reason: 'multicast' }
    if (!equal(destinationOf(packet), this.#options.address)) return { type: 'drop', reason: 'not-ours' }
    this.#clamp(packet, sourceOf(packet))
    return { type: 'forward', packet }
  }

  /**
   * The ICMPv6 answer about a packet of the host that the node could not deliver. `mtu` as the node reports it: bytes of
   * the largest IPv6 packet that passes.
   */
  undeliverable(
    packet: Uint8Array,
    reason: UndeliverableReason,
    mtu: number | undefined,
    now: Millis,
  ): Uint8Array | undefined {
    // Congestion: a lost packet is what TCP understands.
    if (reason === 'queue-full' || !this.#mayAnswer(packet, now)) return undefined
    const { address, linkMtu } = this.#options
    switch (reason) {
      case 'too-big':
        return packetTooBig(packet, mtu ?? ipv6MtuOf(linkMtu()), address)
      case 'no-identity':
      case 'no-session':
        return unreachable(packet, UNREACHABLE.address, address)
      case 'no-route':
        return unreachable(packet, UNREACHABLE.noRoute, address)
      default:
        return reason
    }
  }

  #clamp(packet: Uint8Array, remote: Uint8Array): void {
    if (isTcpSyn(packet)) clampMss(packet, mssLimit(this.#options.linkMtu(), this.#options.pathMtu(remote)))
  }

  #refuse(packet: Uint8Array, code: UnreachableCode, reason: EdgeDrop, now: Millis): EdgeVerdict {
    if (!this.#mayAnswer(packet, now)) return { type: 'drop', reason }
    return { type: 'answer', packet: unreachable(packet, code, this.#options.address) }
  }

  #mayAnswer(packet: Uint8Array, now: Millis): boolean {
    return mayAnswerWithError(packet) && this.#limit.take(sourceOf(packet), now)
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i])
}
