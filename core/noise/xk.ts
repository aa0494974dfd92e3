/**
 * Noise XK, the handshake of a session (FIPS wire version 0):
 *
 *   <- s (the initiator knows the responder's key)
 *   -> e, es                      33 bytes
 *   <- e, ee, {epoch}             57 bytes
 *   -> s, se, {epoch}             73 bytes
 *
 * The initiator says who it is only in msg3, to a responder that has proved itself.
 */
import { concatBytes } from '../bytes.ts'
import { COMPRESSED_KEY_SIZE } from '../crypto/index.ts'
import { compressedKey, xOnlyKey, type Identity, type PublicKey } from '../identity/index.ts'
import { accept, reject, type Result } from '../result.ts'
import {
  Ephemeral,
  XK_MSG1_SIZE,
  XK_MSG2_SIZE,
  XK_MSG3_SIZE,
  assertStage,
  checkedEpoch,
  endOfSealedStatic,
  mustShare,
  type Established,
  type HandshakeInit,
  type HandshakeRejection,
} from './handshake.ts'
import { SymmetricState, XK_NAME } from './symmetric.ts'

/** The side that opens a session: `writeMsg1`, `readMsg2` until one is accepted, `writeMsg3`. */
export class XkInitiator {
  readonly #identity: Identity
  readonly #ephemeral: Ephemeral
  readonly #epoch: Uint8Array
  readonly #remote: Uint8Array
  /** The secret of our ephemeral and their static key. */
  readonly #es: Uint8Array
  #symmetric: SymmetricState
  #remoteEphemeral: Uint8Array | undefined
  #remoteEpoch: Uint8Array | undefined
  #stage: 'new' | 'waiting' | 'read' | 'done' = 'new'

  /** `remote` is the responder's x-only key; throws RangeError when that is no key. */
  constructor(init: HandshakeInit, remote: PublicKey) {
    this.#identity = init.identity
    this.#ephemeral = new Ephemeral(init.ephemeralSecret, init.identity.crypto)
    this.#epoch = checkedEpoch(init.epoch)
    this.#remote = compressedKey(remote)
    this.#es = mustShare(this.#ephemeral.ecdh(this.#remote))
    this.#symmetric = SymmetricState.start(XK_NAME, remote, init.identity.crypto)
  }

