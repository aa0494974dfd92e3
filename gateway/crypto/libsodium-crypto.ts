/**
 * ChaCha20-Poly1305 of the system's own libsodium, called by addresses: for frames it takes half to two thirds of what
 * sodium-native takes, which has to be given views. Everything else is node:crypto.
 */
import { SECRET_SIZE, TAG_SIZE, type Cipher, type Crypto } from '../../core/index.ts'
import { native, type Native, type NativeMemory } from '../../transports/native/index.ts'
import { nodeCrypto } from './node-crypto.ts'

/** Its ABI versions since 1.0.12 and since 1.0.19; what is used here is the same in both. */
const NAMES = ['libsodium.so.23', 'libsodium.so.26'] as const

type Call = (...args: number[]) => number

interface Sodium {
  readonly encrypt: Call
  /** 0 when the tag fits. */
  readonly decrypt: Call
}

const ENCRYPT = `int crypto_aead_chacha20poly1305_ietf_encrypt(
  uintptr_t sealed, uintptr_t sealed_length, uintptr_t plaintext, uint64_t length,
  uintptr_t aad, uint64_t aad_length, uintptr_t unused, uintptr_t nonce, uintptr_t key)`
const DECRYPT = `int crypto_aead_chacha20poly1305_ietf_decrypt(
  uintptr_t plaintext, uintptr_t plaintext_length, uintptr_t unused, uintptr_t sealed, uint64_t length,
  uintptr_t aad, uint64_t aad_length, uintptr_t nonce, uintptr_t key)`

/** Undefined where the library is not installed. */
export function loadLibsodiumCrypto(): Crypto | undefined {
  const direct = native()
  if (!direct.ok) return undefined
  const io = direct.value
  for (const name of NAMES) {
    const sodium = load(io, name)
    if (sodium === undefined) continue
    const nonce = new NonceMemory(io)
    return { ...nodeCrypto, name: 'libsodium', cipher: (key) => new LibsodiumCipher(io, sodium, nonce, key) }
  }
  return undefined
}

function load({ library }: Native, name: string): Sodium | undefined {
  try {
    const found = library(name)
    const init: Call = found.func('sodium_init', 'int', [])
    // Chooses the code for this processor.
    if (init() < 0) return undefined
    return { encrypt: found.func(ENCRYPT), decrypt: found.func(DECRYPT) }
  } catch {
    return undefined
  }
}

/** The nonce of the call about to be made: 4 zero bytes and the counter as 8 bytes little-endian. */
class NonceMemory {
  readonly #memory: NativeMemory
  readonly #view: DataView

  constructor({ memory }: Native) {
    this.#memory = memory(16)
    this.#view = new DataView(this.#memory.bytes.buffer)
  }

  /** Its address. */
  of(counter: number): number {
    this.#memory.setLong(4, counter)
    return this.#memory.base
  }

  ofBig(counter: bigint): number {
    this.#view.setBigUint64(4, counter, true)
    return this.#memory.base
  }
}

class LibsodiumCipher implements Cipher {
  readonly #native: Native
  readonly #sodium: Sodium
  readonly #nonce: NonceMemory
  readonly #key: NativeMemory

  constructor(io: Native, sodium: Sodium, nonce: NonceMemory, key: Uint8Array) {
    if (key.length !== SECRET_SIZE) throw new RangeError('a cipher key has 32 bytes')
    this.#native = io
    this.#sodium = sodium
    this.#nonce = nonce
    this.#key = io.memory(SECRET_SIZE)
    this.#key.bytes.set(key)
  }

  seal(counter: bigint, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const output = new Uint8Array(plaintext.length + TAG_SIZE)
    this.sealInto(counter, aad, plaintext, output)
    return output
  }

  sealInto(counter: bigint, aad: Uint8Array, plaintext: Uint8Array, output: Uint8Array): void {
    if (output.length !== plaintext.length + TAG_SIZE) throw new RangeError('no place for what is sealed')
    const { addressOf } = this.#native
    const nonce = this.#nonce.ofBig(counter)
    const [to, from] = [addressOf(output), addressOf(plaintext)]
    this.#seal(nonce, addressOf(aad), aad.length, from, plaintext.length, to)
  }

  open(counter: bigint, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const { addressOf } = this.#native
    if (sealed.length < TAG_SIZE) return undefined
    const plaintext = new Uint8Array(sealed.length - TAG_SIZE)
    const nonce = this.#nonce.ofBig(counter)
    const isOpen = this.#open(
      nonce,
      addressOf(aad),
      aad.length,
      addressOf(sealed),
      sealed.length,
      addressOf(plaintext),
    )
    return isOpen ? plaintext : undefined
  }

  sealAt(
    counter: number,
    bytes: Uint8Array,
    aadAt: number,
    aadLength: number,
    at: number,
    length: number,
  ): void {
    checkRange(bytes, aadAt, aadLength)
    checkRange(bytes, at, length + TAG_SIZE)
    const base = this.#native.addressOf(bytes)
    this.#seal(this.#nonce.of(counter), base + aadAt, aadLength, base + at, length, base + at)
  }

  openAt(
    counter: number,
    input: Uint8Array,
    aadAt: number,
    aadLength: number,
    at: number,
    length: number,
    output: Uint8Array,
    outAt: number,
  ): boolean {
    if (length < TAG_SIZE) return false
    checkRange(input, aadAt, aadLength)
    checkRange(input, at, length)
    checkRange(output, outAt, length - TAG_SIZE)
    const base = this.#native.addressOf(input)
    const to = this.#native.addressOf(output) + outAt
    return this.#open(this.#nonce.of(counter), base + aadAt, aadLength, base + at, length, to)
  }

  #seal(nonce: number, aad: number, aadLength: number, from: number, length: number, to: number): void {
    this.#sodium.encrypt(to, 0, from, length, aad, aadLength, 0, nonce, this.#key.base)
  }

  #open(nonce: number, aad: number, aadLength: number, from: number, length: number, to: number): boolean {
    return this.#sodium.decrypt(to, 0, 0, from, length, aad, aadLength, nonce, this.#key.base) === 0
  }
}

/** Beyond an array lies the memory of others. */
function checkRange(bytes: Uint8Array, at: number, length: number): void {
  if (!(at >= 0 && length >= 0 && at + length <= bytes.length)) throw new RangeError('outside of the memory')
}
