/**
 * Handshake messages that a radio has just carried. Stock ends repeat a setup after 1, 3 and 7 s and each copy is answered,
 * while the first answer takes ten: none of the copies says anything new.
 */
import { hex } from '../bytes.ts'
import type { Crypto } from '../crypto/index.ts'
import type { SessionDatagram } from '../fsp/index.ts'
import { IntervalLimiter } from '../limits.ts'
import type { Millis } from '../time.ts'
import { transitClass } from './frame-class.ts'

/** The radio repeats lost frames itself, so that a copy within this time is for impatience and a later one for a loss. */
const REPEAT_MS: Millis = 10_000
/** Beyond this the one that passed longest ago is forgotten, and its next copy passes. */
const MAX_REMEMBERED = 512

export class Repeats {
  readonly #crypto: Crypto
  readonly #passed = new IntervalLimiter<string>(REPEAT_MS, MAX_REMEMBERED)

  constructor(crypto: Crypto) {
    this.#crypto = crypto
  }

  /** Whether these very bytes went the same way a moment ago. If not, they count as gone now. */
  isRepeat({ source, destination, payload }: SessionDatagram, now: Millis): boolean {
    if (transitClass(payload) !== 'handshake') return false
    const key = `${source} ${destination} ${hex(this.#crypto.sha256(payload))}`
    return !this.#passed.pass(key, now)
  }
}
