import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  LinkMetrics,
  Measurement,
  PathMtuState,
  type ReceiverReport,
  ReceiverState,
  SenderState,
} from '../../../core/index.ts'

const BYTES = 100

function receive(receiver: ReceiverState, counter: number, timestamp: number, now: number): void {
  receiver.record({ counter, timestamp, bytes: BYTES, ce: false }, now)
}

test('after a rekey counters start again, totals go on, and jitter waits', () => {
  const receiver = new ReceiverState()
  for (let n = 0; n < 5; n++) receive(receiver, n, n * 10, n * 10)
  assert.equal(receiver.report(50)!.dwellTime, 10)
  for (const n of [6, 7, 9]) receive(receiver, n, n * 10, n * 10 + 3)
  const lossy = receiver.report(100)!
  assert.deepEqual(
    [lossy.burstLossCount, lossy.maxBurstLoss, lossy.meanBurstLoss, lossy.jitter],
    [2, 1, 256, 164],
  )

  receiver.rekeyed(1000)
  receive(receiver, 0, 0, 1000)
  receive(receiver, 1, 5, 1500)
  const fresh = receiver.report(1600)!
  assert.equal(fresh.highestCounter, 1n)
  assert.equal(fresh.cumulativePacketsReceived, 10n)
  assert.equal(fresh.jitter, 0)
  receive(receiver, 2, 10, 15_999)
  receive(receiver, 3, 20, 16_100)
  assert.equal(receiver.report(16_200)!.jitter, 5687)
})

test('a sender reports what it sent since the last report, more rarely while reports cannot be sent', () => {
  const sender = new SenderState()
  assert.ok(!sender.isReportDue(0))
  assert.equal(sender.deadline(), undefined)
  sender.record(0, 10, BYTES)
  assert.ok(sender.isReportDue(10), 'the first report goes at once')
  sender.record(1, 20, 50)
  assert.deepEqual(sender.report(20), {
    intervalStartCounter: 0n,
    intervalEndCounter: 1n,
    intervalStartTimestamp: 10,
    intervalEndTimestamp: 20,
    intervalBytesSent: 150,
    cumulativePacketsSent: 2n,
    cumulativeBytesSent: 150n,
  })
  assert.equal(sender.report(20), undefined)
  sender.record(2, 500, 70)
  assert.deepEqual([sender.isReportDue(219), sender.isReportDue(220)], [false, true])
  sender.sendFailed()
  assert.deepEqual([sender.isReportDue(419), sender.isReportDue(420)], [false, true])
  for (let n = 0; n < 9; n++) sender.sendFailed()
  assert.equal(sender.deadline(), 20 + 200 * 32)
  sender.sendSucceeded()
  assert.equal(sender.deadline(), 220)
})

function reportOf(highest: number, packets: number, echo: number): ReceiverReport {
  return {
    highestCounter: BigInt(highest),
    cumulativePacketsReceived: BigInt(packets),
    cumulativeBytesReceived: BigInt(packets * BYTES),
    timestampEcho: echo,
    dwellTime: 0,
    maxBurstLoss: 0,
    meanBurstLoss: 0,
    jitter: 0,
    ecnCeCount: 0,
    owdTrend: 0,
    burstLossCount: 0,
    cumulativeReorderCount: 0,
    intervalPacketsReceived: 0,
    intervalBytesReceived: 0,
  }
}

test('both directions make the cost, and a rekey keeps what was learned of the path', () => {
  const metrics = new LinkMetrics()
  assert.equal(metrics.cost, undefined)
  metrics.receiverReport(reportOf(9, 10, 1000), 1100, 0)
  metrics.receiverReport(reportOf(19, 18, 0), 2000, 1000)
  assert.equal(metrics.deliveryForward, 0.8)
  metrics.reverseDelivery(10, 10n)
  metrics.reverseDelivery(15, 20n)
  assert.equal(metrics.deliveryReverse, 0.5)
  assert.equal(metrics.etx, 2.5)
  assert.equal(metrics.cost, 5)
  metrics.rekeyed()
  assert.deepEqual([metrics.deliveryForward, metrics.deliveryReverse, metrics.etx], [1, 0.5, 2.5])
  assert.equal(metrics.receiverReport(reportOf(1, 2, 0), 3000, 2000).type, 'no-echo')
  assert.equal(metrics.deliveryForward, 1)
})

