export {
  createLogger,
  silentLogger,
  type LogFields,
  type LogFormat,
  type LogOptions,
  type Logger,
} from './logger.ts'
