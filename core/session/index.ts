export { paceOf, type Pace } from './pace.ts'
export type { SessionHost } from './host.ts'
export { Session } from './session.ts'
export { MAX_SESSIONS, Sessions, type Arrival, type DataMessage, type SessionEvents } from './sessions.ts'
