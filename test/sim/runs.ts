/** Which networks are simulated, and what is asked of each. */
import { nobleCrypto, type Crypto, type Millis } from '../../core/index.ts'
import { loadSodiumCrypto } from '../../gateway/crypto/index.ts'
import { churn } from './churn.ts'
import { HOUR, MINUTE, SECOND, SimNetwork } from './network.ts'
import { firstContacts } from './pairs.ts'
import { splitAndHeal } from './split.ts'
import { standInCrypto } from './stand-in-crypto.ts'
import type { TopologyName } from './topology.ts'
import { DATAGRAM_TTL } from './trails.ts'

export interface Run {
  readonly topology: TopologyName
  readonly size: number
  /** The real cryptography, or the named stand-in for it. */
  readonly crypto: 'real' | 'stand-in'
  /** Links as long as TCP's frames, trees as deep as the network is large, and pairs no farther apart than a datagram gets. */
  readonly isDeep?: boolean
  /** Pairs that never spoke. */
  readonly pairs?: number
  /** Frames are counted for so long, when nothing happens. */
  readonly peaceMs?: Millis
  readonly churnMs?: Millis
  /** Probes between the halves, before and after. */
  readonly splitProbes?: number
}

/** What one run told, by the id of the row. */
export type Findings = Readonly<Record<string, number | null>>

const SEED = 1
/**
 * Time of everything that is asked but the first tree: the first choice of parents is mended within seconds, after 30 s
 * every change is held down no longer, and the filters have followed.
 */
const SETTLED_AT: Millis = 40 * SECOND
const RESTARTED_PER_MINUTE = 0.05
const DOWN_FOR: Millis = SECOND
const CHURN_PROBE_EVERY: Millis = 200

export const CI_RUNS: readonly Run[] = [
  {
    topology: 'erdos-renyi',
    size: 50,
    crypto: 'real',
    pairs: 200,
    peaceMs: 20 * SECOND,
    churnMs: 2 * MINUTE,
  },
  { topology: 'geometric', size: 50, crypto: 'real', pairs: 200, splitProbes: 50 },
  { topology: 'scale-free', size: 50, crypto: 'real', pairs: 200 },
  { topology: 'line', size: 30, crypto: 'real', pairs: 100 },
  { topology: 'ring', size: 40, crypto: 'real', pairs: 100 },
  { topology: 'erdos-renyi', size: 150, crypto: 'stand-in', peaceMs: 20 * SECOND },
]

/** The longest first, for they are shared out to the cores in this order. */
export const LONG_RUNS: readonly Run[] = [
  { topology: 'erdos-renyi', size: 300, crypto: 'stand-in', peaceMs: 20 * SECOND, churnMs: 20 * MINUTE },
  { topology: 'geometric', size: 1000, crypto: 'stand-in', pairs: 10_000 },
  { topology: 'line', size: 1000, crypto: 'stand-in', isDeep: true, pairs: 10_000 },
  { topology: 'ring', size: 1000, crypto: 'stand-in', isDeep: true, pairs: 10_000 },
  { topology: 'erdos-renyi', size: 1000, crypto: 'stand-in', pairs: 10_000, peaceMs: 20 * SECOND },
  { topology: 'scale-free', size: 1000, crypto: 'stand-in', pairs: 10_000 },
  { topology: 'geometric', size: 300, crypto: 'stand-in', splitProbes: 500 },
  { topology: 'erdos-renyi', size: 100, crypto: 'real', pairs: 500, peaceMs: 20 * SECOND, splitProbes: 200 },
]

/** As few as show that every part works. */
export const QUICK_RUNS: readonly Run[] = [
  {
    topology: 'erdos-renyi',
    size: 12,
    crypto: 'stand-in',
    pairs: 12,
    peaceMs: 10 * SECOND,
    churnMs: MINUTE,
    splitProbes: 5,
  },
]

export function nameOf({ topology, size }: Run): string {
  return `${topology} ${size}`
}

export function simulate(run: Run): Findings {
  const { size } = run
  const network = new SimNetwork({ ...run, seed: SEED, crypto: cryptoOf(run) })
  const { mesh, trails } = network
  const found: Record<string, number | null> = { links: network.edges.length }
  const agreed = network.until(() => mesh.hasOneRoot(), SETTLED_AT - mesh.now)
  found['one-tree'] = agreed === undefined ? null : mesh.now / SECOND
  mesh.run(SETTLED_AT - mesh.now)
  found['trees'] = network.trees()
  found['depth'] = network.depth()
  if (run.peaceMs !== undefined) {
    const before = network.bytesSent()
    mesh.run(run.peaceMs)
    found['idle-bytes'] = ((network.bytesSent() - before) / size / 1000) * (HOUR / run.peaceMs)
  }
  if (run.pairs !== undefined) {
    const { arrived, byFirstLookup, stretch } = firstContacts(
      network,
      run.pairs,
      run.isDeep === true ? DATAGRAM_TTL : Infinity,
    )
    Object.assign(found, { arrived, 'first-lookup': byFirstLookup, stretch })
  }
  if (run.splitProbes !== undefined) {
    const { trees, healedAfter, arrived, wrongPositions } = splitAndHeal(network, run.splitProbes)
    Object.assign(found, {
      'split-trees': trees,
      healed: healedAfter ?? null,
      'healed-arrived': arrived,
      'healed-wrong': wrongPositions,
    })
  }
  if (run.churnMs !== undefined) {
    const probes = churn(network, {
      forMs: run.churnMs,
      perMinute: RESTARTED_PER_MINUTE,
      downMs: DOWN_FOR,
      probeEveryMs: CHURN_PROBE_EVERY,
    })
    found['churn'] = probes.filter(({ arrivedAt }) => arrivedAt !== undefined).length / probes.length
    found['churn-trees'] = network.trees()
  }
  if (trails.datagrams > 0) {
    found['most-links'] = trails.mostLinks
    found['circled'] = trails.circled / trails.datagrams
  }
  return found
}

function cryptoOf({ crypto }: Run): Crypto {
  return crypto === 'stand-in' ? standInCrypto : (loadSodiumCrypto() ?? nobleCrypto)
}
