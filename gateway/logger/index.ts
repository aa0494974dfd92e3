export { createLogger, silentLogger, type LogOptions, type Logger } from './logger.ts'
