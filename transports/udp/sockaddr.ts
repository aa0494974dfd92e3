/**
 * Socket addresses as the kernel has them, in 32 bytes. Family in the machine's order, port in the network's:
 *
 *   IPv4: 0 family u16 | 2 port | 4 address 4 | 8 zero 8                           16 bytes
 *   IPv6: 0 family u16 | 2 port | 4 flow 4 | 8 address 16 | 24 scope u32           28 bytes
 */
import type { TransportAddr } from '../../core/index.ts'
import type { Native, NativeMemory } from '../native/index.ts'
import { formatSocketAddress, type SocketAddress } from './address.ts'

export const AF_INET = 2
export const AF_INET6 = 10
export const SOCKADDR_BYTES = 32
const IPV4_AT = 4
const IPV6_AT = 8
const SCOPE_AT = 24
/** INET6_ADDRSTRLEN and IF_NAMESIZE are both within. */
const TEXT_BYTES = 64

/** Bytes of an address the kernel is told of. */
export function sockaddrLength(family: 4 | 6): number {
  return family === 4 ? 16 : 28
}

/** The address for a socket of `family`; IPv4 on an IPv6 socket is mapped. Undefined when it has none there. */
export function encodeSockaddr(
  { libc, memory }: Native,
  family: 4 | 6,
  { host, port, family: own }: SocketAddress,
): NativeMemory | undefined {
  if (family === 4 && own === 6) return undefined
  const name = memory(SOCKADDR_BYTES)
  const [plain = '', zone] = host.split('%')
  const text = family === 6 && own === 4 ? `::ffff:${plain}` : plain
  const [code, at] = family === 4 ? [AF_INET, IPV4_AT] : [AF_INET6, IPV6_AT]
  if (libc.inet_pton(code, text, name.base + at) !== 1) return undefined
  name.bytes.set([code, 0, port >> 8, port & 0xff])
  if (zone !== undefined) {
    const scope = /^\d+$/.test(zone) ? Number(zone) : libc.if_nametoindex(zone)
    if (scope === 0) return undefined
    name.words[SCOPE_AT >> 2] = scope
  }
  return name
}

/** `host` is as the system writes it, a link-local one with its zone. */
export interface NamedAddress {
  readonly host: string
  readonly port: number
}

/** Reads addresses; has memory for their text. */
export class SockaddrReader {
  readonly #libc: Native['libc']
  readonly #text: NativeMemory

  constructor({ libc, memory }: Native) {
    this.#libc = libc
    this.#text = memory(TEXT_BYTES)
  }

  read(memory: NativeMemory, at: number): NamedAddress {
    const { bytes, words, base } = memory
    const family = bytes[at]!
    const port = (bytes[at + 2]! << 8) | bytes[at + 3]!
    const addressAt = at + (family === AF_INET ? IPV4_AT : IPV6_AT)
    this.#libc.inet_ntop(family, base + addressAt, this.#text.base, TEXT_BYTES)
    const host = this.#string()
    const isLinkLocal =
      family === AF_INET6 && bytes[addressAt] === 0xfe && (bytes[addressAt + 1]! & 0xc0) === 0x80
    const scope = isLinkLocal ? words[(at + SCOPE_AT) >> 2]! : 0
    return { host: scope === 0 ? host : `${host}%${this.#zone(scope)}`, port }
  }

  #zone(scope: number): string {
    return this.#libc.if_indextoname(scope, this.#text.base) === 0 ? String(scope) : this.#string()
  }

  #string(): string {
    const { bytes } = this.#text
    return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)))
  }
}

/** Names kept: more than a node has peers. Emptied when full, since making a name again is cheap. */
const MAX_NAMES = 4096

interface Heard {
  readonly words: Uint32Array
  readonly name: TransportAddr
}

/** Names the senders of datagrams; a known one costs neither a string nor a system call. */
export class SenderNames {
  readonly #reader: SockaddrReader
  readonly #names = new Map<number, Heard>()
  #last: Heard | undefined

  constructor(native: Native) {
    this.#reader = new SockaddrReader(native)
  }

  nameAt(memory: NativeMemory, at: number): TransportAddr {
    const { words } = memory
    const first = at >> 2
    const last = this.#last
    if (last !== undefined && same(words, first, last.words)) return last.name
    const hash = hashOf(words, first)
    let heard = this.#names.get(hash)
    if (heard === undefined || !same(words, first, heard.words)) {
      const { host, port } = this.#reader.read(memory, at)
      heard = { words: words.slice(first, first + SOCKADDR_BYTES / 4), name: formatSocketAddress(host, port) }
      if (this.#names.size >= MAX_NAMES) this.#names.clear()
      // Another sender of the same hash gives way.
      this.#names.set(hash, heard)
    }
    this.#last = heard
    return heard.name
  }
}

/** Whether the address at word `at` is that of `known`. What the kernel left behind an IPv4 address is zero. */
function same(words: Uint32Array, at: number, known: Uint32Array): boolean {
  if (words[at] !== known[0] || words[at + 1] !== known[1]) return false
  if ((words[at]! & 0xffff) === AF_INET) return true
  for (let i = 2; i < 7; i++) if (words[at + i] !== known[i]) return false
  return true
}

/** 30 bits, so that it is a small integer. */
function hashOf(words: Uint32Array, at: number): number {
  const length = (words[at]! & 0xffff) === AF_INET ? 2 : 7
  let hash = 0
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ words[at + i]!, 0x9e3779b1) ^ (hash >>> 15)
  return hash >>> 2
}
