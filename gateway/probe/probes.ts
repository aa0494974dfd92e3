/** Probes under way, and for a while those that are over. */
import {
  nodeAddrOf,
  npubOf,
  type Clock,
  type Driver,
  type Millis,
  type NodeAddr,
  type NodeViews,
  type PublicKey,
} from '../../core/index.ts'
import { ControlError, type JsonObject, type Names } from '../control/index.ts'
import { probeReport, type ProbeTarget } from './report.ts'
import { budgetsFor, Probe, totalBudget, type SessionSight, type Sight } from './stages.ts'

/** How often a probe looks what became of it. */
const TICK: Millis = 250
/** At once; each is a lookup and a handshake for others to answer. */
const MAX_RUNNING = 4
/** A report that nobody fetched is kept for so long. */
const RETENTION: Millis = 30_000

export interface ProbesDeps {
  readonly views: NodeViews
  readonly names: Names
  readonly clock: Clock
  /** Asked for at use: it is built on what the probes are part of. */
  driver(): Driver
  readonly attemptTimeoutsSecs: readonly number[]
}

interface Job {
  readonly id: number
  readonly target: ProbeTarget
  readonly probe: Probe
  readonly identityWasKnown: boolean
}

export class Probes {
  readonly #deps: ProbesDeps
  /** At most `MAX_RUNNING` that run, and what ended within `RETENTION`. */
  readonly #jobs = new Map<number, Job>()
  #lastId = 0
  #cancelTick: (() => void) | undefined

  constructor(deps: ProbesDeps) {
    this.#deps = deps
  }

  start(publicKey: PublicKey): JsonObject {
    const { views, names, clock, attemptTimeoutsSecs } = this.#deps
    const addr = nodeAddrOf(publicKey)
    if (addr === views.status().nodeAddr) throw new ControlError('cannot probe this node')
    if ([...this.#jobs.values()].filter(({ probe }) => !probe.isOver).length >= MAX_RUNNING) {
      throw new ControlError('too many probes in flight')
    }
    const identityWasKnown = views.mesh.identityCache().some(({ nodeAddr }) => nodeAddr === addr)
    this.#deps.driver().step({ type: 'identity', publicKey })
    const first = this.#see(addr)
    const timeouts = attemptTimeoutsSecs.map((seconds) => seconds * 1000)
    const budgets = budgetsFor(timeouts, first.reach.isSlow)
    this.#lastId += 1
    const target = { addr, publicKey }
    const job = {
      id: this.#lastId,
      target,
      probe: new Probe(first, budgets, clock.now()),
      identityWasKnown,
    }
    this.#jobs.set(job.id, job)
    this.#drive(job)
    this.#arm()
    return {
      probe_id: job.id,
      npub: npubOf(publicKey),
      node_addr: addr,
      display_name: names.displayName(addr, publicKey),
      budget_ms: totalBudget(budgets),
    }
  }

  /** A report that tells the end is given once. */
  poll(id: number): JsonObject {
    const job = this.#jobOf(id)
    const { names, attemptTimeoutsSecs, clock } = this.#deps
    const { probe, target, identityWasKnown } = job
    if (probe.isOver) this.#jobs.delete(id)
    const context = {
      id,
      target,
      names,
      attemptTimeoutsSecs,
      tickMs: TICK,
      identityWasKnown,
      now: clock.now(),
    }
    return { state: probe.isOver ? 'done' : 'running', report: probeReport(probe, context) }
  }

  cancel(id: number): JsonObject {
    const job = this.#jobOf(id)
    const act = job.probe.cancel(this.#deps.clock.now())
    if (act !== undefined) this.#deps.driver().step({ type: 'probe', peer: job.target.publicKey, act })
    return { probe_id: id, cancelled: true }
  }

  stop(): void {
    this.#cancelTick?.()
    this.#jobs.clear()
  }

  #jobOf(id: number): Job {
    const job = this.#jobs.get(id)
    if (job === undefined) throw new ControlError(`unknown probe id: ${id}`)
    return job
  }

  #drive({ probe, target }: Job): void {
    for (;;) {
      const act = probe.look(this.#see(target.addr), this.#deps.clock.now())
      if (act === undefined) return
      this.#deps.driver().step({ type: 'probe', peer: target.publicKey, act })
      if (probe.isOver) return
    }
  }

  #arm(): void {
    if (this.#jobs.size === 0 || this.#cancelTick !== undefined) return
    this.#cancelTick = this.#deps.clock.after(TICK, () => {
      this.#cancelTick = undefined
      const now = this.#deps.clock.now()
      for (const job of this.#jobs.values()) {
        if (!job.probe.isOver) this.#drive(job)
        else if (now >= job.probe.endedAt! + RETENTION) this.#jobs.delete(job.id)
      }
      this.#arm()
    })
  }

  #see(addr: NodeAddr): Sight {
    const { mesh, tree } = { mesh: this.#deps.views.mesh, tree: this.#deps.views.tree() }
    const lookup = mesh.routing().pendingLookups.find(({ target }) => target === addr)
    return {
      ownCoordinates: tree.coordinates,
      reach: mesh.reach(addr),
      lookupAttempt: lookup?.attempt,
      session: this.#session(addr),
    }
  }

  #session(addr: NodeAddr): SessionSight | undefined {
    const session = this.#deps.views.mesh.sessions().find(({ remoteAddr }) => remoteAddr === addr)
    if (session === undefined) return undefined
    const { mmp, stats } = session
    return {
      createdAt: session.createdAt,
      isInitiator: session.isInitiator,
      isEstablished: session.state === 'established',
      packets: stats.packetsSent + stats.packetsReceived,
      srttMs: mmp?.srttMs,
      pathMtu: mmp?.pathMtu,
      reports: mmp?.reports,
    }
  }
}
