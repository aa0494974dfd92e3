/**
 * Which implementation of the primitives runs: the fastest that is there and gives the known answers. A build that is
 * wrong for this machine must show at start and not as links that never come up.
 */
import { equalBytes, nobleCrypto, unhex, type Cipher, type Crypto } from '../../core/index.ts'
import { loadLibsecp256k1Curve } from './libsecp256k1-curve.ts'
import { loadLibsodiumCrypto } from './libsodium-crypto.ts'
import { nodeCrypto } from './node-crypto.ts'
import { loadSodiumCrypto } from './sodium-crypto.ts'

/** An implementation by name, or the fastest that works. */
export type CryptoPreference = 'auto' | 'libsodium' | 'sodium' | 'node' | 'noble'

/** Fastest first. */
const CANDIDATES: readonly (() => Crypto | undefined)[] = [
  loadLibsodiumCrypto,
  loadSodiumCrypto,
  () => nodeCrypto,
  () => nobleCrypto,
]

/**
 * Tests and returns an implementation. Throws when the one asked for is absent or fails its test; `auto` goes on, and takes
 * the system's libsecp256k1 for keys and signatures where that is installed.
 */
export function chooseCrypto(preference: CryptoPreference = 'auto'): Crypto {
  for (const load of CANDIDATES) {
    const crypto = load()
    if (crypto === undefined || (preference !== 'auto' && crypto.name !== preference)) continue
    if (givesKnownAnswers(crypto)) return preference === 'auto' ? withSystemCurve(crypto) : crypto
    if (preference !== 'auto') throw new Error(`crypto provider ${preference} fails its self-test`)
  }
  throw new Error(
    preference === 'auto'
      ? 'no crypto provider passes its self-test'
      : `crypto provider ${preference} is not installed`,
  )
}

function withSystemCurve(crypto: Crypto): Crypto {
  const both: Crypto = { ...crypto, ...loadLibsecp256k1Curve() }
  return givesKnownAnswers(both) ? both : crypto
}

const KNOWN = {
  key: bytes('4849ff2baf5cc3e4fb69a44cf78f53d51fe16293c552c204568168b91d621cbf'),
  counter: 2n ** 64n - 2n,
  aad: bytes('07070707070707070707070707070707'),
  plaintext: bytes('555555'),
  sealed: bytes('cd0bb294200047fca4d56da575d86e091f47b4'),
  distantCounter: 2 ** 40 + 3,
  distantSealed: bytes('b5dcaea3f8cfaff3e95056c25f056ecc865527'),
  secret: bytes('f78eee7398e9b8b32f03e1aafb78b21491a62b26084df6958be06fb7d28d4e73'),
  peer: bytes('02be0a3342b14f4257152b853b707606fbfe19767e75b6766390876f803d61c927'),
  shared: bytes('d37a7cf07742aabb6156593ad484c7a3ad84fb98beae21635345c575ddd2d2cd'),
  one: bytes('0000000000000000000000000000000000000000000000000000000000000001'),
  generator: bytes('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'),
  signature: bytes(
    'd5a1a45afe0307a6bd7847ae971abe7da4a31051136597132b34ab0225238f9d062e2a160dc919508440cb50bf4000bc00665adb4ac59bb67ddebe623f3a1334',
  ),
} as const

/** Whether an implementation seals (also in place), opens, refuses a forged tag and computes keys as it must. */
export function givesKnownAnswers(crypto: Crypto): boolean {
  try {
    const cipher = crypto.cipher(KNOWN.key)
    const inPlace = KNOWN.sealed.slice()
    inPlace.set(KNOWN.plaintext)
    cipher.sealInto(KNOWN.counter, KNOWN.aad, inPlace.subarray(0, KNOWN.plaintext.length), inPlace)
    const forged = KNOWN.sealed.slice()
    forged[0]! ^= 1
    return (
      givesKnownAnswersByOffsets(cipher) &&
      equalBytes(inPlace, KNOWN.sealed) &&
      equalBytes(cipher.seal(KNOWN.counter, KNOWN.aad, KNOWN.plaintext), KNOWN.sealed) &&
      same(cipher.open(KNOWN.counter, KNOWN.aad, KNOWN.sealed), KNOWN.plaintext) &&
      cipher.open(KNOWN.counter, KNOWN.aad, forged) === undefined &&
      same(crypto.ecdh(KNOWN.secret, KNOWN.peer), KNOWN.shared) &&
      equalBytes(crypto.publicKey(KNOWN.one), KNOWN.generator) &&
      equalBytes(crypto.sign(KNOWN.key, KNOWN.one, KNOWN.one), KNOWN.signature) &&
      crypto.verify(KNOWN.signature, KNOWN.key, KNOWN.generator.subarray(1)) &&
      !crypto.verify(KNOWN.signature, KNOWN.one, KNOWN.generator.subarray(1))
    )
  } catch {
    return false
  }
}

/** A counter beyond 2^32, and nothing on a word. */
function givesKnownAnswersByOffsets(cipher: Cipher): boolean {
  const { aad, plaintext, distantCounter, distantSealed } = KNOWN
  const at = 1 + aad.length
  const memory = new Uint8Array(at + distantSealed.length)
  memory.set(aad, 1)
  memory.set(plaintext, at)
  cipher.sealAt(distantCounter, memory, 1, aad.length, at, plaintext.length)
  if (!equalBytes(memory.subarray(at), distantSealed)) return false
  const output = new Uint8Array(plaintext.length + 3)
  const opens = (): boolean =>
    cipher.openAt(distantCounter, memory, 1, aad.length, at, distantSealed.length, output, 3)
  if (!opens() || !equalBytes(output.subarray(3), plaintext)) return false
  memory[at]! ^= 1
  return !opens()
}

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && equalBytes(a, b)
}

function bytes(text: string): Uint8Array {
  const decoded = unhex(text)
  if (decoded === undefined) throw new Error('not hex')
  return decoded
}
