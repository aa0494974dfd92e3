/** Keys, addresses, NIP-19 strings and signatures. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bech32m } from '@scure/base'
import {
  Identity,
  hex,
  ipv6Of,
  isMeshIpv6,
  isPublicKey,
  nobleCrypto,
  nodeAddrOf,
  npubOf,
  nsecOf,
  parseNpub,
  parseNsec,
  parseSecret,
} from '../../core/index.ts'
import { bytesOf, loadVectors, testGroup, testNamesAreKnown } from './load.ts'

const vectors = loadVectors('identity.json')

testNamesAreKnown(vectors, [
  'keys',
  'refused_secrets',
  'xonly_keys',
  'fips_addresses',
  'nip19',
  'signatures',
  'verify_only',
])

interface KeyVector {
  readonly secret: string
  readonly pubkey_xonly: string
  readonly pubkey_compressed: string
  readonly npub: string
  readonly nsec: string
  readonly node_addr: string
  readonly fips_addr: string
}

testGroup<KeyVector>(vectors, 'keys', (vector) => {
  const secret = bytesOf(vector.secret)
  const identity = Identity.fromSecret(secret)
  assert.equal(hex(identity.publicKey), vector.pubkey_xonly)
  assert.equal(hex(identity.compressed), vector.pubkey_compressed)
  assert.equal(identity.npub, vector.npub)
  assert.equal(nsecOf(secret), vector.nsec)
  assert.equal(identity.nodeAddr, vector.node_addr)
  assert.equal(hex(identity.ipv6), vector.fips_addr)
  assert.equal(hex(ipv6Of(identity.nodeAddr)), vector.fips_addr)
  const npub = parseNpub(vector.npub)
  assert.ok(npub.ok)
  assert.equal(npubOf(npub.value), vector.npub)
})

testGroup<{ readonly secret: string }>(vectors, 'refused_secrets', (vector) => {
  assert.throws(() => Identity.fromSecret(bytesOf(vector.secret)), RangeError)
  assert.equal(parseSecret(vector.secret).ok, false)
})

interface XOnlyVector {
  readonly pubkey_xonly: string
  readonly accepted: boolean
  readonly node_addr: string | null
}

testGroup<XOnlyVector>(vectors, 'xonly_keys', (vector) => {
  const key = bytesOf(vector.pubkey_xonly)
  assert.equal(isPublicKey(key), vector.accepted)
  if (vector.node_addr !== null) assert.equal(nodeAddrOf(key), vector.node_addr)
})

testGroup<{ readonly bytes: string; readonly accepted: boolean }>(vectors, 'fips_addresses', (vector) => {
  assert.equal(isMeshIpv6(bytesOf(vector.bytes)), vector.accepted)
})

interface Nip19Vector {
  readonly kind: string
  readonly input: string
  readonly accepted: boolean
  readonly pubkey_xonly?: string
  readonly secret?: string
}

const PARSERS: Readonly<Record<string, typeof parseNpub>> = {
  npub: parseNpub,
  nsec: parseNsec,
  secret: parseSecret,
}

testGroup<Nip19Vector>(vectors, 'nip19', (vector) => {
  const parse = PARSERS[vector.kind]
  assert.ok(parse !== undefined, `unknown kind ${vector.kind}`)
  const parsed = parse(vector.input)
  // Known difference: a bech32m checksum is refused here and accepted by the reference.
  const accepted = vector.accepted && bech32m.decodeUnsafe(vector.input) === undefined
  assert.equal(parsed.ok, accepted)
  if (parsed.ok) assert.equal(hex(parsed.value), vector.pubkey_xonly ?? vector.secret)
})

interface SignatureVector {
  readonly secret?: string
  readonly aux?: string
  readonly pubkey_xonly: string
  readonly message: string
  readonly digest: string
  readonly signature: string
  readonly valid: boolean
}

function checkSignature(vector: SignatureVector): void {
  const digest = nobleCrypto.sha256(bytesOf(vector.message))
  assert.equal(hex(digest), vector.digest)
  const signature = bytesOf(vector.signature)
  assert.equal(nobleCrypto.verify(signature, digest, bytesOf(vector.pubkey_xonly)), vector.valid)
  if (vector.aux === undefined || vector.secret === undefined) return
  const made = Identity.fromSecret(bytesOf(vector.secret)).sign(digest, bytesOf(vector.aux))
  assert.equal(hex(made), vector.signature)
}

testGroup<SignatureVector>(vectors, 'signatures', checkSignature)
testGroup<SignatureVector>(vectors, 'verify_only', checkSignature)

test('an identity does not give its secret away', () => {
  const secret = new Uint8Array(32).fill(7)
  const identity = Identity.fromSecret(secret)
  const shown = JSON.stringify(identity) + Object.values(identity).map(String).join()
  assert.equal(shown.includes(hex(secret)) || shown.includes('7,7,7,7,7,7,7,7'), false)
})
