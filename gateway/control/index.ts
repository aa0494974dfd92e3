/** The control socket: the reference's line protocol and replies, and a client for it. */
export { askDaemon, type ReplyData } from './client.ts'
export { createDispatch } from './dispatch.ts'
export {
  ControlError,
  type AccessFacts,
  type ControlHost,
  type HostFacts,
  type PingReply,
  type PingRequest,
  type TransportFacts,
  type TunFacts,
} from './host.ts'
export { type Json, type JsonObject } from './json.ts'
export { createNames, shortNpub, type Names } from './names.ts'
export { openControlServer, type ControlServer } from './server.ts'
export { Sparklines } from './sparklines.ts'
