/** The configuration file: tables, loader, and the sentences about what is wrong in it. */
export { configurationTables } from './docs.ts'
export { interpret, loadConfig, schema, type LoadedConfig } from './load.ts'
export type { LogLevel, NodeSettings } from './node-section.ts'
export { ConfigError, problemLine, type Problem } from './problem.ts'
export { radioChoice } from './radio.ts'
export type { Config, PeerAddress, PeerSettings, TunSettings } from './root-section.ts'
export { type Instance } from './schema.ts'
export { SYSTEM_DIRECTORY, defaultControlSocket, existingFiles, searchPath } from './search-path.ts'
export type {
  LoraSettings,
  SerialSettings,
  TcpSettings,
  TransportSettings,
  UdpSettings,
} from './transport-sections.ts'
