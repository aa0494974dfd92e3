/** What is measured of a mesh: first pings, delivery under churn, how soon all is well again. */
import { randomBelow, SeededRng } from '../../core/index.ts'
import { echo, type Joint, type LiveMesh, type Member } from './live-mesh.ts'

export type Pairs = readonly (readonly [Member, Member])[]

/** Tries of one pair, a second apart. */
export const TRIES = 12
const TRY_MS = 1000
/** Under churn a ping is said again like this, as a TCP that opens a connection does. */
const PROBE_TRIES = 3
const PROBE_EVERY_MS = 150
/** A node counts as up this long after its process does. */
const SETTLED_MS = 5000

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

/** Pings every pair until it answers, all of them side by side; the seconds each took, undefined for those that did not. */
export function firstAnswers(pairs: Pairs, tries: number = TRIES): Promise<readonly (number | undefined)[]> {
  return Promise.all(pairs.map(([from, to]) => firstAnswer(from, to, tries)))
}

async function firstAnswer(from: Member, to: Member, tries: number): Promise<number | undefined> {
  const began = performance.now()
  for (let tried = 1; tried <= tries; tried++) {
    if (await echo(from, to, TRY_MS)) return (performance.now() - began) / 1000
    await pause(Math.max(0, began + tried * TRY_MS - performance.now()))
  }
  return undefined
}

export function answered(answers: readonly (number | undefined)[]): number {
  return answers.filter((seconds) => seconds !== undefined).length
}

export interface Delivery {
  readonly sent: number
  readonly answered: number
}

const PING_EVERY_MS = 200
const PING_MS = 2000

/** Each pair every 200 ms, and none said again. */
export async function ping(pairs: Pairs, isOver: () => boolean): Promise<Delivery> {
  let [sent, arrived] = [0, 0]
  const pinging = pairs.map(async ([from, to]) => {
    while (!isOver()) {
      sent++
      if (await echo(from, to, PING_MS)) arrived++
      await pause(PING_EVERY_MS)
    }
  })
  await Promise.all(pinging)
  return { sent, answered: arrived }
}

/** Pings between random pairs that are up throughout, while `isOver` says no. */
export async function deliver(mesh: LiveMesh, seed: number, isOver: () => boolean): Promise<Delivery> {
  const rng = new SeededRng(seed)
  const probes: Promise<boolean | undefined>[] = []
  while (!isOver()) {
    const settled = mesh.members.filter(
      ({ upSince }) => upSince !== undefined && performance.now() - upSince > SETTLED_MS,
    )
    const from = settled[randomBelow(rng, settled.length)]
    const to = settled[randomBelow(rng, settled.length)]
    if (from !== undefined && to !== undefined && from !== to) probes.push(probe(from, to))
    await pause(PROBE_EVERY_MS)
  }
  const results = (await Promise.all(probes)).filter((result) => result !== undefined)
  return { sent: results.length, answered: results.filter(Boolean).length }
}

/** Undefined when one of the two went down meanwhile: then no answer is no fault of the mesh. */
async function probe(from: Member, to: Member): Promise<boolean | undefined> {
  const [a, b] = [from.upSince, to.upSince]
  const isAnswered = (await firstAnswer(from, to, PROBE_TRIES)) !== undefined
  return from.upSince === a && to.upSince === b ? isAnswered : undefined
}

export interface ChurnOptions {
  readonly seed: number
  /** Who may be killed; everybody unless said otherwise. */
  readonly victims?: readonly Member[]
  /** Kills with restart, and cuts with rejoining, taken in turns. */
  readonly events: number
  /** From the beginning of one event to that of the next. */
  readonly everyMs: number
}

/** A node is away for so long, a link cut. */
const AWAY_MS = 500
const CUT_MS = 10_000

/** Killed and started again. */
export async function outage(mesh: LiveMesh, victim: Member): Promise<void> {
  await mesh.kill(victim)
  await pause(AWAY_MS)
  await mesh.restart(victim)
}

/** Cut and joined again. */
export async function cutOff(mesh: LiveMesh, joint: Joint): Promise<void> {
  await mesh.cut(joint)
  await pause(CUT_MS)
  await mesh.rejoin(joint)
}

/** Kills nodes and cuts links one after the other, each undone before the next. Resolves when the last is. */
export async function churn(
  mesh: LiveMesh,
  { seed, events, everyMs, victims = mesh.members }: ChurnOptions,
): Promise<void> {
  const rng = new SeededRng(seed)
  for (let event = 0; event < events; event++) {
    const began = performance.now()
    if (event % 2 === 0) {
      await outage(mesh, victims[randomBelow(rng, victims.length)]!)
    } else {
      await cutOff(mesh, mesh.joints[randomBelow(rng, mesh.joints.length)]!)
    }
    if (event < events - 1) await pause(Math.max(0, began + everyMs - performance.now()))
  }
}

/** The longest of them; undefined when one did not come. */
export function longest(answers: readonly (number | undefined)[]): number | undefined {
  let most = 0
  for (const seconds of answers) {
    if (seconds === undefined) return undefined
    most = Math.max(most, seconds)
  }
  return most
}
