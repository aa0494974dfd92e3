/** The emulated RNode, byte by byte, against what genuine firmware was seen to do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Ether,
  RNODE_PROFILES,
  RnodeEmulator,
  SeededRng,
  SimClock,
  type RnodeProfile,
} from '../../../boards/index.ts'
import { encodeKiss, KissDeframer, type BytePipe } from '../../../firmware-proto/index.ts'

interface Host {
  readonly clock: SimClock
  readonly ether: Ether
  readonly emulator: RnodeEmulator
  /** Frames that arrived, as `[ms] hex`, since the last call. */
  take(): string[]
  write(hex: string): void
}

async function host(profile: RnodeProfile = RNODE_PROFILES.esp32, name = 'a', shared?: Host): Promise<Host> {
  const clock = shared?.clock ?? new SimClock()
  const ether = shared?.ether ?? new Ether({ clock, rng: new SeededRng(1) })
  const emulator = new RnodeEmulator({
    clock,
    rng: new SeededRng(2),
    ether,
    name,
    profile,
    resetOnOpen: false,
  })
  const pipe: BytePipe = await emulator.open()
  let frames: string[] = []
  const deframer = new KissDeframer(600, (command, payload) => {
    const bytes = [command, ...payload].map((byte) => byte.toString(16).padStart(2, '0'))
    frames.push(`${Math.round(clock.now())} ${bytes.join('')}`)
  })
  pipe.start({
    data: (bytes) => deframer.push(bytes),
    drained: () => {},
    closed: () => frames.push('closed'),
  })
  return {
    clock,
    ether,
    emulator,
    take: () => {
      const taken = frames
      frames = []
      return taken
    },
    write: (hex) => void pipe.write(new Uint8Array(Buffer.from(hex, 'hex'))),
  }
}

/** Past the boot, with all parameters at SF8/125 and the radio on. */
async function started(profile?: RnodeProfile, name?: string, shared?: Host): Promise<Host> {
  const modem = await host(profile, name, shared)
  await modem.clock.advance(1000)
  modem.write('c00133be27a0c0c0020001e848c0c0030ec0c00408c0c00505c0c00601c0')
  await modem.clock.advance(700)
  modem.take()
  return modem
}

const without = (frames: string[], ...commands: string[]): string[] =>
  frames.map((line) => line.slice(line.indexOf(' ') + 1)).filter((hex) => !commands.includes(hex.slice(0, 2)))

test('boot says 55 F8, on AVR nothing', async () => {
  const esp = await host()
  await esp.clock.advance(1500)
  assert.deepEqual(esp.take(), ['1000 55f8'])
  const avr = await host(RNODE_PROFILES.avr)
  await avr.clock.advance(1500)
  assert.deepEqual(avr.take(), [])
})

test('unset parameters, the lock, and the refusal to start', async () => {
  const modem = await host()
  await modem.clock.advance(1000)
  modem.take()
  modem.write('c00100000000c0c00200000000c0c003ffc0c004ffc0c005ffc0c007ffc0c00601c0')
  await modem.clock.advance(1000)
  const got = without(modem.take())
  assert.deepEqual(got, ['0100000000', '0200000000', '03ff', '0400', '0505', '0701', '0600', '0600'])
})

test('off it echoes as sent, on it tells what the chip has; power is clamped', async () => {
  const modem = await host(RNODE_PROFILES.avr)
  await modem.clock.advance(1000)
  modem.write('c00133be27a0c0c002000186a0c0c0031ec0c00408c0')
  await modem.clock.advance(10)
  assert.deepEqual(without(modem.take()), ['0133be27a0', '02000186a0', '0311', '0408'])
  modem.write('c00601c0')
  await modem.clock.advance(700)
  modem.take()
  modem.write('c00100000000c0c00200000000c0')
  await modem.clock.advance(10)
  // 868099975 Hz and 125 kHz.
  assert.deepEqual(without(modem.take()), ['0133be2787', '020001e848'])
})

test('RADIO_STATE 01 is answered twice with the modem deaf between, and at once when already on', async () => {
  const modem = await host()
  await modem.clock.advance(1000)
  modem.write('c00133be27a0c0c0020001e848c0c0030ec0c00408c0c00505c0')
  await modem.clock.advance(1)
  modem.take()
  modem.write('c00601c0c00873c0')
  await modem.clock.advance(700)
  const frames = modem.take().filter((line) => !/ (25|26)/.test(line))
  assert.deepEqual(frames, ['1026 0601', '1626 0601', '1626 0846'])
  modem.write('c00601c0')
  await modem.clock.advance(1)
  assert.deepEqual(without(modem.take(), '25'), ['0601', '0601'])
})

test('the FEND that closes DATA opens nothing, other FENDs do', async () => {
  const modem = await started()
  modem.write('c00873c00873c0')
  await modem.clock.advance(1)
  assert.deepEqual(without(modem.take()), ['0846', '0846'])
  modem.write('c0000102c00873c0')
  await modem.clock.advance(1)
  assert.deepEqual(without(modem.take()), [])
  modem.write('c0000102c0c00873c0')
  await modem.clock.advance(1)
  assert.deepEqual(without(modem.take()), ['0846'])
})

test('one-byte commands run again for each further byte; unknown ones are silent', async () => {
  const modem = await started()
  modem.write('c0087373c0c00874c0c0ee01c0')
  await modem.clock.advance(1)
  assert.deepEqual(without(modem.take()), ['0846', '0846'])
})

