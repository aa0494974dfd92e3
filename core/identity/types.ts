/** Names of nodes. A Nostr key is the address: everything here is derived from it. */

declare const nodeAddrBrand: unique symbol

/**
 * A node's routing identifier: the first 16 bytes of SHA-256 of its x-only key, as 32 lower-case hex digits.
 * A string so that it is immutable, a map key, and ordered by `<` as the wire orders the bytes.
 */
export type NodeAddr = string & { readonly [nodeAddrBrand]: true }

/** An x-only secp256k1 public key, 32 bytes (BIP-340). Compare by content, never by reference. */
export type PublicKey = Uint8Array
