/** Tells a listener of every frame and state change of a transport. Carries lengths and addresses, no payload. */
import type { Clock, FrameClass, Millis, TransportAddr } from '../../core/index.ts'
import type { FrameMeta, SendResult, Transport, TransportSink } from '../transport.ts'
import { TransportWrapper } from './wrapper.ts'

export type TraceEvent =
  | {
      readonly type: 'sent'
      readonly at: Millis
      readonly to: TransportAddr
      readonly bytes: number
      readonly frameClass: FrameClass
      readonly result: SendResult
    }
  | {
      readonly type: 'received'
      readonly at: Millis
      readonly from: TransportAddr
      readonly bytes: number
      readonly meta?: FrameMeta
    }
  | { readonly type: 'state'; readonly at: Millis; readonly up: boolean; readonly reason: string }

export function withTrace(
  transport: Transport,
  listener: (event: TraceEvent) => void,
  clock: Clock,
): Transport {
  return new TracedTransport(transport, listener, clock)
}

class TracedTransport extends TransportWrapper {
  readonly #listener: (event: TraceEvent) => void
  readonly #clock: Clock

  constructor(inner: Transport, listener: (event: TraceEvent) => void, clock: Clock) {
    super(inner)
    this.#listener = listener
    this.#clock = clock
  }

  override send(to: TransportAddr, frame: Uint8Array, frameClass: FrameClass): SendResult {
    const result = this.inner.send(to, frame, frameClass)
    this.#listener({ type: 'sent', at: this.#clock.now(), to, bytes: frame.length, frameClass, result })
    return result
  }

  protected override received(
    sink: TransportSink,
    from: TransportAddr,
    frame: Uint8Array,
    meta: FrameMeta | undefined,
  ): void {
    const event = { type: 'received', at: this.#clock.now(), from, bytes: frame.length } as const
    this.#listener(meta === undefined ? event : { ...event, meta })
    sink.frame(from, frame, meta)
  }

  protected override stateChanged(sink: TransportSink, up: boolean, reason: string): void {
    this.#listener({ type: 'state', at: this.#clock.now(), up, reason })
    sink.state(up, reason)
  }
}
