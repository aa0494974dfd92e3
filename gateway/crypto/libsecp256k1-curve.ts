/**
 * secp256k1 of the system's own libsecp256k1, called by addresses: a shared secret takes a quarter of what it takes as
 * WebAssembly, and the time that it takes tells nothing of the secret.
 */
import { randomFillSync } from 'node:crypto'
import { COMPRESSED_KEY_SIZE, SECRET_SIZE, SIGNATURE_SIZE } from '../../core/index.ts'
import { native, type Native, type NativeMemory } from '../../transports/native/index.ts'
import type { Curve } from './curve.ts'
import { nodeCrypto } from './node-crypto.ts'

/** Its ABI versions since 0.2; what is used here is the same in all. */
const NAMES = [1, 2, 5, 6].map((version) => `libsecp256k1.so.${version}`)

const CONTEXT_NONE = 1
const COMPRESSED = 258
const DIGEST_SIZE = 32
const AUX_SIZE = 32
/** Of a BIP-340 key. */
const X_SIZE = 32

const FUNCTIONS = {
  contextCreate: 'uintptr_t secp256k1_context_create(uint32_t flags)',
  /** Blinds what is done with secrets. */
  contextRandomize: 'int secp256k1_context_randomize(uintptr_t context, uintptr_t seed)',
  publicKeyCreate: 'int secp256k1_ec_pubkey_create(uintptr_t context, uintptr_t key, uintptr_t secret)',
  publicKeyParse:
    'int secp256k1_ec_pubkey_parse(uintptr_t context, uintptr_t key, uintptr_t bytes, uint64_t length)',
  publicKeySerialize: `int secp256k1_ec_pubkey_serialize(
    uintptr_t context, uintptr_t bytes, uintptr_t length, uintptr_t key, uint32_t flags)`,
  ecdh: `int secp256k1_ecdh(
    uintptr_t context, uintptr_t output, uintptr_t key, uintptr_t secret, uintptr_t hash, uintptr_t data)`,
  keypairCreate: 'int secp256k1_keypair_create(uintptr_t context, uintptr_t keypair, uintptr_t secret)',
  sign: `int secp256k1_schnorrsig_sign32(
    uintptr_t context, uintptr_t signature, uintptr_t digest, uintptr_t keypair, uintptr_t aux)`,
  xOnlyParse: 'int secp256k1_xonly_pubkey_parse(uintptr_t context, uintptr_t key, uintptr_t bytes)',
  verify: `int secp256k1_schnorrsig_verify(
    uintptr_t context, uintptr_t signature, uintptr_t digest, uint64_t length, uintptr_t key)`,
} as const

type Functions = Readonly<Record<keyof typeof FUNCTIONS, (...args: number[]) => number>>

/** Called by the library in `ecdh` with the coordinates of the shared point. */
const HASH = 'int fips_radio_x(uintptr_t output, uintptr_t x, uintptr_t y, uintptr_t data)'

/** Where in the memory of the calls what lies; 8-byte aligned. */
const AT = { secret: 0, aux: 32, digest: 64, output: 96, bytes: 160, length: 200, key: 208, keypair: 272 }
const KEYPAIR_SIZE = 96
const MEMORY_SIZE = AT.keypair + KEYPAIR_SIZE

let loaded: Curve | false | undefined

/** Loaded when first asked for; undefined where the library is not installed. */
export function loadLibsecp256k1Curve(): Curve | undefined {
  loaded ??= load() ?? false
  return loaded === false ? undefined : loaded
}

function load(): Curve | undefined {
  const direct = native()
  if (!direct.ok) return undefined
  for (const name of NAMES) {
    const functions = bind(direct.value, name)
    if (functions !== undefined) return curveOf(direct.value, functions)
  }
  return undefined
}

function bind({ library }: Native, name: string): Functions | undefined {
  try {
    const found = library(name)
    const bound = Object.entries(FUNCTIONS).map(([key, prototype]) => [key, found.func(prototype)])
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same keys
    return Object.fromEntries(bound) as Functions
  } catch {
    return undefined
  }
}

