/** Two emulated RNodes on one ether with drivers on them, on a virtual clock. */
import {
  Ether,
  RNODE_PROFILES,
  RnodeBoard,
  RnodeEmulator,
  SeededRng,
  SimClock,
  type BoardState,
  type RnodeProfile,
} from '../../../boards/index.ts'
import type { BytePipe } from '../../../firmware-proto/index.ts'
import { TEST_PARAMS } from '../../contract/radio-board.ts'

export interface Station {
  /** What its port leads to; another one may be put there. */
  emulator: RnodeEmulator
  readonly board: RnodeBoard
  readonly heard: Uint8Array[]
  readonly states: BoardState[]
  /** Chunks the driver wrote, in hex. */
  readonly written: string[]
  /** How often the port was opened, or tried. */
  opens: number
}

export interface World {
  readonly clock: SimClock
  readonly ether: Ether
  readonly station: (name: string, options?: StationOptions) => Station
}

export interface StationOptions {
  readonly profile?: RnodeProfile
  readonly overTcp?: boolean
  readonly mixedNetwork?: boolean
  readonly resetOnOpen?: boolean
}

export const LIMIT_MS = 120_000

export function world(): World {
  const clock = new SimClock()
  const ether = new Ether({ clock, rng: new SeededRng(5) })
  let seed = 100
  return {
    clock,
    ether,
    station: (name, options = {}) => {
      const { profile = RNODE_PROFILES.esp32, resetOnOpen = true } = options
      const emulator = new RnodeEmulator({
        clock,
        rng: new SeededRng(seed++),
        ether,
        name,
        profile,
        resetOnOpen,
      })
      const written: string[] = []
      const open = async (): Promise<BytePipe> => {
        station.opens++
        return logged(await station.emulator.open(), written)
      }
      const station: Station = {
        emulator,
        board: new RnodeBoard({
          open,
          clock,
          rng: new SeededRng(seed++),
          overTcp: options.overTcp ?? false,
          mixedNetwork: options.mixedNetwork ?? false,
        }),
        heard: [],
        states: [],
        written,
        opens: 0,
      }
      station.board.onReceive((frame) => station.heard.push(frame.payload.slice()))
      station.board.onState((state) => station.states.push(state))
      return station
    },
  }
}

/** Two stations up and running. */
export async function pair(options: StationOptions = {}): Promise<World & { a: Station; b: Station }> {
  const here = world()
  const a = here.station('a', options)
  const b = here.station('b')
  await here.clock.resolve(
    Promise.all([a.board.configure(TEST_PARAMS), b.board.configure(TEST_PARAMS)]),
    LIMIT_MS,
  )
  return { ...here, a, b }
}

export function types(states: readonly BoardState[]): string[] {
  return states.map((state) => state.type)
}

function logged(pipe: BytePipe, written: string[]): BytePipe {
  return {
    name: pipe.name,
    write: (bytes) => {
      written.push(Buffer.from(bytes).toString('hex'))
      return pipe.write(bytes)
    },
    start: (sink) => pipe.start(sink),
    close: () => pipe.close(),
  }
}
