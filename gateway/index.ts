/** The daemon for Node: what wires ports, boards, transports and the node together. */
export { systemClock } from './clock.ts'
export {
  ConfigError,
  interpret,
  loadConfig,
  problemLine,
  type Config,
  type LoadedConfig,
} from './config/index.ts'
export { askDaemon, type ReplyData } from './control/index.ts'
export { chooseCrypto, type CryptoPreference } from './crypto/index.ts'
export { Daemon, type DaemonOptions } from './daemon/index.ts'
export { EXIT_CODES, OperatorError, type ExitKind } from './errors.ts'
export {
  generateKeyFiles,
  resolveIdentity,
  type IdentityRequest,
  type ResolvedIdentity,
} from './keystore/index.ts'
export { createLogger, silentLogger, type Logger, type LogOptions } from './logger/index.ts'
export { systemRng } from './rng.ts'
