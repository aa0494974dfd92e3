/** Nodes are restarted all the time: how much of what live nodes send to live nodes arrives? */
import { MINUTE, SECOND, type Probe, type SimNetwork } from './network.ts'
import type { Millis } from '../../core/index.ts'
import type { TestNode } from '../support/mesh.ts'

export interface ChurnPlan {
  readonly forMs: Millis
  /** Share of the nodes restarted each minute. */
  readonly perMinute: number
  /** A restarted process is back after this. */
  readonly downMs: Millis
  /** Between two datagrams. */
  readonly probeEveryMs: Millis
}

/** What waits for a session is given up after this. */
const LAST_ARRIVAL: Millis = 20 * SECOND

/** Returns the datagrams that were sent between nodes that were up, and were up still when they ended. */
export function churn(network: SimNetwork, plan: ChurnPlan): readonly Probe[] {
  const { mesh, nodes } = network
  const end = mesh.now + plan.forMs
  const restartEvery = MINUTE / (plan.perMinute * nodes.length)
  const probes: Probe[] = []
  const down: { readonly node: TestNode; readonly until: Millis }[] = []
  let [restartAt, probeAt] = [mesh.now, mesh.now]
  while (mesh.now < end) {
    mesh.run(Math.min(restartAt, probeAt, down[0]?.until ?? Infinity) - mesh.now)
    if (down[0] !== undefined && down[0].until <= mesh.now) network.start(down.shift()!.node)
    if (restartAt <= mesh.now) {
      restartAt += restartEvery
      const node = network.pick()
      if (node.isUp) down.push({ node, until: mesh.now + plan.downMs })
      network.mesh.crash(node)
    }
    if (probeAt <= mesh.now) {
      probeAt += plan.probeEveryMs
      const [from, to] = [network.pick(), network.pick()]
      if (from !== to && from.isUp && to.isUp) probes.push(network.probe(from, to))
    }
  }
  for (const { node } of down) network.start(node)
  mesh.run(LAST_ARRIVAL)
  return probes
}
