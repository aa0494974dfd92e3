/** The control socket: the reference's line protocol and replies, and a client for it. */
export { askDaemon } from './client.ts'
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
export { ipv6Text, isRecord, snakeCase, type Json, type JsonObject, type ReplyData } from './json.ts'
export { createNames, shortNpub, type Names } from './names.ts'
export { openControlServer, type ControlServer } from './server.ts'
