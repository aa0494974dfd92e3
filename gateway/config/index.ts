/** The configuration file: tables, loader, and the sentences about what is wrong in it. */
export { configurationTables } from './docs.ts'
export { interpret, loadConfig, schema, type ConfigText, type LoadedConfig } from './load.ts'
export type { LogLevel, NodeSettings } from './node-section.ts'
export { ConfigError, problemLine, type Place, type Problem } from './problem.ts'
export { radioChoice, type RadioChoice, type RadioRefusal } from './radio.ts'
export type {
  Config,
  ConnectPolicy,
  DnsSettings,
  PeerAddress,
  PeerSettings,
  TunSettings,
} from './root-section.ts'
export { fileName, type AnyEntry, type AnySection, type Instance, type Key } from './schema.ts'
export { SYSTEM_DIRECTORY, defaultControlSocket, existingFiles, searchPath } from './search-path.ts'
export type {
  LoraSettings,
  SerialFraming,
  SerialSettings,
  TransportSettings,
  UdpSettings,
} from './transport-sections.ts'
export { RUNNABLE_KINDS, type RunnableKind } from './validate.ts'
