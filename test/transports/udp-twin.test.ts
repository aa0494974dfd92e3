/** Datagrams in batches arrive as they do one by one, whatever the system refuses on the way. */
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { batchIo, type Native, type NativeMemory } from '../../transports/native/index.ts'
import { openBatchedSocket } from '../../transports/udp/batched-socket.ts'
import { openDgramSocket, UdpTransport, type OpenDatagramSocket } from '../../transports/index.ts'
import { eventually } from '../support/eventually.ts'

const { EAGAIN, ECONNREFUSED, EINTR, EINVAL, EIO, ENOBUFS } = constants.errno

const MTU = 1280
/** A case that fails waits for what does not arrive: it is not made smaller. */
const RUNS = { seed: 0x5eed, numRuns: 40, endOnFailure: true }
const RECEIVERS = 2
/** Of the socket's buffer the kernel takes more than the bytes: this many large ones fit. */
const MAX_FRAMES = 150

const io = batchIo()
const skip = io === undefined ? 'needs 64-bit Linux and koffi' : false

/** What a sender does, in order. */
type Act =
  | { readonly type: 'send' | 'queue'; readonly to: number; readonly length: number }
  | { readonly type: 'flush' }

/** Runs of a size that the kernel is to cut, between frames of any size, some of them to a port where nobody listens. */
const to = fc.nat({ max: RECEIVERS })
const length = fc.oneof(fc.nat({ max: MTU }), fc.constantFrom(0, 1, 37, MTU))
const one = fc
  .record({ type: fc.constantFrom('send' as const, 'queue' as const), to, length })
  .map((act) => [act])
const run = fc
  .record({ to, length, count: fc.integer({ min: 2, max: 70 }), last: fc.nat({ max: MTU }) })
  .map(({ to, length, count, last }): Act[] => [
    ...Array.from({ length: count }, (): Act => ({ type: 'queue', to, length })),
    { type: 'queue', to, length: last },
  ])
const flush = fc.constant<Act[]>([{ type: 'flush' }])
const acts = fc
  .array(fc.oneof(one, run, flush), { maxLength: 12 })
  .map((parts) => parts.flat().slice(0, MAX_FRAMES))

interface Outcome {
  readonly heard: readonly (readonly string[])[]
  readonly sent: number
  readonly sendErrors: number
}

/** A frame of its own: its number in the plan, then a pattern. */
function frameOf(index: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i === 0 ? index : index * 7 + i))
}

function describe(from: boolean, bytes: Uint8Array, at: number, length: number): string {
  return `${from ? 'sender' : 'stranger'} ${Buffer.from(bytes.subarray(at, at + length)).toString('base64')}`
}

interface Sockets {
  readonly sending: OpenDatagramSocket
  readonly receiving: OpenDatagramSocket
}

/** Carries the plan out between fresh transports.  */
async function outcomeOf(
  plan: readonly Act[],
  { sending, receiving }: Sockets,
  [sendBind, receiveBind]: readonly [string, string],
): Promise<Outcome> {
  const sender = new UdpTransport({ bindAddr: sendBind, mtu: MTU, openSocket: sending })
  const receivers = Array.from(
    { length: RECEIVERS },
    () => new UdpTransport({ bindAddr: receiveBind, mtu: MTU, openSocket: receiving }),
  )
  const heard: string[][] = receivers.map(() => [])
  await sender.open({ frame: () => {}, state: () => {} })
  const senderPort = sender.localAddr.slice(sender.localAddr.lastIndexOf(':'))
  for (const [i, receiver] of receivers.entries())
    await receiver.open({
      frame: () => assert.fail('takes frames by offset'),
      frameAt: (from, bytes, at, length) =>
        heard[i]?.push(describe(from.endsWith(senderPort), bytes, at, length)),
      state: () => {},
    })
  const nobody = new UdpTransport({ bindAddr: receiveBind, openSocket: receiving })
  await nobody.open({ frame: () => {}, state: () => {} })
  await nobody.close()
  const addresses = [...receivers, nobody].map((receiver) => receiver.localAddr)
  const slab = new Uint8Array(plan.length * MTU)
  for (const [i, act] of plan.entries()) {
    if (act.type === 'flush') sender.flush()
    else if (act.type === 'send') sender.send(addresses[act.to] ?? '', frameOf(i, act.length))
    else {
      slab.set(frameOf(i, act.length), i * MTU)
      sender.queue(addresses[act.to] ?? '', slab, i * MTU, act.length)
    }
  }
  sender.flush()
  const expected = plan.filter((act) => act.type !== 'flush' && act.to < RECEIVERS).length
  const arrived = (): number => heard.reduce((sum, frames) => sum + frames.length, 0)
  await eventually(
    'everything has arrived or failed',
    () => arrived() + sender.stats.sendErrors >= expected,
    () => pause(1),
    2000,
  )
  await Promise.all([sender, ...receivers].map((transport) => transport.close()))
  return { heard, sent: sender.stats.packetsSent, sendErrors: sender.stats.sendErrors }
}

