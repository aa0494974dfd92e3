/** Which radio drivers exist, by the name a configuration gives them. */
import type { Clock, Rng } from '../core/index.ts'
import type { PipeOpener } from '../firmware-proto/index.ts'
import type { RadioBoard } from './board.ts'
import { RnodeBoard } from './rnode/index.ts'

export interface BoardDeps {
  readonly open: PipeOpener
  readonly clock: Clock
  readonly rng: Rng
  readonly overTcp?: boolean
  readonly mixedNetwork?: boolean
}

export interface BoardDriver {
  readonly name: string
  /** One line for listings and error messages. */
  readonly description: string
  create(deps: BoardDeps): RadioBoard
}

const DRIVERS: readonly BoardDriver[] = [
  {
    name: 'rnode',
    description: 'RNode firmware 1.52 or later, over USB serial or TCP port 7633',
    create: (deps) => new RnodeBoard(deps),
  },
]

/** Names `boardDriver` knows. */
export const BOARD_NAMES: readonly string[] = DRIVERS.map((driver) => driver.name)

export function boardDriver(name: string): BoardDriver | undefined {
  return DRIVERS.find((driver) => driver.name === name)
}
