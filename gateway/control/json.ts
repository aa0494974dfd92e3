/** Replies in the making: JSON values, and the conversions every query shares. */
import { SocketAddress } from 'node:net'
import { ipv6Of, type NodeAddr } from '../../core/index.ts'

export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

/** An object of JSON from outside: every name may be missing, every value anything. */
export type ReplyData = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is ReplyData {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `reqNoTreePeer` -> `req_no_tree_peer`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** A group of counters under the reference's names. */
export function countersJson(group: Readonly<Record<string, number>>): JsonObject {
  return Object.fromEntries(
    Object.entries(group).map(([name, value]): [string, number] => [snakeCase(name), value]),
  )
}

/** The entries that have a value; the reference leaves absent ones out. */
export function defined(values: Readonly<Record<string, Json | undefined>>): JsonObject {
  const entries: [string, Json][] = []
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) entries.push([name, value])
  }
  return Object.fromEntries(entries)
}

/** A node's mesh address as text: `fdb4:cc80:...`. */
export function ipv6Text(addr: NodeAddr): string {
  const bytes = ipv6Of(addr)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const groups = Array.from({ length: bytes.length / 2 }, (_, index) =>
    view.getUint16(index * 2).toString(16),
  )
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}
