/** The daemon and the parts of it that demos and tests use alone. */
export { Daemon, type DaemonOptions } from './daemon.ts'
export { Driver, type DriverSinks, type SendOutput } from './driver.ts'
export { createNode, type NodeParts } from './node.ts'
