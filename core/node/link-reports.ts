/** The measurement of every link: reports out and in, and the cost that routing and the tree weigh links by. */
import type { NodeAddr } from '../identity/index.ts'
import type { TransportId } from '../link.ts'
import {
  COST_RTT,
  Measurement,
  decodeLinkReceiverReport,
  decodeLinkSenderReport,
  encodeLinkReceiverReport,
  encodeLinkSenderReport,
  withoutDoubledType,
} from '../mmp/index.ts'
import type { LinkSession, Peer } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { MmpMode } from './config.ts'
import type { NodeContext } from './context.ts'
import type { ArrivedFrame, FrameMeter } from './frames.ts'
import type { Reported } from './silence.ts'

/** Reports go out together and at most this often, as from peers that look at their reports once a second. */
const REPORT_INTERVAL: Millis = 1000

/** On a new link the first frame has counter 0 and makes the count 1. */
const NOTHING_MISSING = -1n

/** Cost of a stock link until its first report came back. */
const UNMEASURED_COST = 1

export interface ReportHost {
  /** False when the report could not go. */
  sendReport(peer: Peer, message: Uint8Array, now: Millis): boolean
  /** The peer has seen our frames up to `highest` and missed `missing` of them, in the count of `LinkReports.missing`. */
  reported(peer: Peer, highest: bigint, missing: bigint, now: Millis): void
  /** The link was measured for the first time, so its cost counts from now on. */
  firstMeasured(now: Millis): void
}

interface Measured {
  readonly measurement: Measurement
  /**
   * Highest counter minus frames received, as last reported under the present keys: grows by one with every frame that
   * is lost. Its zero is arbitrary, for peers count frames across rekeys.
   */
  missing: bigint | undefined
  /** When reports of ours last went out. */
  sentAt: Millis | undefined
  /** The timer already allows for what was sent, or for what was received, since the last report. */
  isScheduledForSent: boolean
  isScheduledForReceived: boolean
}

export class LinkReports implements FrameMeter {
  readonly #ctx: NodeContext
  readonly #host: ReportHost
  /** One entry for each link that is up. */
  readonly #byPeer = new Map<NodeAddr, Measured>()

  constructor(ctx: NodeContext, host: ReportHost) {
    this.#ctx = ctx
    this.#host = host
  }

  measurementOf(addr: NodeAddr): Measurement | undefined {
    return this.#byPeer.get(addr)?.measurement
  }

  /** Measured, or assumed where nothing is measured; undefined on a stock link before its first report. */
  measuredCost(peer: Peer): number | undefined {
    const { assumedRttMs } = peer.timers
    const cost = this.measurementOf(peer.addr)?.metrics.cost
    return cost ?? (assumedRttMs === undefined ? undefined : 1 + assumedRttMs / COST_RTT)
  }

  cost(peer: Peer): number {
    return this.measuredCost(peer) ?? UNMEASURED_COST
  }

