import {
  Ether,
  RNODE_PROFILES,
  RnodeBoard,
  RnodeEmulator,
  SeededRng,
  SimBoard,
  SimClock,
  type RnodeProfile,
} from '../../boards/index.ts'
import { radioBoardContract, type BoardPair } from '../contract/radio-board.ts'

radioBoardContract('simulated board', () => {
  const { clock, ether } = world()
  const make = (name: string, seed: number): SimBoard =>
    new SimBoard({ clock, rng: new SeededRng(seed), ether, name })
  return { clock, a: make('a', 1), b: make('b', 2) }
})

radioBoardContract('RNode driver on an emulated ESP32 modem', () => rnodePair(RNODE_PROFILES.esp32))
radioBoardContract('RNode driver on an emulated AVR modem', () => rnodePair(RNODE_PROFILES.avr))

function world(): { clock: SimClock; ether: Ether } {
  const clock = new SimClock()
  return { clock, ether: new Ether({ clock, rng: new SeededRng(9) }) }
}

function rnodePair(profile: RnodeProfile): BoardPair {
  const { clock, ether } = world()
  const make = (name: string, seed: number): RnodeBoard => {
    const emulator = new RnodeEmulator({ clock, rng: new SeededRng(seed), ether, name, profile })
    return new RnodeBoard({ open: emulator.open, clock, rng: new SeededRng(seed + 10) })
  }
  return { clock, a: make('a', 1), b: make('b', 2) }
}
