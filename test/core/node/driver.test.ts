/** The driver against a scripted node: effects in order, inputs from inside effects later, one timer for the deadline. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../../boards/index.ts'
import { Driver, type Millis, type NodeInput, type NodeOutput, type SansIoNode } from '../../../core/index.ts'

class ScriptedNode implements SansIoNode {
  readonly inputs: string[] = []
  due: Millis | undefined

  step(input: NodeInput, now: Millis): readonly NodeOutput[] {
    this.inputs.push(`${input.type}@${now}`)
    if (input.type === 'tick') this.due = undefined
    if (input.type !== 'frame') return []
    const packet = input.frame.slice()
    return [
      { type: 'packet', packet, from: new Uint8Array(32) },
      { type: 'undeliverable', packet, reason: 'no-route' },
    ]
  }

  /** A frame that is no traffic begins with 7. */
  frameAt(
    transportId: number,
    from: string,
    bytes: Uint8Array,
    at: number,
    length: number,
    now: Millis,
  ): readonly NodeOutput[] {
    const frame = bytes.subarray(at, at + length)
    if (frame[0] === 7) return this.step({ type: 'frame', transportId, from, frame }, now)
    this.inputs.push(`traffic ${frame.join(' ')}@${now}`)
    return []
  }

  packetAt(bytes: Uint8Array, at: number, length: number, now: Millis): readonly NodeOutput[] {
    this.inputs.push(`packet ${bytes.subarray(at, at + length).join(' ')}@${now}`)
    return []
  }

  deadline(): Millis | undefined {
    return this.due
  }
}

function drive() {
  const node = new ScriptedNode()
  const clock = new SimClock()
  const done: string[] = []
  const driver: Driver = new Driver(node, clock, {
    send: () => done.push('send'),
    packet: (packet) => {
      done.push(`packet ${packet[0]}`)
      driver.step({ type: 'packet', packet })
    },
    undeliverable: () => done.push('undeliverable'),
    datagram: () => done.push('datagram'),
    event: () => done.push('event'),
  })
  return { node, clock, driver, done }
}

test('an input from inside an effect waits until the effects are done', () => {
  const { node, driver, done } = drive()
  driver.step({ type: 'frame', transportId: 1, from: 'x', frame: Uint8Array.of(7) })
  assert.deepEqual(done, ['packet 7', 'undeliverable'])
  assert.deepEqual(node.inputs, ['frame@0', 'packet@0'])
})

test('one tick comes at the deadline, also when it moved', async () => {
  const { node, clock, driver } = drive()
  node.due = 500
  driver.step({ type: 'wall-clock', seconds: 0n })
  node.due = 200
  driver.step({ type: 'wall-clock', seconds: 0n })
  await clock.advance(1000)
  assert.deepEqual(node.inputs.slice(2), ['tick@200'])
})

test('after stop the node has been shut down and hears nothing more', async () => {
  const { node, clock, driver } = drive()
  node.due = 100
  driver.step({ type: 'wall-clock', seconds: 0n })
  driver.stop()
  driver.step({ type: 'tick' })
  await clock.advance(1000)
  assert.deepEqual(node.inputs, ['wall-clock@0', 'shutdown@0'])
})

test('the frames of a batch share an instant, and the timer is set when it is over', async () => {
  const { node, clock, driver } = drive()
  const memory = Uint8Array.of(1, 2, 3, 4)
  driver.frameAt(1, 'x', memory, 1, 2)
  node.due = 300
  driver.packetAt(memory, 0, 1)
  await clock.advance(250)
  driver.frameAt(1, 'x', memory, 3, 1)
  assert.deepEqual(node.inputs, ['traffic 2 3@0', 'packet 1@0', 'traffic 4@0'])
  driver.settle()
  await clock.advance(100)
  assert.deepEqual(node.inputs.slice(3), ['tick@300'])
  driver.frameAt(1, 'x', memory, 0, 1)
  assert.deepEqual(node.inputs.slice(4), ['traffic 1@350'])
})

test('what is no traffic in a batch is performed at once, with what follows from it', () => {
  const { node, driver, done } = drive()
  driver.frameAt(1, 'x', Uint8Array.of(7), 0, 1)
  assert.deepEqual(done, ['packet 7', 'undeliverable'])
  assert.deepEqual(node.inputs, ['frame@0', 'packet@0'])
})

test('a stopped driver takes nothing by either door', () => {
  const { node, driver } = drive()
  driver.stop()
  driver.frameAt(1, 'x', Uint8Array.of(1), 0, 1)
  driver.packetAt(Uint8Array.of(1), 0, 1)
  driver.step({ type: 'tick' })
  assert.deepEqual(node.inputs, ['shutdown@0'])
})
