/**
 * One opening of a serial line: de-framing, framing and pacing between an outbox and a byte pipe. Thrown away when
 * the pipe closes.
 */
import type { Clock, Millis } from '../../core/index.ts'
import { encodeCell, U16_RESYNC, u16Encode, type BytePipe } from '../../firmware-proto/index.ts'
import { CellReceiver } from './cell-receiver.ts'
import { CellSender } from './cell-sender.ts'
import type { Outbox } from './outbox.ts'
import { answerTime, frameLifetime, LEAD, lineTime } from './pace.ts'
import { Recogniser, type Framing } from './recogniser.ts'

export interface LineOptions {
  readonly clock: Clock
  readonly baud: number
  readonly framing: Framing | undefined
  /** First frame id of this opening. */
  readonly firstId: number
}

export interface LineSink {
  /** Valid during the call. */
  frame(frame: Uint8Array): void
  recognised(framing: Framing): void
  dropped(reason: string): void
  closed(reason: string): void
}

/** Between frames to a microcontroller: more than 100 a second deafen it. */
const U16_FRAME_GAP: Millis = 10

export class SerialLine {
  readonly #pipe: BytePipe
  readonly #outbox: Outbox
  readonly #options: LineOptions
  readonly #sink: LineSink
  readonly #recogniser: Recogniser
  readonly #sender: CellSender
  readonly #receiver: CellReceiver
  /** When all that was written will have left. */
  #freeAt: Millis
  /** Bytes that go before anything else: the greeting, a resynchronisation. */
  #urgent: Uint8Array | undefined
  #blocked = false
  #closed = false
  #cancelTimer: (() => void) | undefined

  constructor(pipe: BytePipe, outbox: Outbox, options: LineOptions, sink: LineSink) {
    this.#pipe = pipe
    this.#outbox = outbox
    this.#options = options
    this.#sink = sink
    const lifetime = frameLifetime(options.baud)
    this.#sender = new CellSender({ answer: answerTime(options.baud), lifetime }, options.firstId)
    this.#receiver = new CellReceiver(lifetime)
    this.#freeAt = options.clock.now()
    this.#recogniser = new Recogniser(options.framing, {
      recognised: (framing) => this.#recognised(framing),
      cell: (cell) => {
        switch (cell.type) {
          case 'data': {
            const frame = this.#receiver.data(cell, options.clock.now())
            if (frame === 'frame-crc') sink.dropped(frame)
            else if (frame !== undefined) sink.frame(frame)
            break
          }
          case 'ack':
            this.#sender.acknowledged(cell)
            break
          case 'hello':
            this.#receiver.forget()
        }
      },
      frame: (frame) => sink.frame(frame),
      dropped: (reason) => sink.dropped(reason),
    })
    if (options.framing !== 'u16') this.#urgent = greeting()
  }

  start(): void {
    this.#pipe.start({
      data: (bytes) => {
        if (this.#closed) return
        this.#recogniser.push(bytes, this.#options.clock.now())
        this.pump()
      },
      drained: () => {
        this.#blocked = false
        this.pump()
      },
      closed: (reason) => {
        this.#stop()
        this.#sink.closed(reason)
      },
    })
    this.pump()
  }

  /** Writes what the line has room for; called whenever there may be something new. */
  pump(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    while (!this.#closed && !this.#blocked) {
      const now = this.#options.clock.now()
      const bytes = this.#ready(now) ? this.#next(now) : undefined
      if (bytes === undefined) {
        this.#sleep(now)
        return
      }
      this.#freeAt = this.#leavesAt(bytes.length, now)
      this.#blocked = !this.#pipe.write(bytes)
    }
  }

  async close(): Promise<void> {
    this.#stop()
    await this.#pipe.close()
  }

  #stop(): void {
    this.#closed = true
    this.#cancelTimer?.()
  }

  #recognised(framing: Framing): void {
    this.#sink.recognised(framing)
    // Our cells mean nothing to a microcontroller: it may be waiting inside what it took for a long frame.
    this.#urgent = framing === 'u16' ? U16_RESYNC : greeting()
  }

  /** A microcontroller is written to only when the line is free, and not too often. */
  #readyAt(): Millis {
    return this.#recogniser.framing === 'u16' ? this.#freeAt + U16_FRAME_GAP : this.#freeAt - LEAD
  }

  #ready(now: Millis): boolean {
    return now >= this.#readyAt()
  }

  #leavesAt(bytes: number, now: Millis): Millis {
    return Math.max(now, this.#freeAt) + lineTime(bytes, this.#options.baud)
  }

  #next(now: Millis): Uint8Array | undefined {
    const urgent = this.#urgent
    if (urgent !== undefined) {
      this.#urgent = undefined
      return urgent
    }
    if (this.#recogniser.framing === 'u16') {
      const frame = this.#outbox.take()
      return frame === undefined ? undefined : u16Encode(frame)
    }
    const answer = this.#receiver.nextAnswer()
    if (answer !== undefined) return answer
    const leavesAt = (bytes: number): Millis => this.#leavesAt(bytes, now)
    const repeated = this.#sender.next(now, leavesAt)
    for (let lost = this.#sender.takeAbandoned(); lost > 0; lost--) this.#sink.dropped('undelivered')
    if (repeated !== undefined || !this.#sender.hasRoom) return repeated
    const frame = this.#outbox.take()
    if (frame === undefined) return undefined
    this.#sender.begin(frame, now)
    return this.#sender.next(now, leavesAt)
  }

  /** Until the line has room or, when there was nothing to write, until something falls due. */
  #sleep(now: Millis): void {
    const due = this.#recogniser.framing === 'u16' ? undefined : this.#sender.deadline()
    const at = this.#ready(now) ? due : this.#readyAt()
    if (at === undefined) return
    this.#cancelTimer = this.#options.clock.after(Math.max(at - now, 0), () => this.pump())
  }
}

/** A zero first, so that noise before it is not taken for its beginning. */
function greeting(): Uint8Array {
  return Uint8Array.of(0, ...encodeCell({ type: 'hello' }))
}
