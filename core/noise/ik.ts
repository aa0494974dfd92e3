/**
 * Noise IK, the handshake of a link (FIPS wire version 0):
 *
 *   <- s (the initiator knows the responder's key)
 *   -> e, es, s, ss, {epoch}     106 bytes
 *   <- e, ee, es, {epoch}         57 bytes
 *
 * The last token of msg2 is the wire's own: where the pattern says `se`, both sides mix `es` (initiator's ephemeral,
 * responder's static) once more. A responder whose static secret leaked can therefore be shown any initiator: the
 * link proves the initiator by `ss` only. It must be matched to interoperate.
 */
import { concatBytes } from '../bytes.ts'
import { COMPRESSED_KEY_SIZE } from '../crypto/index.ts'
import { compressedKey, xOnlyKey, type Identity, type PublicKey } from '../identity/index.ts'
import { accept, reject, type Result } from '../result.ts'
import {
  Ephemeral,
  IK_MSG1_SIZE,
  IK_MSG2_SIZE,
  assertStage,
  checkedEpoch,
  endOfSealedStatic,
  mustShare,
  type Established,
  type HandshakeInit,
  type HandshakeRejection,
  type RemoteIdentity,
} from './handshake.ts'
import { IK_NAME, SymmetricState } from './symmetric.ts'

/** The side that dials. `writeMsg1`, then `readMsg2` until one is accepted. */
export class IkInitiator {
  readonly #identity: Identity
  readonly #ephemeral: Ephemeral
  readonly #epoch: Uint8Array
  readonly #remote: Uint8Array
  /** The secret of our ephemeral and their static key. */
  readonly #es: Uint8Array
  #symmetric: SymmetricState
  #stage: 'new' | 'waiting' | 'done' = 'new'

  /** `remote` is the responder's x-only key; throws RangeError when that is no key. */
  constructor(init: HandshakeInit, remote: PublicKey) {
    this.#identity = init.identity
    this.#ephemeral = new Ephemeral(init.ephemeralSecret, init.identity.crypto)
    this.#epoch = checkedEpoch(init.epoch)
    this.#remote = compressedKey(remote)
    this.#es = mustShare(this.#ephemeral.ecdh(this.#remote))
    this.#symmetric = SymmetricState.start(IK_NAME, remote, init.identity.crypto)
  }