  /** msg1, XK_MSG1_SIZE bytes. Once; send the same bytes again to repeat it. */
  writeMsg1(): Uint8Array {
    assertStage(this.#stage, 'new')
    this.#symmetric.mixHash(this.#ephemeral.publicKey)
    this.#symmetric.mixKey(this.#es)
    this.#stage = 'waiting'
    return this.#ephemeral.publicKey.slice()
  }

  /** Reads msg2. A refused one changes nothing: the genuine one can still come. */
  readMsg2(msg2: Uint8Array): Result<{ readonly remoteEpoch: Uint8Array }, HandshakeRejection> {
    assertStage(this.#stage, 'waiting')
    if (msg2.length !== XK_MSG2_SIZE) return reject('wrong-length', XK_MSG2_SIZE, msg2.length)
    const remoteEphemeral = msg2.slice(0, COMPRESSED_KEY_SIZE)
    const ee = this.#ephemeral.ecdh(remoteEphemeral)
    if (ee === undefined) return reject('not-a-key')
    const symmetric = this.#symmetric.clone()
    symmetric.mixHash(remoteEphemeral)
    symmetric.mixKey(ee)
    const remoteEpoch = symmetric.open(msg2.subarray(COMPRESSED_KEY_SIZE))
    if (remoteEpoch === undefined) return reject('does-not-open')
    this.#symmetric = symmetric
    this.#remoteEphemeral = remoteEphemeral
    this.#remoteEpoch = remoteEpoch
    this.#stage = 'read'
    return accept({ remoteEpoch })
  }

  /** msg3 (XK_MSG3_SIZE bytes) and the finished handshake. Once. */
  writeMsg3(): { readonly message: Uint8Array } & Established {
    assertStage(this.#stage, 'read')
    const remoteEphemeral = this.#remoteEphemeral
    const remoteEpoch = this.#remoteEpoch
    if (remoteEphemeral === undefined || remoteEpoch === undefined) throw new Error('no msg2 was read')
    const symmetric = this.#symmetric
    const sealedStatic = symmetric.seal(this.#identity.compressed)
    symmetric.mixKey(mustShare(this.#identity.ecdh(remoteEphemeral)))
    const sealedEpoch = symmetric.seal(this.#epoch)
    this.#stage = 'done'
    this.#ephemeral.wipe()
    return {
      message: concatBytes(sealedStatic, sealedEpoch),
      keys: symmetric.splitAsInitiator(),
      remoteStatic: xOnlyKey(this.#remote),
      remoteCompressed: this.#remote,
      remoteEpoch,
      handshakeHash: symmetric.hash,
    }
  }
}

/** The side that is called: `readMsg1`, `writeMsg2`, then `readMsg3` until one is accepted. */
export class XkResponder {
  readonly #identity: Identity
  readonly #ephemeral: Ephemeral
  readonly #epoch: Uint8Array
  #symmetric: SymmetricState
  #remoteEphemeral: Uint8Array | undefined
  #stage: 'new' | 'read' | 'waiting' | 'done' = 'new'

  constructor(init: HandshakeInit) {
    this.#identity = init.identity
    this.#ephemeral = new Ephemeral(init.ephemeralSecret, init.identity.crypto)
    this.#epoch = checkedEpoch(init.epoch)
    this.#symmetric = SymmetricState.start(XK_NAME, init.identity.publicKey, init.identity.crypto)
  }

  /** Reads msg1. Anyone can make one: it proves nothing. A refused one changes nothing. */
  readMsg1(msg1: Uint8Array): Result<undefined, HandshakeRejection> {
    assertStage(this.#stage, 'new')
    if (msg1.length !== XK_MSG1_SIZE) return reject('wrong-length', XK_MSG1_SIZE, msg1.length)
    const remoteEphemeral = msg1.slice()
    const es = this.#identity.ecdh(remoteEphemeral)
    if (es === undefined) return reject('not-a-key')
    this.#symmetric.mixHash(remoteEphemeral)
    this.#symmetric.mixKey(es)
    this.#remoteEphemeral = remoteEphemeral
    this.#stage = 'read'
    return accept(undefined)
  }

  /** msg2, XK_MSG2_SIZE bytes. Once; send the same bytes again to repeat it. */
  writeMsg2(): Uint8Array {
    assertStage(this.#stage, 'read')
    const remoteEphemeral = this.#remoteEphemeral
    if (remoteEphemeral === undefined) throw new Error('no msg1 was read')
    this.#symmetric.mixHash(this.#ephemeral.publicKey)
    this.#symmetric.mixKey(mustShare(this.#ephemeral.ecdh(remoteEphemeral)))
    const sealedEpoch = this.#symmetric.seal(this.#epoch)
    this.#stage = 'waiting'
    return concatBytes(this.#ephemeral.publicKey, sealedEpoch)
  }

  /** Reads msg3 and says who the initiator is. A refused one changes nothing. */
  readMsg3(msg3: Uint8Array): Result<Established, HandshakeRejection> {
    assertStage(this.#stage, 'waiting')
    if (msg3.length !== XK_MSG3_SIZE) return reject('wrong-length', XK_MSG3_SIZE, msg3.length)
    const symmetric = this.#symmetric.clone()
    const epochAt = endOfSealedStatic(0)
    const remoteCompressed = symmetric.open(msg3.subarray(0, epochAt))
    if (remoteCompressed === undefined) return reject('does-not-open')
    const se = this.#ephemeral.ecdh(remoteCompressed)
    if (se === undefined) return reject('not-a-key')
    symmetric.mixKey(se)
    const remoteEpoch = symmetric.open(msg3.subarray(epochAt))
    if (remoteEpoch === undefined) return reject('does-not-open')
    this.#symmetric = symmetric
    this.#stage = 'done'
    this.#ephemeral.wipe()
    return accept({
      keys: symmetric.splitAsResponder(),
      remoteStatic: xOnlyKey(remoteCompressed),
      remoteCompressed,
      remoteEpoch,
      handshakeHash: symmetric.hash,
    })
  }
}
