/** Addresses as the bytes that packets carry. */
import assert from 'node:assert/strict'
import { parseIpv6 } from '../../../gateway/ipv6/index.ts'

/** Fails on what is no IPv6 address. */
export function ip(text: string): Uint8Array {
  const address = parseIpv6(text)
  assert.ok(address)
  return address
}