test('the mode says which reports are sent, the round trip how often', () => {
  const build = (mode: 'full' | 'lightweight' | 'minimal'): Measurement => {
    const measurement = new Measurement({ layer: 'link', mode, initiator: true })
    measurement.sender.record(0, 0, BYTES)
    receive(measurement.receiver, 0, 0, 0)
    return measurement
  }
  const due = (m: Measurement): readonly boolean[] => [m.isSenderReportDue(0), m.isReceiverReportDue(0)]
  assert.deepEqual(due(build('full')), [true, true])
  assert.deepEqual(due(build('lightweight')), [false, true])
  assert.deepEqual(due(build('minimal')), [false, false])
  assert.equal(build('minimal').deadline(), undefined)

  const measurement = build('full')
  measurement.receiver.report(0)
  measurement.sender.report(0)
  receive(measurement.receiver, 1, 0, 0)
  measurement.receiverReport(reportOf(0, 1, 1000), 1900, 0)
  assert.equal(measurement.deadline(), 900)
  measurement.sender.record(1, 0, BYTES)
  assert.equal(measurement.sender.deadline(), 1800)
})

test('a destination tells a path MTU at once, a decrease at once, and repeats it rarely', () => {
  const pathMtu = new PathMtuState()
  assert.equal(pathMtu.deadline(), undefined)
  assert.equal(pathMtu.takeNotification(0), undefined)
  pathMtu.observe(1400)
  assert.ok(pathMtu.isNotificationDue(5))
  assert.equal(pathMtu.takeNotification(5), 1400)
  pathMtu.observe(1400)
  assert.deepEqual([pathMtu.isNotificationDue(10_004), pathMtu.isNotificationDue(10_005)], [false, true])
  pathMtu.takeNotification(10_005)
  pathMtu.observe(1200)
  assert.ok(pathMtu.isNotificationDue(10_006))
  pathMtu.takeNotification(10_006)
  pathMtu.observe(1500)
  assert.ok(!pathMtu.isNotificationDue(10_007), 'an increase can wait')
  pathMtu.updateRtt(3000)
  assert.equal(pathMtu.deadline(), 25_006)
})

test('a source that saw the path MTU dip believes a confirmed increase again', () => {
  const pathMtu = new PathMtuState()
  pathMtu.notified(1000, 0)
  pathMtu.notified(1300, 1000)
  pathMtu.notified(900, 2000)
  for (const at of [3000, 13_000]) assert.ok(!pathMtu.notified(1300, at))
  assert.ok(pathMtu.notified(1300, 23_000))
  pathMtu.reset()
  assert.equal(pathMtu.current, 0xffff)
})

test('the spin bit follows the peer under new keys as it did under the old ones', () => {
  const responder = new Measurement({ layer: 'link', mode: 'full', initiator: false })
  responder.spin.observe(true, 5000, 0)
  assert.equal(responder.spin.value, true)
  responder.rekeyed(100)
  assert.equal(responder.spin.value, true)
  responder.spin.observe(false, 1, 200)
  assert.equal(responder.spin.value, false)
})

test('a link that loses of its first frames is taken for lossy once they cannot be under way any more', () => {
  const guessAfter = (frames: readonly (readonly [counter: number, at: number])[]): number => {
    const receiver = new ReceiverState()
    for (const [counter, at] of frames) receiver.recordFrame(counter, at, 100, false, at)
    assert.equal(receiver.steadyLossRate, undefined)
    return receiver.likelyLossRate
  }
  assert.equal(
    guessAfter([
      [0, 0],
      [1, 5],
      [2, 200],
    ]),
    0,
  )
  assert.equal(
    guessAfter([
      [0, 0],
      [2, 5],
    ]),
    0,
  )
  assert.equal(
    guessAfter([
      [0, 0],
      [2, 5],
      [1, 9],
      [3, 200],
    ]),
    0,
  )
  assert.equal(
    guessAfter([
      [0, 0],
      [3, 5],
      [4, 200],
    ]),
    0.5,
  )
})
