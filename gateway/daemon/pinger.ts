/** Pings in flight: sends echoes through the node and matches what comes back. */
import {
  ipv6Of,
  nodeAddrOf,
  randomBelow,
  type Clock,
  type Identity,
  type Millis,
  type Rng,
  type UndeliverableReason,
  type Driver,
} from '../../core/index.ts'
import { ControlError, type PingReply, type PingRequest } from '../control/index.ts'
import { echoRequest, readIcmp } from '../ipv6/index.ts'

/** More at once is not a person pinging. */
const MAX_IN_FLIGHT = 64
const IDENTIFIERS = 2 ** 16
const ICMP_HEADER = 8

const REASONS: Readonly<Record<UndeliverableReason, string>> = {
  'no-identity': 'the key of that address is not known',
  'no-route': 'no route: no node on the mesh answers for it',
  'too-big': 'the packet is too big for the path',
  'queue-full': 'too many packets wait for it already',
  'no-session': 'it did not answer the session setup',
}

interface InFlight {
  readonly sentAt: Millis
  finish(reply: PingReply): void
  readonly sequence: number
  readonly request: PingRequest
}

export class Pinger {
  readonly #identity: Identity
  readonly #clock: Clock
  readonly #rng: Rng
  readonly #driver: () => Driver
  readonly #inFlight = new Map<number, InFlight>()

  constructor(identity: Identity, clock: Clock, rng: Rng, driver: () => Driver) {
    this.#identity = identity
    this.#clock = clock
    this.#rng = rng
    this.#driver = driver
  }

  ping(request: PingRequest): Promise<PingReply> {
    if (this.#inFlight.size >= MAX_IN_FLIGHT) throw new ControlError('too many pings in flight')
    const identifier = this.#freeIdentifier()
    const { peer, sequence, payloadBytes, timeout } = request
    return new Promise((resolve) => {
      const cancel = this.#clock.after(timeout, () => finish({ type: 'timeout' }))
      const finish = (reply: PingReply): void => {
        cancel()
        if (this.#inFlight.delete(identifier)) resolve(reply)
      }
      this.#inFlight.set(identifier, { sentAt: this.#clock.now(), finish, sequence, request })
      this.#driver().step({ type: 'identity', publicKey: peer })
      const packet = echoRequest({
        source: this.#identity.ipv6,
        destination: ipv6Of(nodeAddrOf(peer)),
        id: identifier,
        sequence,
        data: Uint8Array.from({ length: payloadBytes }, (_, index) => index & 0xff),
      })
      this.#driver().step({ type: 'packet', packet })
    })
  }

  get isWaiting(): boolean {
    return this.#inFlight.size > 0
  }

  /** True when the packet was the reply to a ping of ours. */
  received(packet: Uint8Array): boolean {
    if (!this.isWaiting) return false
    const message = readIcmp(packet)
    if (message?.type !== 'echo-reply') return false
    const ping = this.#inFlight.get(message.id)
    if (ping?.sequence !== message.sequence) return false
    const rtt = this.#clock.now() - ping.sentAt
    const bytes = ICMP_HEADER + message.data.length
    ping.finish({ type: 'reply', rtt, bytes, from: nodeAddrOf(ping.request.peer) })
    return true
  }

  /** True when the packet was a ping of ours. */
  undeliverable(packet: Uint8Array, reason: UndeliverableReason): boolean {
    if (!this.isWaiting) return false
    const message = readIcmp(packet)
    if (message?.type !== 'echo-request') return false
    const ping = this.#inFlight.get(message.id)
    if (ping?.sequence !== message.sequence) return false
    ping.finish({ type: 'undeliverable', reason: REASONS[reason] })
    return true
  }

  #freeIdentifier(): number {
    let identifier = randomBelow(this.#rng, IDENTIFIERS)
    while (this.#inFlight.has(identifier)) identifier = (identifier + 1) % IDENTIFIERS
    return identifier
  }
}
