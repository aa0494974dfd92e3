/** Reports byte for byte, and what is measured from frames and reports. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeSessionReceiverReport,
  decodeSessionSenderReport,
  DelayTrend,
  DualEwma,
  encodeSessionReceiverReport,
  encodeSessionSenderReport,
  etxOf,
  hex,
  JitterEstimator,
  LINK_PACING,
  LinkMetrics,
  PathMtuState,
  type ReceiverReport,
  ReceiverState,
  RttEstimator,
  SenderState,
  SESSION_PACING,
  SpinBit,
} from '../../core/index.ts'
import {
  decodeLinkMessage,
  encodeLinkMessage,
  showReceiverReport,
  showSenderReport,
  value,
} from './link-messages.ts'
import { assertClose, bytesOf, checkEach, loadVectors, testGroup, testNamesAreKnown } from './load.ts'
import { showSessionMessage } from './session-messages.ts'

const vectors = loadVectors('mmp.json')

testNamesAreKnown(vectors, [
  'encodings',
  'jitter',
  'srtt',
  'dual_ewma',
  'owd_trend',
  'etx',
  'spin_bit',
  'receiver',
  'link_report_interval_sequence',
  'session_report_interval',
  'metrics_from_reports',
  'path_mtu_source',
  'path_mtu_destination',
  // Told in sentences; test/core/mmp walks through the same events.
  'receiver_intervals_and_rekey',
  'sender',
])

interface EncodingVector {
  readonly kind: string
  readonly link_message?: string
  readonly session_body: string
  readonly decoded: object
}

const PATH_MTU_TYPE = 0x13

testGroup<EncodingVector>(vectors, 'encodings', (vector) => {
  const { kind, decoded } = vector
  const body = bytesOf(vector.session_body)
  if (vector.link_message !== undefined) {
    const message = bytesOf(vector.link_message)
    const outcome = decodeLinkMessage(message)
    assert.ok(outcome.result === 'accept')
    assert.deepEqual(outcome.decoded, decoded)
    assert.equal(hex(encodeLinkMessage(message)), vector.link_message)
  }
  if (kind === 'sender_report') {
    const report = value(decodeSessionSenderReport(body))
    assert.deepEqual(showSenderReport(report), decoded)
    assert.equal(hex(encodeSessionSenderReport(report)), vector.session_body)
  } else if (kind === 'receiver_report') {
    const report = value(decodeSessionReceiverReport(body))
    assert.deepEqual(showReceiverReport(report), decoded)
    assert.equal(hex(encodeSessionReceiverReport(report)), vector.session_body)
  } else {
    assert.equal(kind, 'path_mtu')
    const outcome = showSessionMessage(PATH_MTU_TYPE, body)
    assert.ok(outcome.result === 'accept')
    assert.deepEqual(outcome.decoded, decoded)
  }
})

test('mmp.json: jitter', () => {
  const series = vectors.value<{
    readonly transit_delta_us: readonly number[]
    readonly jitter_us: readonly number[]
  }>('jitter')
  const jitter = new JitterEstimator()
  assert.ok(series.transit_delta_us.length > 0)
  const values = series.transit_delta_us.map((delta) => {
    jitter.update(delta)
    return jitter.value
  })
  assert.deepEqual(values, series.jitter_us)
})

test('mmp.json: srtt', () => {
  const rtt = new RttEstimator()
  type Sample = Readonly<Record<'rtt_us' | 'srtt_us' | 'rttvar_us' | 'rto_us', string>>
  checkEach(vectors.group<Sample>('srtt'), (vector) => {
    rtt.update(Number(vector.rtt_us))
    assert.equal(String(rtt.smoothed), vector.srtt_us)
    assert.equal(String(rtt.variation), vector.rttvar_us)
    assert.equal(String(rtt.timeout), vector.rto_us)
  })
})

test('mmp.json: dual_ewma', () => {
  const average = new DualEwma()
  checkEach(vectors.group<Readonly<Record<'sample' | 'short' | 'long', number>>>('dual_ewma'), (vector) => {
    average.update(vector.sample)
    assertClose(average.short!, vector.short, 'short')
    assertClose(average.long!, vector.long, 'long')
  })
})

interface TrendVector {
  readonly window: number
  readonly owd_us: readonly string[]
  readonly trend: number
}

testGroup<TrendVector>(vectors, 'owd_trend', (vector) => {
  const trend = new DelayTrend(vector.window)
  for (const delay of vector.owd_us) trend.push(Number(delay))
  assert.equal(trend.slope, vector.trend)
})

testGroup<Readonly<Record<'forward' | 'reverse' | 'etx', number>>>(vectors, 'etx', (vector) => {
  assertClose(etxOf(vector.forward, vector.reverse), vector.etx, 'etx')
})

interface SpinVector {
  readonly role: string
  readonly steps: readonly {
    readonly received_bit: boolean
    readonly counter: string
    readonly now_ms: string
    readonly tx_bit_before: boolean
    readonly rtt_ms: string | null
    readonly tx_bit_after: boolean
  }[]
}

testGroup<SpinVector>(vectors, 'spin_bit', (vector) => {
  assert.ok(vector.role === 'initiator' || vector.role === 'responder')
  const spin = new SpinBit(vector.role === 'initiator')
  for (const step of vector.steps) {
    assert.equal(spin.value, step.tx_bit_before)
    const rtt = spin.observe(step.received_bit, Number(step.counter), Number(step.now_ms))
    assert.equal(rtt === undefined ? null : String(rtt), step.rtt_ms)
    assert.equal(spin.value, step.tx_bit_after)
  }
})

interface ReceiverVector {
  readonly frames: readonly {
    readonly counter: string
    readonly timestamp: number
    readonly bytes: number
    readonly ce: boolean
    readonly now_ms: string
  }[]
  readonly report_at_ms: readonly string[]
  readonly reports: readonly (object | null)[]
  readonly second_report_without_new_frames: boolean
}

testGroup<ReceiverVector>(vectors, 'receiver', (vector) => {
  const receiver = new ReceiverState()
  for (const { counter, timestamp, bytes, ce, now_ms } of vector.frames) {
    receiver.record({ counter: Number(counter), timestamp, bytes, ce }, Number(now_ms))
  }
  for (const [index, at] of vector.report_at_ms.entries()) {
    const report = receiver.report(Number(at))
    assert.deepEqual(report === undefined ? null : showReceiverReport(report), vector.reports[index])
  }
  const again = receiver.report(Number(vector.report_at_ms.at(-1)))
  assert.equal(again !== undefined, vector.second_report_without_new_frames)
})

type IntervalVector = Readonly<Record<'srtt_us' | 'sender_interval_ms' | 'receiver_interval_ms', string>>

test('mmp.json: link_report_interval_sequence', () => {
  const sender = new SenderState(LINK_PACING)
  const receiver = new ReceiverState(LINK_PACING)
  checkEach(vectors.group<IntervalVector>('link_report_interval_sequence'), (vector) => {
    sender.pacer.update(Number(vector.srtt_us))
    receiver.pacer.update(Number(vector.srtt_us))
    assert.equal(String(sender.pacer.interval), vector.sender_interval_ms)
    assert.equal(String(receiver.pacer.interval), vector.receiver_interval_ms)
  })
})

testGroup<IntervalVector>(vectors, 'session_report_interval', (vector) => {
  const sender = new SenderState(SESSION_PACING)
  const receiver = new ReceiverState(SESSION_PACING)
  sender.pacer.update(Number(vector.srtt_us))
  receiver.pacer.update(Number(vector.srtt_us))
  assert.equal(String(sender.pacer.interval), vector.sender_interval_ms)
  assert.equal(String(receiver.pacer.interval), vector.receiver_interval_ms)
})

interface MetricsVector {
  readonly step: string
  readonly report?: {
    readonly highest_counter: string
    readonly cumulative_packets_recv: string
    readonly cumulative_bytes_recv: string
    readonly timestamp_echo: number
    readonly dwell_time: number
    readonly jitter: number
    readonly ecn_ce_count: number
    readonly cumulative_reorder_count: number
  }
  readonly our_timestamp_ms: number
  readonly now_ms: string
  readonly outcome: string
  readonly first_rtt: boolean
  readonly srtt_ms?: number
  readonly loss_rate?: number
  readonly smoothed_loss?: number | null
  readonly delivery_forward?: number
  readonly delivery_reverse?: number
  readonly etx?: number
  readonly smoothed_etx?: number | null
  readonly goodput_bps?: number
  readonly jitter_trend_short?: number
}

const OUTCOMES: Readonly<Record<string, string>> = {
  rtt_sample: 'rtt-sample',
  invalid_rtt: 'invalid-rtt',
  none: 'no-echo',
  stale_or_duplicate_ignored: 'stale',
}

test('mmp.json: metrics_from_reports', () => {
  const metrics = new LinkMetrics()
  checkEach(vectors.group<MetricsVector>('metrics_from_reports'), (vector) => {
    applyStep(metrics, vector)
    for (const [field, read] of Object.entries(FIGURES)) {
      const expected = vector[field as keyof typeof FIGURES]
      if (expected !== undefined) assertSame(read(metrics), expected, field)
    }
  })
})

/** The figures a step may state, and where we keep them. */
const FIGURES = {
  srtt_ms: (metrics) => metrics.rttMs,
  loss_rate: (metrics) => metrics.lossRate,
  smoothed_loss: (metrics) => metrics.lossTrend.long,
  delivery_forward: (metrics) => metrics.deliveryForward,
  delivery_reverse: (metrics) => metrics.deliveryReverse,
  etx: (metrics) => metrics.etx,
  smoothed_etx: (metrics) => metrics.etxTrend.long,
  goodput_bps: (metrics) => metrics.goodput,
  jitter_trend_short: (metrics) => metrics.jitterTrend.short,
} as const satisfies Readonly<Record<string, (metrics: LinkMetrics) => number | undefined>>

