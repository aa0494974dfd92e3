/** Whether an announce may be believed: signature, and agreement of the unsigned path with what is signed. */
import type { Crypto } from '../crypto/index.ts'
import type { Identity, NodeAddr, PublicKey } from '../identity/index.ts'
import { MAX_TREE_DEPTH } from './limits.ts'
import type { Declaration, TreeAnnounce } from './wire.ts'
import { declarationBytes } from './wire.ts'

export type AnnounceFault =
  | 'address-mismatch'
  | 'root-with-ancestors'
  | 'no-ancestors'
  | 'parent-mismatch'
  | 'root-not-minimum'
  | 'too-deep'
  | 'bad-signature'

/** SHA-256 of what the signature covers. */
export function declarationDigest(declaration: Declaration, crypto: Pick<Crypto, 'sha256'>): Uint8Array {
  return crypto.sha256(declarationBytes(declaration))
}

/** `aux`: 32 bytes of fresh randomness. */
export function signDeclaration(
  declaration: Declaration,
  identity: Pick<Identity, 'sign'>,
  crypto: Pick<Crypto, 'sha256'>,
  aux: Uint8Array,
): Uint8Array {
  return identity.sign(declarationDigest(declaration, crypto), aux)
}

export function verifyDeclaration(
  announce: TreeAnnounce,
  publicKey: PublicKey,
  crypto: Pick<Crypto, 'sha256' | 'verify'>,
): boolean {
  return crypto.verify(announce.signature, declarationDigest(announce.declaration, crypto), publicKey)
}

/**
 * The rules of the path: it starts with the declaring node, continues with the declared parent (a root has none), and
 * ends with the root, which is the smallest address in it. The depth cap is ours.
 */
export function pathFault(
  announce: TreeAnnounce,
  maxDepth: number = MAX_TREE_DEPTH,
): AnnounceFault | undefined {
  const { declaration, ancestry } = announce
  const nodes = ancestry.map((entry) => entry.node)
  if (nodes[0] !== declaration.node) return 'address-mismatch'
  if (declaration.parent === declaration.node) {
    if (nodes.length !== 1) return 'root-with-ancestors'
  } else {
    if (nodes.length < 2) return 'no-ancestors'
    if (nodes[1] !== declaration.parent) return 'parent-mismatch'
  }
  if (nodes.length - 1 > maxDepth) return 'too-deep'
  const root = nodes.at(-1)!
  return nodes.some((node) => node < root) ? 'root-not-minimum' : undefined
}

/** All the rules for an announce that came from the neighbour `from`, the costly signature last. */
export function announceFault(
  announce: TreeAnnounce,
  from: NodeAddr,
  publicKey: PublicKey,
  crypto: Pick<Crypto, 'sha256' | 'verify'>,
  maxDepth: number = MAX_TREE_DEPTH,
): AnnounceFault | undefined {
  if (announce.declaration.node !== from) return 'address-mismatch'
  return (
    pathFault(announce, maxDepth) ??
    (verifyDeclaration(announce, publicKey, crypto) ? undefined : 'bad-signature')
  )
}
