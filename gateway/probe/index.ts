/** Probes: how far one gets on the way to a node. */
export { Probes } from './probes.ts'