function applyStep(metrics: LinkMetrics, vector: MetricsVector): void {
  if (vector.report !== undefined) {
    const outcome = metrics.receiverReport(reportOf(vector), vector.our_timestamp_ms, Number(vector.now_ms))
    assert.equal(outcome.type, OUTCOMES[vector.outcome])
    assert.equal(outcome.type === 'rtt-sample' && outcome.first, vector.first_rtt)
    return
  }
  const received = /we received (\d+) of the last (\d+)/.exec(vector.step)
  if (received === null) {
    assert.equal(vector.step, 'rekey reset')
    metrics.rekeyed()
    return
  }
  metrics.reverseDelivery(0, 0n)
  metrics.reverseDelivery(Number(received[1]), BigInt(received[2]!))
}

function assertSame(actual: number | undefined, expected: number | null, what: string): void {
  if (actual === undefined || expected === null) assert.equal(actual ?? null, expected, what)
  else assertClose(actual, expected, what)
}

function reportOf({ report }: MetricsVector): ReceiverReport {
  assert.ok(report !== undefined)
  return {
    highestCounter: BigInt(report.highest_counter),
    cumulativePacketsReceived: BigInt(report.cumulative_packets_recv),
    cumulativeBytesReceived: BigInt(report.cumulative_bytes_recv),
    timestampEcho: report.timestamp_echo,
    dwellTime: report.dwell_time,
    maxBurstLoss: 0,
    meanBurstLoss: 0,
    jitter: report.jitter,
    ecnCeCount: report.ecn_ce_count,
    owdTrend: 0,
    burstLossCount: 0,
    cumulativeReorderCount: report.cumulative_reorder_count,
    intervalPacketsReceived: 0,
    intervalBytesReceived: 0,
  }
}

