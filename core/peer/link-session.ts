/** One set of keys of a link, from the handshake that made them until their drain is over. */
import type { Cipher, Crypto } from '../crypto/index.ts'
import { ReplayWindow, openFrame, sealFrame } from '../fmp/index.ts'
import type { EstablishedFrame } from '../fmp/index.ts'
import type { Established } from '../noise/index.ts'
import type { Millis } from '../time.ts'

/** What a responder keeps of a handshake: to recognise a repeated msg1 and to answer it with the same msg2. */
export interface AnsweredHandshake {
  readonly msg1: Uint8Array
  readonly msg2: Uint8Array
}

export interface LinkSessionInit {
  readonly handshake: Established
  readonly ourIndex: number
  readonly theirIndex: number
  readonly crypto: Crypto
  /** The K bit of the frames we send under these keys. */
  readonly keyEpoch: boolean
  /** Undefined when we initiated. */
  readonly answered: AnsweredHandshake | undefined
  readonly now: Millis
}

export type OpenResult =
  | {
      readonly type: 'opened'
      readonly timestamp: number
      readonly message: Uint8Array
      /** No later frame was seen before: only such a frame tells where the peer is now. */
      readonly newest: boolean
    }
  | { readonly type: 'replayed' }
  | { readonly type: 'undecryptable' }

export class LinkSession {
  readonly ourIndex: number
  readonly theirIndex: number
  readonly isInitiator: boolean
  readonly remoteEpoch: Uint8Array
  readonly establishedAt: Millis
  readonly answered: AnsweredHandshake | undefined
  /** Follows the initiator's when we answered: it knows whether it rekeyed or began anew. */
  keyEpoch: boolean
  /** When a frame last opened under these keys; undefined until the peer was seen to use them. */
  lastOpenedAt: Millis | undefined
  /** Lost a tie with a handshake of ours: opens frames, and is sent under only for want of anything better. */
  yields = false
  /** Frames that opened after a peer should have noticed the tie. */
  lateUses = 0
  readonly replay: ReplayWindow = new ReplayWindow()
  readonly #send: Cipher
  readonly #receive: Cipher
  #counter = 0n

  constructor(init: LinkSessionInit) {
    this.ourIndex = init.ourIndex
    this.theirIndex = init.theirIndex
    this.isInitiator = init.answered === undefined
    this.remoteEpoch = init.handshake.remoteEpoch
    this.establishedAt = init.now
    this.answered = init.answered
    this.keyEpoch = init.keyEpoch
    this.#send = init.crypto.cipher(init.handshake.keys.send)
    this.#receive = init.crypto.cipher(init.handshake.keys.receive)
  }

  /** The counter of the next frame, which is the number of frames sent. */
  get sendCounter(): bigint {
    return this.#counter
  }

  /** Milliseconds since these keys were made, as frames carry them. */
  timestamp(now: Millis): number {
    return Math.floor(Math.max(0, now - this.establishedAt)) >>> 0
  }

  seal(
    message: Uint8Array,
    flags: { readonly ce: boolean; readonly spin: boolean },
    now: Millis,
  ): Uint8Array {
    const counter = this.#counter
    this.#counter += 1n
    return sealFrame(this.#send, {
      flags: { keyEpoch: this.keyEpoch, ...flags },
      receiverIndex: this.theirIndex,
      counter,
      timestamp: this.timestamp(now),
      message,
    })
  }

  /** Opens a frame that names our index. A forged one changes nothing. */
  open(frame: EstablishedFrame, now: Millis): OpenResult {
    if (!this.replay.check(frame.counter)) return { type: 'replayed' }
    const opened = openFrame(this.#receive, frame)
    if (opened === undefined) return { type: 'undecryptable' }
    const newest = this.lastOpenedAt === undefined || frame.counter > this.replay.highest
    this.replay.accept(frame.counter)
    this.lastOpenedAt = now
    return { type: 'opened', ...opened, newest }
  }
}
