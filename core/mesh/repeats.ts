/** Datagrams that passed a moment ago, so that what comes again is known. */
import { hex } from '../bytes.ts'
import type { Crypto } from '../crypto/index.ts'
import type { SessionDatagram } from '../fsp/index.ts'
import { IntervalLimiter } from '../limits.ts'
import type { Millis } from '../time.ts'

/** Beyond this the one that passed longest ago is forgotten, and its next copy passes. */
const MAX_REMEMBERED = 512

export class Repeats {
  readonly #crypto: Crypto
  readonly #passed: IntervalLimiter<string>

  constructor(crypto: Crypto, withinMs: Millis) {
    this.#crypto = crypto
    this.#passed = new IntervalLimiter(withinMs, MAX_REMEMBERED)
  }

  /** Whether these very bytes passed, the same `way`, a moment ago. If not, they count as passing now. */
  isRepeat({ source, destination, payload }: SessionDatagram, now: Millis, way = ''): boolean {
    return !this.#passed.pass(`${way} ${source} ${destination} ${hex(this.#crypto.sha256(payload))}`, now)
  }
}