interface PathMtuVector {
  readonly op: string
  readonly value: number
  readonly now_ms?: string
  readonly changed?: boolean
  readonly current: number
}

test('mmp.json: path_mtu_source', () => {
  const pathMtu = new PathMtuState()
  checkEach(vectors.group<PathMtuVector>('path_mtu_source'), (vector) => {
    if (vector.op === 'seed_source') {
      pathMtu.limit(vector.value)
    } else {
      assert.equal(vector.op, 'apply_notification')
      assert.equal(pathMtu.notified(vector.value, Number(vector.now_ms)), vector.changed)
    }
    assert.equal(pathMtu.current, vector.current)
  })
})

interface DestinationVector {
  readonly event: string
  readonly now_ms: string
  readonly due: boolean
}

test('mmp.json: path_mtu_destination', () => {
  const pathMtu = new PathMtuState()
  checkEach(vectors.group<DestinationVector>('path_mtu_destination'), (vector) => {
    const now = Number(vector.now_ms)
    const observed = /^(?:dropped to |rose to )?(\d{4}) ?(?:observed|again|:|\()?/.exec(vector.event)?.[1]
    const rtt = /^srtt (\d+) s/.exec(vector.event)?.[1]
    if (vector.event === 'just sent') pathMtu.takeNotification(now)
    else if (rtt !== undefined) {
      // The rise before it was told when it was due.
      pathMtu.takeNotification(now - 14_999)
      pathMtu.updateRtt(Number(rtt) * 1000)
    } else if (observed !== undefined) pathMtu.observe(Number(observed))
    assert.equal(pathMtu.isNotificationDue(now), vector.due)
  })
})
