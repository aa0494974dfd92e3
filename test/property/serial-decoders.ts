/** What reads serial lines: both de-framers, the cells, and a running transport. */
import { SeededRng } from '../../core/index.ts'
import {
  CobsDeframer,
  cobsDecode,
  decodeCell,
  encodeCell,
  MAX_CELL,
  U16_MAX_FRAME,
  U16Deframer,
  u16Encode,
  type PipeSink,
} from '../../firmware-proto/index.ts'
import { SerialTransport } from '../../transports/index.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import type { FuzzedDecoder } from './decoders.ts'

const MSG1 = Uint8Array.from({ length: 114 }, (_, i) => [1, 0, 110, 0][i] ?? i)
const DATA = encodeCell({
  type: 'data',
  id: 7,
  firstUnit: 0,
  last: true,
  ask: true,
  round: 1,
  payload: MSG1,
})
const ACK = encodeCell({ type: 'ack', id: 7, round: 1, held: Array.from({ length: 47 }, (_, i) => i < 4) })
const SEEDS = [
  DATA,
  ACK,
  encodeCell({ type: 'hello' }),
  u16Encode(MSG1),
  Uint8Array.of(...DATA, ...u16Encode(MSG1)),
]

export const SERIAL_READERS: readonly FuzzedDecoder[] = [
  { name: 'COBS stream', run: cobsBothWays, seeds: SEEDS },
  { name: 'length-prefixed stream', run: u16BothWays, seeds: SEEDS },
  {
    name: 'serial cell',
    run: (input) => decodeCell(cobsDecode(input) ?? input),
    seeds: SEEDS.map((seed) => seed.subarray(0, -1)),
  },
  { name: 'serial transport', run: readAsTransport, seeds: SEEDS },
]

function cobsBothWays(input: Uint8Array): void {
  agree(input, (chunks) => {
    const deframer = new CobsDeframer(MAX_CELL)
    const got: string[] = []
    for (const chunk of chunks)
      deframer.push(
        chunk,
        (cell) => got.push(cell.join(',')),
        (fault) => got.push(fault),
      )
    return got.join(' ')
  })
}

function u16BothWays(input: Uint8Array): void {
  agree(input, (chunks) => {
    const deframer = new U16Deframer()
    const got: string[] = []
    let skipped = 0
    for (const chunk of chunks)
      deframer.push(
        chunk,
        (frame) => {
          if (frame.length > U16_MAX_FRAME) throw new Error('a frame beyond the bound')
          got.push(frame.join(','))
        },
        (count) => {
          skipped += count
        },
      )
    return `${skipped} ${got.join(' ')}`
  })
}

function agree(input: Uint8Array, read: (chunks: readonly Uint8Array[]) => string): void {
  const single = Array.from(input, (byte) => Uint8Array.of(byte))
  if (read([input]) !== read(single)) throw new Error('chunks change what is read')
}

const clock = new VirtualClock()
let line: PipeSink | undefined
const transport = new SerialTransport({
  name: 'port',
  open: () =>
    Promise.resolve({
      name: 'port',
      write: () => true,
      start: (sink: PipeSink) => {
        line = sink
      },
      close: () => Promise.resolve(),
    }),
  clock,
  rng: new SeededRng(1),
  baud: 115_200,
})
await transport.open({ frame: () => {}, state: () => {} })

/** One port hears everything: whatever came before, it goes on reading and sending. */
function readAsTransport(input: Uint8Array): void {
  line?.data(input)
  transport.send('port', MSG1, 'handshake')
  clock.advance(200)
}