/** Every argument is checked before: the library ends the process over one that it finds illegal. */
function curveOf({ memory, callback, libc }: Native, call: Functions): Curve {
  const place = new Place(memory(MEMORY_SIZE))
  const context = call.contextCreate(CONTEXT_NONE)
  randomFillSync(place.view('secret', SECRET_SIZE))
  call.contextRandomize(context, place.of('secret'))
  const takeX = callback(HASH, (output, x) => {
    libc.memcpy(output, x, X_SIZE)
    return 1
  })

  return {
    publicKey(secret) {
      place.put('secret', secret, SECRET_SIZE)
      const isKey = call.publicKeyCreate(context, place.of('key'), place.of('secret')) === 1
      place.wipe('secret', SECRET_SIZE)
      if (!isKey) throw new RangeError('not a secp256k1 secret key')
      place.putLength(COMPRESSED_KEY_SIZE)
      call.publicKeySerialize(context, place.of('bytes'), place.of('length'), place.of('key'), COMPRESSED)
      return place.view('bytes', COMPRESSED_KEY_SIZE).slice()
    },

    ecdh(secret, publicKey) {
      if (publicKey.length !== COMPRESSED_KEY_SIZE) return undefined
      place.put('bytes', publicKey, COMPRESSED_KEY_SIZE)
      const key = place.of('key')
      if (call.publicKeyParse(context, key, place.of('bytes'), COMPRESSED_KEY_SIZE) !== 1) return undefined
      place.put('secret', secret, SECRET_SIZE)
      const isShared = call.ecdh(context, place.of('output'), key, place.of('secret'), takeX, 0) === 1
      const shared = isShared ? nodeCrypto.sha256(place.view('output', X_SIZE)) : undefined
      place.wipe('secret', SECRET_SIZE)
      place.wipe('output', X_SIZE)
      return shared
    },

    sign(digest, secret, aux) {
      place.put('digest', digest, DIGEST_SIZE)
      place.put('aux', aux, AUX_SIZE)
      place.put('secret', secret, SECRET_SIZE)
      const [output, keypair] = [place.of('output'), place.of('keypair')]
      const isSigned =
        call.keypairCreate(context, keypair, place.of('secret')) === 1 &&
        call.sign(context, output, place.of('digest'), keypair, place.of('aux')) === 1
      place.wipe('secret', SECRET_SIZE)
      place.wipe('keypair', KEYPAIR_SIZE)
      if (!isSigned) throw new RangeError('not a secp256k1 secret key')
      return place.view('output', SIGNATURE_SIZE).slice()
    },

    verify(signature, digest, publicKey) {
      if (signature.length !== SIGNATURE_SIZE || digest.length !== DIGEST_SIZE) return false
      if (publicKey.length !== X_SIZE) return false
      place.put('output', signature, SIGNATURE_SIZE)
      place.put('digest', digest, DIGEST_SIZE)
      place.put('bytes', publicKey, X_SIZE)
      const key = place.of('key')
      return (
        call.xOnlyParse(context, key, place.of('bytes')) === 1 &&
        call.verify(context, place.of('output'), place.of('digest'), DIGEST_SIZE, key) === 1
      )
    },
  }
}

/** The memory of the calls' arguments and results. */
class Place {
  readonly #memory: NativeMemory

  constructor(memory: NativeMemory) {
    this.#memory = memory
  }

  /** Its address. */
  of(name: keyof typeof AT): number {
    return this.#memory.base + AT[name]
  }

  put(name: keyof typeof AT, bytes: Uint8Array, size: number): void {
    if (bytes.length !== size) throw new RangeError(`${size} bytes are needed`)
    this.#memory.bytes.set(bytes, AT[name])
  }

  putLength(length: number): void {
    this.#memory.setLong(AT.length, length)
  }

  /** Valid until the next call. */
  view(name: keyof typeof AT, size: number): Uint8Array {
    return this.#memory.bytes.subarray(AT[name], AT[name] + size)
  }

  wipe(name: keyof typeof AT, size: number): void {
    this.view(name, size).fill(0)
  }
}