test('reception is RSSI, SNR, DATA; split packets are joined and come once', async () => {
  const a = await started()
  const b = await started(RNODE_PROFILES.esp32, 'b', a)
  a.ether.link('a', 'b', { rssiDbm: -92, snrDb: -9.75 })
  a.take()
  a.write(Buffer.from(encodeKiss(0, new Uint8Array(300).fill(7))).toString('hex'))
  await a.clock.advance(3000)
  const got = without(b.take(), '25')
  assert.deepEqual(got, ['2341', '24d9', `00${'07'.repeat(300)}`])
  assert.equal(a.ether.stats.frames, 2)
})

test('the longest packet makes a third frame with nothing in it, a longer one vanishes', async () => {
  const a = await started()
  a.write(Buffer.from(encodeKiss(0, new Uint8Array(508))).toString('hex'))
  await a.clock.advance(5000)
  assert.deepEqual([a.ether.stats.frames, a.ether.stats.bytes], [3, 511])
  a.write(Buffer.from(encodeKiss(0, new Uint8Array(509))).toString('hex'))
  await a.clock.advance(5000)
  assert.equal(a.ether.stats.frames, 3)
  a.write('c000c0')
  await a.clock.advance(5000)
  assert.equal(a.ether.stats.frames, 3, 'empty data is nothing')
})

test('a DETECT during a burst is answered after all of it', async () => {
  const a = await started()
  for (let i = 0; i < 3; i++) a.write(Buffer.from(encodeKiss(0, new Uint8Array(200))).toString('hex'))
  await a.clock.advance(200)
  a.take()
  const asked = a.clock.now()
  a.write('c00873c0')
  await a.clock.advance(5000)
  const answer = a.take().find((line) => line.endsWith(' 0846'))
  // 3 x 573 ms and two gaps of 4 ms, begun about 50 ms after queueing.
  const answeredAfter = Number(answer?.split(' ')[0]) - asked
  assert.ok(answeredAfter > 1400 && answeredAfter < 1800, String(answeredAfter))
})

test('an overflowing queue is silent, and glues two packets together', async () => {
  const a = await started()
  const b = await started(RNODE_PROFILES.esp32, 'b', a)
  // Off, so that everything queues; then 40 packets of 200 bytes into room for 6144.
  a.write('c00600c0')
  for (let i = 0; i < 40; i++)
    a.write(Buffer.from(encodeKiss(0, new Uint8Array(200).fill(i))).toString('hex'))
  await a.clock.advance(100)
  a.write('c00f00c0')
  await a.clock.advance(1)
  assert.equal(without(a.take(), '25').at(-1), '0f00')
  b.take()
  a.write('c00601c0')
  await a.clock.advance(60_000)
  const sizes = without(b.take(), '23', '24', '25').map((hex) => hex.length / 2 - 1)
  assert.equal(sizes.filter((size) => size === 200).length, 30)
  assert.equal(sizes.length, 30)
  // What was left of the 31st (144 bytes) is delivered together with the next packet.
  a.write(Buffer.from(encodeKiss(0, new Uint8Array(50))).toString('hex'))
  await a.clock.advance(5000)
  assert.equal((without(b.take(), '23', '24', '25')[0] ?? '').length / 2 - 1, 194)
})

test('the airtime lock holds frames back without a word, but not on AVR', async () => {
  const framesWithin = async (profile: RnodeProfile): Promise<number> => {
    const a = await started(profile)
    a.write('c00b0064c0')
    for (let i = 0; i < 5; i++) {
      a.write(Buffer.from(encodeKiss(0, new Uint8Array(200))).toString('hex'))
      await a.clock.advance(1000)
    }
    return a.ether.stats.frames
  }
  assert.equal(await framesWithin(RNODE_PROFILES.esp32), 1)
  assert.equal(await framesWithin(RNODE_PROFILES.avr), 5)
})

test('STAT_CHTM comes each second and after a burst, PHYPRM at the start, neither on AVR', async () => {
  const esp = await started()
  await esp.clock.advance(3000)
  assert.equal(esp.take().filter((line) => line.includes(' 25')).length, 3)
  const avr = await started(RNODE_PROFILES.avr)
  await avr.clock.advance(3000)
  assert.deepEqual(avr.take(), [])
})

test('an unprovisioned board prints a line, answers everything and does not start', async () => {
  const modem = await started(RNODE_PROFILES.unprovisioned)
  modem.write('c00873c0c007ffc0c00601c0')
  await modem.clock.advance(1000)
  assert.deepEqual(without(modem.take()), ['0846', '0700', '0600', '0600'])
})

test('an AVR board loses what the host says while it delivers a frame', async () => {
  const a = await started(RNODE_PROFILES.avr)
  const b = await started(RNODE_PROFILES.avr, 'b', a)
  a.write(Buffer.from(encodeKiss(0, new Uint8Array(254))).toString('hex'))
  assert.ok(await a.clock.runUntil(() => a.ether.stats.received === 1, 5000))
  b.write('c00873c0')
  await a.clock.advance(15)
  assert.deepEqual(without(b.take()), [])
  await a.clock.advance(10)
  assert.equal(without(b.take()).length, 3)
  b.write('c00873c0')
  await a.clock.advance(1)
  assert.deepEqual(without(b.take()), ['0846'])
})
