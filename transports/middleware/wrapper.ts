/** A transport around a transport: passes everything through; middleware overrides what it changes. */
import type { FrameClass, LinkProfile, TransportAddr, TransportKind } from '../../core/index.ts'
import type { FrameMeta, SendResult, Transport, TransportSink, TransportStats } from '../transport.ts'

export abstract class TransportWrapper implements Transport {
  protected readonly inner: Transport

  protected constructor(inner: Transport) {
    this.inner = inner
  }

  get kind(): TransportKind {
    return this.inner.kind
  }

  get mtu(): number {
    return this.inner.mtu
  }

  get profile(): LinkProfile {
    return this.inner.profile
  }

  get reliable(): boolean {
    return this.inner.reliable
  }

  get localAddr(): string {
    return this.inner.localAddr
  }

  get stats(): TransportStats {
    return this.inner.stats
  }

  open(sink: TransportSink): Promise<void> {
    return this.inner.open({
      frame: (from, frame, meta) => this.received(sink, from, frame, meta),
      state: (up, reason) => this.stateChanged(sink, up, reason),
      delivered: (to, frame) => sink.delivered?.(to, frame),
      lost: (to, frame) => sink.lost?.(to, frame),
      gone: (addr, reason) => sink.gone?.(addr, reason),
      station: (addr, publicKey) => sink.station?.(addr, publicKey),
      notice: (level, message) => sink.notice?.(level, message),
    })
  }

  send(to: TransportAddr, frame: Uint8Array, frameClass: FrameClass): SendResult {
    return this.inner.send(to, frame, frameClass)
  }

  close(): Promise<void> {
    return this.inner.close()
  }

  protected received(
    sink: TransportSink,
    from: TransportAddr,
    frame: Uint8Array,
    meta: FrameMeta | undefined,
  ): void {
    sink.frame(from, frame, meta)
  }

  protected stateChanged(sink: TransportSink, up: boolean, reason: string): void {
    sink.state(up, reason)
  }
}
