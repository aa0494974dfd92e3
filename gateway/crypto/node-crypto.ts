/** The symmetric primitives of Node's own OpenSSL. */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { HKDF_SIZE, SECRET_SIZE, TAG_SIZE, ViewCipher, type Crypto } from '../../core/index.ts'
import { wasmCurve } from './wasm-curve.ts'
import { Nonce } from './nonce.ts'

const ALGORITHM = 'chacha20-poly1305'
const NO_INFO = new Uint8Array(0)

export const nodeCrypto: Crypto = {
  ...wasmCurve,
  name: 'node',

  sha256: (data) => plain(hash('sha256', data, 'buffer')),

  hkdf: (salt, input) => new Uint8Array(hkdfSync('sha256', input, salt, NO_INFO, HKDF_SIZE)),

  cipher: (key) => new NodeCipher(key),
}

class NodeCipher extends ViewCipher {
  readonly #key: KeyObject
  readonly #nonce = new Nonce()

  constructor(key: Uint8Array) {
    super()
    if (key.length !== SECRET_SIZE) throw new RangeError('a cipher key has 32 bytes')
    this.#key = createSecretKey(key)
  }

  seal(counter: bigint, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const output = new Uint8Array(plaintext.length + TAG_SIZE)
    this.sealInto(counter, aad, plaintext, output)
    return output
  }

  sealInto(counter: bigint, aad: Uint8Array, plaintext: Uint8Array, output: Uint8Array): void {
    const options = { authTagLength: TAG_SIZE }
    const cipher = createCipheriv(ALGORITHM, this.#key, this.#nonce.of(counter), options)
    cipher.setAAD(aad, { plaintextLength: plaintext.length })
    output.set(cipher.update(plaintext))
    cipher.final()
    output.set(cipher.getAuthTag(), plaintext.length)
  }

  open(counter: bigint, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const length = sealed.length - TAG_SIZE
    if (length < 0) return undefined
    const options = { authTagLength: TAG_SIZE }
    const decipher = createDecipheriv(ALGORITHM, this.#key, this.#nonce.of(counter), options)
    decipher.setAAD(aad, { plaintextLength: length })
    decipher.setAuthTag(sealed.subarray(length))
    const plaintext = plain(decipher.update(sealed.subarray(0, length)))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return plaintext
  }
}

/** The same bytes as a plain array: a Buffer's methods differ (its `slice` is a view). */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
