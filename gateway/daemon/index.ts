/** The daemon and the parts of it that demos and tests use alone. */
export { Daemon, type DaemonOptions } from './daemon.ts'
