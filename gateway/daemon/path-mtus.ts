/** What the paths to other nodes carry, by their mesh address. Asked for every packet, so it is looked up once a second. */
import { hex, ipv6Of, type Clock, type Millis, type NodeViews } from '../../core/index.ts'

const REFRESH: Millis = 1000

export class PathMtus {
  readonly #views: NodeViews
  readonly #clock: Clock
  /** One entry for each session. */
  #byAddress: ReadonlyMap<string, number> = new Map()
  #takenAt: Millis | undefined

  constructor(views: NodeViews, clock: Clock) {
    this.#views = views
    this.#clock = clock
  }

  /** Bytes of FMP frame, once learned. */
  of(address: Uint8Array): number | undefined {
    const now = this.#clock.now()
    if (this.#takenAt === undefined || now - this.#takenAt >= REFRESH) {
      this.#byAddress = this.#take()
      this.#takenAt = now
    }
    return this.#byAddress.size === 0 ? undefined : this.#byAddress.get(hex(address))
  }

  #take(): ReadonlyMap<string, number> {
    return new Map(
      this.#views.mesh
        .sessions()
        .flatMap(({ remoteAddr, mmp }) =>
          mmp === undefined ? [] : [[hex(ipv6Of(remoteAddr)), mmp.pathMtu] as const],
        ),
    )
  }
}
