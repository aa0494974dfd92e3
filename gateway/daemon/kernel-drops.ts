/**
 * Datagrams that the kernel dropped because nobody fetched them in time: the sign that this machine is the bottleneck.
 * Counted per UDP socket in /proc/net/udp, looked at once a second; where there is no such file nothing is known.
 */
import { readFile } from 'node:fs/promises'
import type { Clock, Millis, NodeInput, TransportId } from '../../core/index.ts'
import { parseSocketAddress } from '../../transports/index.ts'
import type { Fleet } from './fleet.ts'

const LOOK_INTERVAL: Millis = 1000
const TABLES = ['/proc/net/udp', '/proc/net/udp6']
const LOCAL_ADDRESS_COLUMN = 1

export interface KernelDropsDeps {
  readonly clock: Clock
  readonly fleet: Pick<Fleet, 'facts'>
  step(input: NodeInput): void
  /** The kernel's tables of UDP sockets as text; those there are. */
  readonly read?: () => Promise<readonly string[]>
}

interface Seen {
  total: number
  isDropping: boolean
}

export class KernelDrops {
  readonly #deps: KernelDropsDeps
  /** One entry for each UDP transport. */
  readonly #seen = new Map<TransportId, Seen>()
  #cancel: (() => void) | undefined

  constructor(deps: KernelDropsDeps) {
    this.#deps = deps
  }

  start(): void {
    const { clock } = this.#deps
    this.#cancel = clock.after(LOOK_INTERVAL, () => {
      void this.look()
      this.start()
    })
  }

  stop(): void {
    this.#cancel?.()
  }

  /** Compares the kernel's count with what it was, and tells the node when losses begin and when they end. */
  async look(): Promise<void> {
    const { fleet, read = readTables } = this.#deps
    const media = fleet.facts().filter(({ kind, state }) => kind === 'udp' && state === 'up')
    if (media.length === 0) return
    const tables = await read()
    for (const { id, localAddr, stats } of media) {
      const address = parseSocketAddress(localAddr)
      const total = address.ok ? dropsAt(tables, address.value.port) : undefined
      if (total === undefined) continue
      stats.drops['kernel'] = total
      const seen = this.#seen.get(id) ?? { total, isDropping: false }
      const isDropping = total > seen.total
      if (isDropping !== seen.isDropping)
        this.#deps.step({ type: 'receive-drops', transportId: id, isDropping })
      this.#seen.set(id, { total, isDropping })
    }
  }
}

/** Drops of all sockets on a port; undefined when there is none. */
function dropsAt(tables: readonly string[], port: number): number | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  let total: number | undefined
  for (const line of tables.flatMap((table) => table.split('\n'))) {
    const columns = line.trim().split(/\s+/)
    const drops = Number(columns.at(-1))
    if (columns[LOCAL_ADDRESS_COLUMN]?.endsWith(suffix) !== true || !Number.isInteger(drops)) continue
    total = (total ?? 0) + drops
  }
  return total
}

async function readTables(): Promise<readonly string[]> {
  return Promise.all(TABLES.map((path) => readFile(path, 'utf8').catch(() => '')))
}
