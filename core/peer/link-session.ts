/** One set of keys of a link, from the handshake that made them until their drain is over. */
import type { Cipher, Crypto } from '../crypto/index.ts'
import {
  FRAME_FLAGS,
  FRAME_MESSAGE_AT,
  LINK_OVERHEAD,
  ReplayWindow,
  counterHighAt,
  counterLowAt,
  openFrame,
  openFrameAt,
  sealFrameAt,
} from '../fmp/index.ts'
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

/** `newest`: no later frame was seen before. */
export type PlaceOpenResult = 'opened' | 'newest' | 'replayed' | 'undecryptable'

const TWO_TO_32: number = 2 ** 32

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
  #counter = 0

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
  get sendCounter(): number {
    return this.#counter
  }

  /** Milliseconds since these keys were made, as frames carry them. */
  timestamp(now: Millis): number {
    return Math.floor(Math.max(0, now - this.establishedAt)) >>> 0
  }

  /** The frame of a message; `ce` and `spin` are its flags. */
  seal(message: Uint8Array, ce: boolean, spin: boolean, now: Millis): Uint8Array {
    const frame = new Uint8Array(message.length + LINK_OVERHEAD)
    frame.set(message, FRAME_MESSAGE_AT)
    this.sealAt(frame, 0, message.length, ce, spin, now)
    return frame
  }

  /** Opens a frame that names our index. A forged one changes nothing. */
  open(frame: EstablishedFrame, now: Millis): OpenResult {
    if (!this.replay.check(frame.counter)) return { type: 'replayed' }
    const opened = openFrame(this.#receive, frame)
    if (opened === undefined) return { type: 'undecryptable' }
    const isFirst = this.lastOpenedAt === undefined
    const newest = this.replay.accept(frame.counter) || isFirst
    this.lastOpenedAt = now
    const { timestamp, message } = opened
    return { type: 'opened', timestamp, message, newest }
  }

  /** `seal` in place: the message lies in the frame at `at`. Returns the length of the frame. */
  sealAt(
    bytes: Uint8Array,
    at: number,
    messageLength: number,
    ce: boolean,
    spin: boolean,
    now: Millis,
  ): number {
    const flags =
      (this.keyEpoch ? FRAME_FLAGS.keyEpoch : 0) | (ce ? FRAME_FLAGS.ce : 0) | (spin ? FRAME_FLAGS.spin : 0)
    const counter = this.#counter++
    return sealFrameAt(
      this.#send,
      counter,
      this.theirIndex,
      flags,
      this.timestamp(now),
      bytes,
      at,
      messageLength,
    )
  }

  /** `open` of the frame of `length` bytes at `at`, to where it would lie in a frame at `outAt` of `output`. */
  openAt(
    bytes: Uint8Array,
    at: number,
    length: number,
    output: Uint8Array,
    outAt: number,
    now: Millis,
  ): PlaceOpenResult {
    const high = counterHighAt(bytes, at)
    const low = counterLowAt(bytes, at)
    if (!this.replay.checkHalves(high, low)) return 'replayed'
    const counter = high * TWO_TO_32 + low
    if (!openFrameAt(this.#receive, counter, bytes, at, length, output, outAt)) return 'undecryptable'
    const isFirst = this.lastOpenedAt === undefined
    const isNewest = this.replay.acceptHalves(high, low)
    this.lastOpenedAt = now
    return isFirst || isNewest ? 'newest' : 'opened'
  }
}