  /** msg1, IK_MSG1_SIZE bytes. Once; send the same bytes again to repeat it. */
  writeMsg1(): Uint8Array {
    assertStage(this.#stage, 'new')
    const symmetric = this.#symmetric
    symmetric.mixHash(this.#ephemeral.publicKey)
    symmetric.mixKey(this.#es)
    const sealedStatic = symmetric.seal(this.#identity.compressed)
    symmetric.mixKey(mustShare(this.#identity.ecdh(this.#remote)))
    const sealedEpoch = symmetric.seal(this.#epoch)
    this.#stage = 'waiting'
    return concatBytes(this.#ephemeral.publicKey, sealedStatic, sealedEpoch)
  }

  /** Reads msg2. A refused one changes nothing: the genuine one can still come. */
  readMsg2(msg2: Uint8Array): Result<Established, HandshakeRejection> {
    assertStage(this.#stage, 'waiting')
    if (msg2.length !== IK_MSG2_SIZE) return reject('wrong-length', IK_MSG2_SIZE, msg2.length)
    const remoteEphemeral = msg2.subarray(0, COMPRESSED_KEY_SIZE)
    const ee = this.#ephemeral.ecdh(remoteEphemeral)
    if (ee === undefined) return reject('not-a-key')
    const symmetric = this.#symmetric.clone()
    symmetric.mixHash(remoteEphemeral)
    symmetric.mixKey(ee)
    symmetric.mixKey(this.#es)
    const remoteEpoch = symmetric.open(msg2.subarray(COMPRESSED_KEY_SIZE))
    if (remoteEpoch === undefined) return reject('does-not-open')
    this.#stage = 'done'
    this.#symmetric = symmetric
    this.#ephemeral.wipe()
    return accept({
      keys: symmetric.splitAsInitiator(),
      remoteStatic: xOnlyKey(this.#remote),
      remoteCompressed: this.#remote,
      remoteEpoch,
      handshakeHash: symmetric.hash,
    })
  }
}

/** What msg1 tells a responder before it decides whether to answer. */
export interface IkHello extends RemoteIdentity {
  readonly remoteEpoch: Uint8Array
}

/** The side that is dialled. `readMsg1` until one is accepted, decide on admission, then `writeMsg2`. */
export class IkResponder {
  readonly #identity: Identity
  readonly #ephemeral: Ephemeral
  readonly #epoch: Uint8Array
  #symmetric: SymmetricState
  #remoteEphemeral: Uint8Array | undefined
  /** The secret of their ephemeral and our static key. */
  #es: Uint8Array | undefined
  #hello: IkHello | undefined
  #stage: 'new' | 'read' | 'done' = 'new'

  constructor(init: HandshakeInit) {
    this.#identity = init.identity
    this.#ephemeral = new Ephemeral(init.ephemeralSecret, init.identity.crypto)
    this.#epoch = checkedEpoch(init.epoch)
    this.#symmetric = SymmetricState.start(IK_NAME, init.identity.publicKey, init.identity.crypto)
  }

  /** Reads msg1 and says who sent it. A refused one changes nothing. */
  readMsg1(msg1: Uint8Array): Result<IkHello, HandshakeRejection> {
    assertStage(this.#stage, 'new')
    if (msg1.length !== IK_MSG1_SIZE) return reject('wrong-length', IK_MSG1_SIZE, msg1.length)
    const remoteEphemeral = msg1.slice(0, COMPRESSED_KEY_SIZE)
    const es = this.#identity.ecdh(remoteEphemeral)
    if (es === undefined) return reject('not-a-key')
    const symmetric = this.#symmetric.clone()
    symmetric.mixHash(remoteEphemeral)
    symmetric.mixKey(es)
    const epochAt = endOfSealedStatic(COMPRESSED_KEY_SIZE)
    const remoteCompressed = symmetric.open(msg1.subarray(COMPRESSED_KEY_SIZE, epochAt))
    if (remoteCompressed === undefined) return reject('does-not-open')
    const ss = this.#identity.ecdh(remoteCompressed)
    if (ss === undefined) return reject('not-a-key')
    symmetric.mixKey(ss)
    const remoteEpoch = symmetric.open(msg1.subarray(epochAt))
    if (remoteEpoch === undefined) return reject('does-not-open')
    this.#symmetric = symmetric
    this.#remoteEphemeral = remoteEphemeral
    this.#es = es
    this.#hello = { remoteStatic: xOnlyKey(remoteCompressed), remoteCompressed, remoteEpoch }
    this.#stage = 'read'
    return accept(this.#hello)
  }

  /** msg2 (IK_MSG2_SIZE bytes) and the finished handshake. Once. */
  writeMsg2(): { readonly message: Uint8Array } & Established {
    assertStage(this.#stage, 'read')
    const remoteEphemeral = this.#remoteEphemeral
    const [es, hello] = [this.#es, this.#hello]
    if (remoteEphemeral === undefined || es === undefined || hello === undefined)
      throw new Error('no msg1 was read')
    const symmetric = this.#symmetric
    symmetric.mixHash(this.#ephemeral.publicKey)
    symmetric.mixKey(mustShare(this.#ephemeral.ecdh(remoteEphemeral)))
    symmetric.mixKey(es)
    const sealedEpoch = symmetric.seal(this.#epoch)
    this.#stage = 'done'
    this.#ephemeral.wipe()
    return {
      message: concatBytes(this.#ephemeral.publicKey, sealedEpoch),
      keys: symmetric.splitAsResponder(),
      ...hello,
      handshakeHash: symmetric.hash,
    }
  }
}
