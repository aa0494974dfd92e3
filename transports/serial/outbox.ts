/** Frames waiting for the line, by importance and within a class by age. Bounded by bytes. */
import type { FrameClass } from '../../core/index.ts'

/** Falling priority, as `FrameClass` is defined. */
const CLASSES: readonly FrameClass[] = ['handshake', 'tree', 'interactive', 'filter', 'bulk', 'report']

export class Outbox {
  readonly #maxBytes: number
  readonly #queues: Record<FrameClass, Uint8Array[]> = {
    handshake: [],
    tree: [],
    interactive: [],
    filter: [],
    bulk: [],
    report: [],
  }
  #bytes = 0

  /** `maxBytes`: beyond it a frame goes in only in place of less important ones. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get isEmpty(): boolean {
    return this.#bytes === 0
  }

  /**
   * Takes the frame (the caller gives it away), displacing the newest of the least important if it must. Gives the
   * number of frames displaced, or undefined when there is no room among frames of its class and above.
   */
  add(frame: Uint8Array, frameClass: FrameClass): number | undefined {
    const room = this.#maxBytes - this.#bytes
    if (frame.length > room + this.#bytesBelow(frameClass)) return undefined
    let displaced = 0
    while (this.#bytes + frame.length > this.#maxBytes && this.#dropLeast()) displaced++
    this.#queues[frameClass].push(frame)
    this.#bytes += frame.length
    return displaced
  }

  /** The next frame for the line. */
  take(): Uint8Array | undefined {
    for (const frameClass of CLASSES) {
      const frame = this.#queues[frameClass].shift()
      if (frame !== undefined) {
        this.#bytes -= frame.length
        return frame
      }
    }
    return undefined
  }

  clear(): void {
    for (const frameClass of CLASSES) this.#queues[frameClass].length = 0
    this.#bytes = 0
  }

  #bytesBelow(frameClass: FrameClass): number {
    let bytes = 0
    for (const lower of CLASSES.slice(CLASSES.indexOf(frameClass) + 1))
      for (const frame of this.#queues[lower]) bytes += frame.length
    return bytes
  }

  #dropLeast(): boolean {
    for (const frameClass of CLASSES.toReversed()) {
      const frame = this.#queues[frameClass].pop()
      if (frame !== undefined) {
        this.#bytes -= frame.length
        return true
      }
    }
    return false
  }
}