const batched =
  (through: Native): OpenDatagramSocket =>
  (options, sink) =>
    openBatchedSocket(through, options, sink)

const BINDS: readonly (readonly [string, string])[] = [
  ['127.0.0.1:0', '127.0.0.1:0'],
  ['[::1]:0', '[::1]:0'],
  ['[::]:0', '127.0.0.1:0'],
]

for (const binds of BINDS)
  test(`udp twins: the same traffic from ${binds.join(' to ')} gives the same frames`, { skip }, async () => {
    assert.ok(io)
    const fast = batched(io)
    await fc.assert(
      fc.asyncProperty(acts, async (plan) => {
        const slow = await outcomeOf(plan, { sending: openDgramSocket, receiving: openDgramSocket }, binds)
        assert.deepEqual(await outcomeOf(plan, { sending: fast, receiving: fast }, binds), slow)
        assert.deepEqual(await outcomeOf(plan, { sending: fast, receiving: openDgramSocket }, binds), slow)
      }),
      RUNS,
    )
  })

/** How much one call takes: as given, one message only, or none with this error (`onlyRuns`: where it is to be cut). */
type Mood = 'all' | 'part' | { readonly errno: number; readonly onlyRuns?: boolean }

/** The system in changing moods, one for each call. */
function moody(real: Native, moods: readonly Mood[]): Native {
  const memories: NativeMemory[] = []
  const isRun = (message: number): boolean => {
    const memory = memories.find(({ base, bytes }) => message >= base && message < base + bytes.length)
    assert.ok(memory)
    const CONTROL_AT = 32
    return memory.words[(message - memory.base + CONTROL_AT) >> 2] !== 0
  }
  let call = 0
  let failure = 0
  const refusal = (mood: Mood, message: number): number =>
    typeof mood === 'string' || (mood.onlyRuns === true && !isRun(message)) ? 0 : mood.errno
  return {
    ...real,
    memory: (size) => {
      const memory = real.memory(size)
      memories.push(memory)
      return memory
    },
    libc: {
      ...real.libc,
      errno: () => (failure === 0 ? real.libc.errno() : failure),
      sendmmsg: (fd = 0, messages = 0, count = 0, flags = 0) => {
        const mood = moods[call++ % moods.length] ?? 'all'
        failure = refusal(mood, messages)
        if (failure !== 0) return -1
        return real.libc.sendmmsg(fd, messages, mood === 'all' ? count : 1, flags)
      },
    },
  }
}

const SYSTEMS: readonly {
  readonly name: string
  readonly moods: readonly Mood[]
  readonly isLossless: boolean
}[] = [
  { name: 'interrupts', moods: [{ errno: EINTR }, { errno: EINTR }, 'part', 'all'], isLossless: true },
  { name: 'computes no checksums', moods: [{ errno: EIO, onlyRuns: true }], isLossless: true },
  { name: 'has a small MTU', moods: [{ errno: EINVAL, onlyRuns: true }, 'part', 'all'], isLossless: true },
  {
    name: 'is out of room',
    moods: [{ errno: EAGAIN }, 'part', { errno: ENOBUFS }, 'part', 'all'],
    isLossless: false,
  },
  { name: 'has an old error', moods: ['part', { errno: ECONNREFUSED }, 'all'], isLossless: false },
]

