/** What reads the lines of modems, from either end, as decoders for the fuzz loop. */
import { RNODE_PROFILES, SimClock } from '../../boards/index.ts'
import { RnodeModem } from '../../boards/rnode/modem.ts'
import { RnodeSession } from '../../boards/rnode/session.ts'
import { HostParser } from '../../boards/sim/rnode/host-parser.ts'
import { PacketQueue } from '../../boards/sim/rnode/packet-queue.ts'
import { RnodeSettings } from '../../boards/sim/rnode/settings.ts'
import { encodeKiss, KissDeframer, type BytePipe, type PipeSink } from '../../firmware-proto/index.ts'
import { TEST_PARAMS } from '../contract/radio-board.ts'

/** Same shape as `FuzzedDecoder`, which imports this file's list. */
interface LineReader {
  readonly name: string
  readonly run: (input: Uint8Array) => unknown
  readonly seeds: readonly Uint8Array[]
}

const MAX_FRAME = 64

const FRAMES: readonly Uint8Array[] = [
  Uint8Array.of(...encodeKiss(0x23, Uint8Array.of(0x41)), ...encodeKiss(0x00, Uint8Array.of(0xc0, 0xdb, 1))),
  encodeKiss(0x24, Uint8Array.of(0xc0)),
  encodeKiss(0x25, new Uint8Array(11).fill(1)),
  encodeKiss(0x26, new Uint8Array(12).fill(1)),
  encodeKiss(0x06, Uint8Array.of(1)),
  encodeKiss(0x90, Uint8Array.of(6)),
  encodeKiss(0x55, Uint8Array.of(0xf8)),
  encodeKiss(0x01, Uint8Array.of(0x33, 0xbe, 0x27, 0xa0)),
  encodeKiss(0x08, Uint8Array.of(0x73)),
]

export const LINE_READERS: readonly LineReader[] = [
  { name: 'KISS stream', run: deframeBothWays, seeds: FRAMES },
  { name: 'RNode driver', run: readAsHost, seeds: FRAMES },
  { name: 'emulated RNode', run: readAsModem, seeds: FRAMES },
]

/** Byte by byte and all at once must agree, and no frame may exceed the bound. */
function deframeBothWays(input: Uint8Array): void {
  const frames = (chunks: readonly Uint8Array[]): string => {
    const got: string[] = []
    const deframer = new KissDeframer(MAX_FRAME, (command, payload) => {
      if (payload.length > MAX_FRAME) throw new Error('a frame beyond the bound')
      got.push(`${command}:${payload.join(',')}`)
    })
    for (const chunk of chunks) deframer.push(chunk)
    return got.join(' ')
  }
  const whole = frames([input])
  const single = frames(Array.from(input, (byte) => Uint8Array.of(byte)))
  if (whole !== single) throw new Error('chunks change the frames')
}

/** A running session must take anything a modem says. */
function readAsHost(input: Uint8Array): void {
  const clock = new SimClock()
  let sink: PipeSink | undefined
  const pipe: BytePipe = {
    name: 'fuzz',
    write: () => true,
    start: (given) => (sink = given),
    close: () => Promise.resolve(),
  }
  const modem = new RnodeModem(pipe, clock, {
    frame: (command, payload) => session.frame(command, payload),
    closed: () => {},
  })
  const session = new RnodeSession({
    modem,
    params: TEST_PARAMS,
    running: {
      platform: 0x80,
      firmware: { major: 1, minor: 86 },
      warnings: [],
      info: {
        driver: 'rnode',
        model: '',
        firmware: '',
        maxPayload: 254,
        overheadBytes: 1,
        preambleSymbols: 18,
      },
    },
    clock,
    overTcp: false,
    received: (frame) => {
      if (frame.payload.length === 0) throw new Error('an empty frame')
    },
    warn: () => {},
    ended: () => {},
  })
  void session.transmit(Uint8Array.of(1))
  sink?.data(input)
  session.end('closed')
}

/** The emulator must take anything a host says, and never hold more than the firmware's queue. */
function readAsModem(input: Uint8Array): void {
  const settings = new RnodeSettings(RNODE_PROFILES.esp32)
  const queue = new PacketQueue(() => ({ queued: 0, queuedBytes: 0 }))
  const parser = new HostParser({
    command: (command, payload) => settings.apply(command, payload, true),
    dataByte: (byte) => queue.byte(byte),
    dataEnd: () => queue.end(),
  })
  for (const byte of input) parser.byte(byte)
  for (let packet = queue.take(); packet !== undefined; packet = queue.take()) {
    if (packet.length === 0 || packet.length > input.length) throw new Error('a packet out of nothing')
  }
}
