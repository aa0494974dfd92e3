/** Session payloads and messages in the vectors' notation. */
import assert from 'node:assert/strict'
import {
  SESSION_MESSAGE_TYPES,
  decodeSessionMessage,
  hex,
  type Coordinates,
  type ErrorSignal,
  type SessionHandshake,
  type SessionMessage,
} from '../../core/index.ts'
import { showReceiverReport, showSenderReport, type Outcome } from './link-messages.ts'

export function showCoordinates(coordinates: Coordinates | undefined): Coordinates | null {
  return coordinates ?? null
}

/** `flags` is the flags byte as it came: of a setup we keep only the two bits that mean something. */
export function showHandshake(handshake: SessionHandshake, flags: number | undefined): object {
  const noise = hex(handshake.noise)
  switch (handshake.type) {
    case 'setup':
      return {
        flags: (handshake.requestAck ? 1 : 0) | (handshake.bidirectional ? 2 : 0),
        request_ack: handshake.requestAck,
        bidirectional: handshake.bidirectional,
        src_coords: handshake.source,
        dest_coords: handshake.destination,
        handshake: noise,
      }
    case 'ack':
      assert.equal(handshake.reserved, flags)
      return {
        flags: handshake.reserved,
        src_coords: handshake.source,
        dest_coords: handshake.destination,
        handshake: noise,
      }
    case 'msg3':
      assert.equal(handshake.reserved, flags)
      return { flags: handshake.reserved, handshake: noise }
  }
}

export function showSignal(signal: ErrorSignal): object {
  const ends = { dest: signal.destination, reporter: signal.reporter }
  switch (signal.type) {
    case 'coords-required':
      return ends
    case 'path-broken':
      return { ...ends, last_known_coords: showCoordinates(signal.lastCoordinates) }
    case 'mtu-exceeded':
      return { ...ends, mtu: signal.mtu }
  }
}

/** Names of session messages as the vectors spell them. */
const KIND_OF_NAME: Readonly<Record<keyof typeof SESSION_MESSAGE_TYPES, string>> = {
  data: 'DataPacket',
  'sender-report': 'SenderReport',
  'receiver-report': 'ReceiverReport',
  'path-mtu': 'PathMtuNotification',
  'coords-warmup': 'CoordsWarmup',
}

export function showSessionMessage(messageType: number, body: Uint8Array): Outcome {
  const message = decodeSessionMessage(messageType, body)
  if (message.ok) {
    const kind = KIND_OF_NAME[message.value.type]
    return { result: 'accept', kind, decoded: fieldsOf(message.value) }
  }
  return { result: message.code === 'unknown-type' ? 'ignore' : 'reject' }
}

function fieldsOf(message: SessionMessage): object {
  switch (message.type) {
    case 'data':
      return {
        src_port: message.sourcePort,
        dst_port: message.destinationPort,
        payload: hex(message.payload),
      }
    case 'sender-report':
      return showSenderReport(message.report)
    case 'receiver-report':
      return showReceiverReport(message.report)
    case 'path-mtu':
      return { path_mtu: message.pathMtu }
    case 'coords-warmup':
      return {}
  }
}