for (const { name, moods, isLossless } of SYSTEMS)
  test(
    `udp batches: where the system ${name} nothing is lost uncounted or out of order`,
    { skip },
    async () => {
      assert.ok(io)
      const fast = batched(moody(io, moods))
      const binds = ['127.0.0.1:0', '127.0.0.1:0'] as const
      await fc.assert(
        fc.asyncProperty(acts, async (acts) => {
          const plan = acts.filter((act) => act.type === 'flush' || act.to < RECEIVERS)
          const whole = await outcomeOf(plan, { sending: openDgramSocket, receiving: openDgramSocket }, binds)
          const rough = await outcomeOf(plan, { sending: fast, receiving: openDgramSocket }, binds)
          assert.equal(rough.sent, whole.sent)
          assert.equal(rough.heard.flat().length + rough.sendErrors, whole.sent)
          if (isLossless) assert.deepEqual(rough, whole)
          for (const [i, frames] of rough.heard.entries())
            assert.ok(isSubsequence(frames, whole.heard[i] ?? []), 'in order, none twice')
        }),
        RUNS,
      )
    },
  )

test('udp batches: a kernel that cannot cut runs is sent none', { skip }, async () => {
  assert.ok(io)
  const old = moody(io, [{ errno: EIO, onlyRuns: true }])
  const SOL_UDP = 17
  let refused = 0
  const setsockopt: Native['libc']['setsockopt'] = (fd = 0, level = 0, ...rest) =>
    level === SOL_UDP ? -1 : old.libc.setsockopt(fd, level, ...rest)
  const sendmmsg: Native['libc']['sendmmsg'] = (...call) => {
    const result = old.libc.sendmmsg(...call)
    if (result <= 0) refused++
    return result
  }
  const plan = Array.from({ length: 100 }, (): Act => ({ type: 'queue', to: 0, length: 500 }))
  const sending = batched({ ...old, libc: { ...old.libc, setsockopt, sendmmsg } })
  const { heard } = await outcomeOf(plan, { sending, receiving: openDgramSocket }, [
    '127.0.0.1:0',
    '127.0.0.1:0',
  ])
  assert.equal(heard[0]?.length, 100)
  assert.equal(refused, 0)
})

test(
  'udp batches: traffic is cut from runs, a frame by itself never shares the fate of others',
  { skip },
  async () => {
    assert.ok(io)
    const binds = ['127.0.0.1:0', '127.0.0.1:0'] as const
    const runsOf = async (types: readonly Act['type'][]): Promise<number> => {
      let runs = 0
      const native = moody(io, [{ errno: EIO, onlyRuns: true }])
      const sendmmsg: Native['libc']['sendmmsg'] = (...call) => {
        const result = native.libc.sendmmsg(...call)
        if (result <= 0) runs++
        return result
      }
      const plan = types.map((type): Act => (type === 'flush' ? { type } : { type, to: 0, length: 200 }))
      const sending = batched({ ...native, libc: { ...native.libc, sendmmsg } })
      const { heard } = await outcomeOf(plan, { sending, receiving: openDgramSocket }, binds)
      assert.equal(heard[0]?.length, types.length)
      return runs
    }
    assert.equal(await runsOf(['queue', 'queue', 'queue']), 1)
    assert.equal(await runsOf(['queue', 'send', 'queue', 'send']), 0)
  },
)

for (const [name, openSocket] of [
  ['one by one', openDgramSocket],
  ['in batches', io === undefined ? undefined : batched(io)],
] as const)
  test(`udp ${name}: a datagram longer than can be is dropped and counted`, { skip }, async (t) => {
    assert.ok(openSocket)
    const receiver = new UdpTransport({ bindAddr: '127.0.0.1:0', mtu: MTU, openSocket })
    const sender = new UdpTransport({ bindAddr: '127.0.0.1:0', mtu: 9000 })
    t.after(() => Promise.all([receiver.close(), sender.close()]))
    const lengths: number[] = []
    await receiver.open({ frame: (_from, frame) => lengths.push(frame.length), state: () => {} })
    await sender.open({ frame: () => {}, state: () => {} })
    for (const length of [2048, 2049, 9000, 100]) sender.send(receiver.localAddr, new Uint8Array(length))
    await eventually(
      'the last arrives',
      () => lengths.includes(100),
      () => pause(1),
    )
    assert.deepEqual(lengths, [2048, 100])
    assert.deepEqual(receiver.stats.drops, { oversize: 2 })
  })

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0
  for (const item of whole) if (at < part.length && part[at] === item) at++
  return at === part.length
}
