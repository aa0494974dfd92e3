/**
 * Small datagrams that somebody waits for, greetings and pings among them, go more than once over a link that loses frames, and
 * each node on the way passes one of the copies on. Nothing else repeats a datagram: of those that cross three links, each
 * losing a fifth, every other one is lost, and with copies one in forty. A node that knows nothing of this passes all copies
 * on, and the session at the end drops them as what they are.
 */
import { copiesFor, TOGETHER_MS } from '../copies.ts'
import type { SessionDatagram } from '../fsp/index.ts'
import type { NodeAddr } from '../identity/index.ts'
import type { FrameClass } from '../link.ts'
import type { Neighbour } from '../node/layers.ts'
import { KeyedBuckets } from '../token-bucket.ts'
import type { Millis } from '../time.ts'
import type { MeshContext } from './context.ts'
import { transitClass } from './frame-class.ts'
import { Repeats } from './repeats.ts'

/** A link that loses less carries single datagrams: one lost now and then costs less than looking for copies among all of them. */
const LOSSY = 0.05
/** The neighbour at the other end may have missed our last reports, and still copy. */
const HARDLY_LOSSY = LOSSY / 2

/** Datagrams copied over one link: not a stream's acknowledgements, which repeat themselves. Some 30 kB/s at most. */
const COPIED_BURST = 200
const COPIED_PER_SECOND = 50

export class Copies {
  readonly #context: MeshContext
  readonly #arrived: Repeats
  readonly #budget = new KeyedBuckets(COPIED_BURST, COPIED_PER_SECOND)

  constructor(context: MeshContext) {
    this.#context = context
    this.#arrived = new Repeats(context.identity.crypto, TOGETHER_MS)
  }

  /** How often a datagram goes to a neighbour. */
  towards(to: Neighbour, payload: Uint8Array, frameClass: FrameClass, now: Millis): number {
    // A ping may be urgent and yet large.
    const isAwaited =
      (frameClass === 'handshake' || frameClass === 'interactive') && transitClass(payload) !== 'bulk'
    const copies = isAwaited && isLossy(to) ? copiesFor(to.lossRate ?? 0) : 1
    return copies === 1 || this.#budget.take(to.addr, now) ? copies : 1
  }

  /** Whether this very datagram came from the same neighbour a moment ago. */
  isCopy(datagram: SessionDatagram, from: NodeAddr, now: Millis): boolean {
    const neighbour = this.#context.link.neighbour(from)
    if (!mayCopy(neighbour) || transitClass(datagram.payload) === 'bulk') return false
    return this.#arrived.isRepeat(datagram, now, from)
  }
}

/** Small datagrams to this neighbour go in copies. */
export function isLossy({ lossRate = 0 }: Neighbour): boolean {
  return lossRate > LOSSY
}

/** Small datagrams from this neighbour may come in copies. */
export function mayCopy(from: Neighbour | undefined): boolean {
  return (from?.inboundLossRate ?? 0) > HARDLY_LOSSY
}

/** Sends a message so many times. False when the link takes none of it. */
export function sendCopies(
  { link }: MeshContext,
  copies: number,
  to: Neighbour,
  message: Uint8Array,
  frameClass: FrameClass,
  now: Millis,
  congested = false,
): boolean {
  let isSent = false
  for (let left = copies; left > 0; left--) {
    if (link.sendMessage(to.addr, message, frameClass, now, congested)) isSent = true
  }
  return isSent
}