  /** The link loses enough that what is forwarded over it carries the congestion mark, or this host does on any of its media. */
  isCongested(peer: Peer): boolean {
    for (const { isDropping } of this.#ctx.transports.values()) if (isDropping) return true
    const metrics = this.measurementOf(peer.addr)?.metrics
    const { lossThreshold, etxThreshold } = this.#ctx.config.ecn
    return metrics !== undefined && (metrics.lossRate >= lossThreshold || metrics.etx >= etxThreshold)
  }

  /** What the peer's reports say of the link; undefined before the first, and where none are due. */
  reported(peer: Peer): Reported | undefined {
    const metrics = this.measurementOf(peer.addr)?.metrics
    const rttMs = metrics?.rttMs
    if (metrics === undefined || rttMs === undefined || !peer.timers.reports) return undefined
    return { lossRate: metrics.lossRate, rttMs }
  }

  /**
   * Share of our frames that the link loses in the long run, 0..1; 0 where nobody tells. Until the peer has told, which
   * takes seconds, a link is taken to lose of ours what it loses of the peer's.
   */
  lossRate(peer: Peer): number {
    const measurement = peer.timers.reports ? this.measurementOf(peer.addr) : undefined
    if (measurement === undefined) return 0
    return measurement.metrics.steadyLossRate ?? measurement.receiver.likelyLossRate
  }

  /**
   * The same of the peer's frames, which the peer knows by our reports. Until enough came to tell, the peer may know of losses
   * that we do not.
   */
  inboundLossRate(peer: Peer): number {
    const measurement = peer.timers.reports ? this.measurementOf(peer.addr) : undefined
    return measurement === undefined ? 0 : (measurement.receiver.steadyLossRate ?? 1)
  }

  receiveDrops(transportId: TransportId, isDropping: boolean): void {
    const transport = this.#ctx.transports.get(transportId)
    if (transport === undefined || transport.isDropping === isDropping) return
    transport.isDropping = isDropping
    if (isDropping) this.#ctx.counters.congestion.kernelDropEvents += 1
  }

  /** Frames the peer has missed, by its last report; undefined when it has not reported under the present keys. */
  missing(addr: NodeAddr): bigint | undefined {
    return this.#byPeer.get(addr)?.missing
  }

  linkUp(peer: Peer): void {
    const measurement = new Measurement({
      layer: 'link',
      mode: this.#modeOf(peer),
      initiator: peer.up?.isInitiator ?? false,
      delayWindow: this.#ctx.config.mmp.owdWindowSize,
    })
    this.#byPeer.set(peer.addr, {
      measurement,
      missing: NOTHING_MISSING,
      sentAt: undefined,
      isScheduledForSent: false,
      isScheduledForReceived: false,
    })
  }

  /** A microcontroller leaves a stock link on which it hears heartbeats and no reports, whatever our own mode is. */
  serveLeaf(peer: Peer, now: Millis): void {
    const measured = this.#byPeer.get(peer.addr)
    if (measured === undefined || peer.transport.profile !== 'stock') return
    measured.measurement.mode = 'full'
    forgetSchedule(measured)
    this.#schedule(peer, measured, now)
  }

  linkDown(addr: NodeAddr): void {
    this.#byPeer.delete(addr)
  }

  keysChanged(peer: Peer, now: Millis): void {
    const measured = this.#byPeer.get(peer.addr)
    if (measured === undefined) return
    measured.measurement.rekeyed(now)
    forgetSchedule(measured)
    measured.missing = undefined
  }

  spinBit(peer: Peer): boolean {
    return this.measurementOf(peer.addr)?.spin.value ?? false
  }

  sent(peer: Peer, session: LinkSession, counter: number, bytes: number, now: Millis): void {
    const measured = this.#byPeer.get(peer.addr)
    if (measured === undefined) return
    measured.measurement.sender.record(counter, session.timestamp(now), bytes)
    if (measured.isScheduledForSent) return
    measured.isScheduledForSent = true
    this.#schedule(peer, measured, now)
  }

  received(peer: Peer, frame: ArrivedFrame, bytes: number, now: Millis): void {
    const measured = this.#byPeer.get(peer.addr)
    if (measured === undefined) return
    const { receiver, spin } = measured.measurement
    receiver.recordFrame(frame.counter, frame.timestamp, bytes, frame.ce, now)
    spin.observe(frame.spin, frame.counter, now)
    if (measured.isScheduledForReceived) return
    measured.isScheduledForReceived = true
    this.#schedule(peer, measured, now)
  }

  /** The peer wants to know how its frames arrive. It is told even where we send no reports of our own accord. */
  senderReport(peer: Peer, message: Uint8Array, now: Millis): void {
    const { counters } = this.#ctx
    if (!decodeLinkSenderReport(withoutDoubledType(message)).ok) {
      counters.mmp.decodeError += 1
      return
    }
    counters.mmp.senderReports += 1
    const measurement = this.measurementOf(peer.addr)
    if (measurement?.mode === 'minimal') this.#sendReceiverReport(peer, measurement, now)
  }

  receiverReport(peer: Peer, message: Uint8Array, now: Millis): void {
    const { counters } = this.#ctx
    const decoded = decodeLinkReceiverReport(withoutDoubledType(message))
    if (!decoded.ok) {
      counters.mmp.decodeError += 1
      return
    }
    counters.mmp.receiverReports += 1
    const measured = this.#byPeer.get(peer.addr)
    const session = peer.keys.current
    if (measured === undefined || session === undefined) return
    const report = decoded.value
    const outcome = measured.measurement.receiverReport(report, session.timestamp(now), now)
    forgetSchedule(measured)
    if (outcome.type === 'stale' || report.highestCounter >= BigInt(session.sendCounter)) return
    const highest = report.highestCounter
    measured.missing = highest - report.cumulativePacketsReceived
    this.#host.reported(peer, highest, measured.missing, now)
    if (outcome.type === 'rtt-sample' && outcome.first) this.#host.firstMeasured(now)
  }

  /** The timer of the reports. */
  reportDue(peer: Peer, now: Millis): void {
    const measured = this.#byPeer.get(peer.addr)
    if (measured === undefined || peer.up === undefined) return
    const { measurement } = measured
    measured.sentAt = now
    forgetSchedule(measured)
    if (measurement.isSenderReportDue(now)) this.#sendSenderReport(peer, measurement, now)
    if (measurement.isReceiverReportDue(now)) this.#sendReceiverReport(peer, measurement, now)
    this.#schedule(peer, measured, now)
  }

  #sendSenderReport(peer: Peer, measurement: Measurement, now: Millis): void {
    const report = measurement.sender.report(now)
    if (report === undefined) return
    if (this.#host.sendReport(peer, encodeLinkSenderReport(report), now)) {
      measurement.sender.sendSucceeded()
      this.#ctx.counters.mmp.sent += 1
    } else {
      measurement.sender.sendFailed()
    }
  }

  #sendReceiverReport(peer: Peer, measurement: Measurement, now: Millis): void {
    if (!measurement.receiver.isReportDue(now)) return
    const report = measurement.receiver.report(now)
    if (report === undefined) return
    if (this.#host.sendReport(peer, encodeLinkReceiverReport(report), now)) this.#ctx.counters.mmp.sent += 1
  }

  #modeOf(peer: Peer): MmpMode {
    return peer.timers.reports ? this.#ctx.config.mmp.mode : 'minimal'
  }

  #schedule(peer: Peer, measured: Measured, now: Millis): void {
    const due = measured.measurement.deadline()
    if (due === undefined) return
    const earliest = (measured.sentAt ?? -Infinity) + REPORT_INTERVAL
    this.#ctx.timers.setNoLater('report', peer.addr, Math.max(due, earliest, now))
  }
}

/** When reports are due has changed: the next frame either way sets the timer anew. */
function forgetSchedule(measured: Measured): void {
  measured.isScheduledForSent = false
  measured.isScheduledForReceived = false
}
