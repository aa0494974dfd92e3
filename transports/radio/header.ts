/**
 * FMP headers taken apart and put together again. What is derivable is not sent; a frame whose header is not exactly
 * the derivable one travels raw, so that every frame arrives bit for bit.
 *
 *   established   phase 00 | flags 1 | payload length 2 | receiver index 4 | counter 8 | sealed ...
 *   msg1, msg2    phase 01, 02 | flags 0 | payload length 2 | body ...
 */
export type FrameForm = EstablishedForm | HandshakeForm | RawForm

export interface EstablishedForm {
  readonly type: 'established'
  /** K, CE and SP, bits 0 to 2. */
  readonly flags: number
  readonly receiverIndex: number
  readonly counter: bigint
  /** Ciphertext and tag; a view of the frame. */
  readonly body: Uint8Array
}

export interface HandshakeForm {
  readonly type: 'msg1' | 'msg2'
  /** The index its sender will be addressed by. */
  readonly senderIndex: number
  /** Everything after the 4-byte prefix; a view of the frame. */
  readonly body: Uint8Array
}

export interface RawForm {
  readonly type: 'raw'
  readonly body: Uint8Array
}

const PREFIX = 4
const ESTABLISHED_HEADER = 16
const AEAD_TAG = 16
const KNOWN_FLAGS = 0x07
const MIN_MSG1 = 8
const MIN_MSG2 = 12

/** Fewest bytes of ciphertext and tag an established frame can have. */
export const MIN_SEALED: number = AEAD_TAG

/** What of `frame` must be sent. Total: what is not understood is raw. */
export function takeApart(frame: Uint8Array): FrameForm {
  const raw: RawForm = { type: 'raw', body: frame }
  if (frame.length < MIN_MSG1) return raw
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  const flags = view.getUint8(1)
  const length = view.getUint16(2, true)
  switch (view.getUint8(0)) {
    case 0x00:
      if (frame.length < ESTABLISHED_HEADER + AEAD_TAG) return raw
      if ((flags & ~KNOWN_FLAGS) !== 0 || length !== frame.length - ESTABLISHED_HEADER - AEAD_TAG) return raw
      return {
        type: 'established',
        flags,
        receiverIndex: view.getUint32(4, true),
        counter: view.getBigUint64(8, true),
        body: frame.subarray(ESTABLISHED_HEADER),
      }
    case 0x01:
      if (flags !== 0 || length !== frame.length - PREFIX) return raw
      return { type: 'msg1', senderIndex: view.getUint32(4, true), body: frame.subarray(PREFIX) }
    case 0x02:
      if (flags !== 0 || length !== frame.length - PREFIX || frame.length < MIN_MSG2) return raw
      return { type: 'msg2', senderIndex: view.getUint32(4, true), body: frame.subarray(PREFIX) }
    default:
      return raw
  }
}

/** The established frame again. `body` is at least `MIN_SEALED` long. */
export function joinEstablished(
  flags: number,
  receiverIndex: number,
  counter: bigint,
  body: Uint8Array,
): Uint8Array {
  const frame = new Uint8Array(ESTABLISHED_HEADER + body.length)
  const view = new DataView(frame.buffer)
  view.setUint8(1, flags)
  view.setUint16(2, body.length - AEAD_TAG, true)
  view.setUint32(4, receiverIndex, true)
  view.setBigUint64(8, counter, true)
  frame.set(body, ESTABLISHED_HEADER)
  return frame
}

/** A named frame again: a handshake gets its prefix back, a raw one is itself. */
export function joinNamed(form: 'raw' | 'msg1' | 'msg2', body: Uint8Array): Uint8Array {
  if (form === 'raw') return body.slice()
  const frame = new Uint8Array(PREFIX + body.length)
  const view = new DataView(frame.buffer)
  view.setUint8(0, form === 'msg1' ? 0x01 : 0x02)
  view.setUint16(2, body.length, true)
  frame.set(body, PREFIX)
  return frame
}
