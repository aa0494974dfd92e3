/** Link messages: their type bytes, and the two that have no subsystem of their own. */
import { accept, reject, type Result } from '../result.ts'

export type LinkMessageName =
  | 'session-datagram'
  | 'sender-report'
  | 'receiver-report'
  | 'tree-announce'
  | 'filter-announce'
  | 'lookup-request'
  | 'lookup-response'
  | 'disconnect'
  | 'heartbeat'

/** Type bytes of wire version 0. */
export const LINK_MESSAGE_TYPES: Readonly<Record<LinkMessageName, number>> = {
  'session-datagram': 0x00,
  'sender-report': 0x01,
  'receiver-report': 0x02,
  'tree-announce': 0x10,
  'filter-announce': 0x20,
  'lookup-request': 0x30,
  'lookup-response': 0x31,
  disconnect: 0x50,
  heartbeat: 0x51,
}

const NAME_OF_TYPE: ReadonlyMap<number, LinkMessageName> = invert(LINK_MESSAGE_TYPES)

/** The kind of a message by its type byte; undefined for one to be ignored. */
export function linkMessageName(type: number): LinkMessageName | undefined {
  return NAME_OF_TYPE.get(type)
}

/** Why a peer says goodbye. */
export type DisconnectReason =
  | 'shutdown'
  | 'restart'
  | 'protocol-error'
  | 'transport-failure'
  | 'resource-exhaustion'
  | 'security-violation'
  | 'configuration-change'
  | 'timeout'
  | 'other'

export const DISCONNECT_REASONS: Readonly<Record<DisconnectReason, number>> = {
  shutdown: 0x00,
  restart: 0x01,
  'protocol-error': 0x02,
  'transport-failure': 0x03,
  'resource-exhaustion': 0x04,
  'security-violation': 0x05,
  'configuration-change': 0x06,
  timeout: 0x07,
  other: 0xff,
}

const REASON_OF_CODE: ReadonlyMap<number, DisconnectReason> = invert(DISCONNECT_REASONS)

/** `0x50 | reason 1` */
export function encodeDisconnect(reason: DisconnectReason): Uint8Array {
  return Uint8Array.of(LINK_MESSAGE_TYPES.disconnect, DISCONNECT_REASONS[reason])
}

/** Reads a Disconnect with its type byte; an unknown reason is `other`, bytes after it are ignored. */
export function decodeDisconnect(message: Uint8Array): Result<DisconnectReason, 'wrong-type' | 'too-short'> {
  if (message[0] !== LINK_MESSAGE_TYPES.disconnect) return reject('wrong-type', LINK_MESSAGE_TYPES.disconnect)
  const code = message[1]
  if (code === undefined) return reject('too-short', 2, message.length)
  return accept(REASON_OF_CODE.get(code) ?? 'other')
}

/** `0x51`: the link is alive. Anything after the type byte is ignored. */
export function encodeHeartbeat(): Uint8Array {
  return Uint8Array.of(LINK_MESSAGE_TYPES.heartbeat)
}

/** Names by their codes. */
function invert<Name extends string>(codes: Readonly<Record<Name, number>>): ReadonlyMap<number, Name> {
  const names = new Map<number, Name>()
  for (const name in codes) names.set(codes[name], name)
  return names
}
