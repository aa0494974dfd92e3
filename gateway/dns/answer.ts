/** One DNS query in, its answer out: `<npub>.fips` and `<name>.fips` have an AAAA record, computed from the key. */
import packet from 'dns-packet'
import { ipv6Of, nodeAddrOf, parseNpub, type PublicKey } from '../../core/index.ts'
import { formatIpv6 } from '../ipv6/index.ts'

export const ZONE = 'fips'

/** Seconds. A name keeps its key as long as the operator's files say so, an npub for ever. */
export const DEFAULT_TTL = 300

/** Header bits: opcode in bits 11..14, authoritative answer, recursion desired (copied). */
const OPCODE_MASK = 0x7800
const FLAG_AUTHORITATIVE = 0x0400
const FLAG_RECURSION_DESIRED = 0x0100

const NO_ERROR = 0
const FORMAT_ERROR = 1
const NAME_ERROR = 3
const NOT_IMPLEMENTED = 4
const REFUSED = 5

/** Our answers fit the classic 512 bytes; this is only what we would take. */
const EDNS_PAYLOAD_BYTES = 1232

export interface DnsAnswer {
  readonly response: Uint8Array
  /** The key behind a name that was resolved: the node must know it before the first packet comes. */
  readonly publicKey: PublicKey | undefined
}

export interface DnsOptions {
  /** Key of a host name. */
  readonly find: (name: string) => PublicKey | undefined
  /** Seconds. */
  readonly ttl: number
}

/** Undefined for what is no query: malformed, or itself an answer. Never throws. */
export function answerQuery(bytes: Uint8Array, options: DnsOptions): DnsAnswer | undefined {
  const query = decode(bytes)
  if (query === undefined || query.type !== 'query') return undefined
  const flags = query.flags ?? 0
  if ((flags & OPCODE_MASK) !== 0) return respond(query, NOT_IMPLEMENTED)
  const [question, ...more] = query.questions ?? []
  if (question === undefined || more.length > 0) return respond(query, FORMAT_ERROR)
  const labels = question.name.toLowerCase().split('.')
  if (labels.at(-1) !== ZONE || (question.class ?? 'IN') !== 'IN') return respond(query, REFUSED)
  // The zone itself exists: denying it would deny everything below it.
  if (labels.length === 1) return respond(query, NO_ERROR)
  const [label = '', ...deeper] = labels.slice(0, -1)
  const publicKey = deeper.length > 0 ? undefined : keyOf(label, options)
  if (publicKey === undefined) return respond(query, NAME_ERROR)
  // For another type the name exists without data: "no such name" would make resolvers give up on AAAA too.
  const type: string = question.type
  if (type !== 'AAAA' && type !== 'ANY') return respond(query, NO_ERROR)
  const data = formatIpv6(ipv6Of(nodeAddrOf(publicKey)))
  return respond(query, NO_ERROR, { type: 'AAAA', name: question.name, ttl: options.ttl, data }, publicKey)
}

function keyOf(label: string, { find }: DnsOptions): PublicKey | undefined {
  const named = find(label)
  if (named !== undefined) return named
  const key = parseNpub(label)
  return key.ok ? key.value : undefined
}

function respond(
  query: packet.Packet,
  code: number,
  answer?: packet.StringAnswer,
  publicKey?: PublicKey,
): DnsAnswer | undefined {
  const speaksEdns = (query.additionals ?? []).some((record) => record.type === 'OPT')
  const authoritative = code === NO_ERROR || code === NAME_ERROR ? FLAG_AUTHORITATIVE : 0
  const response: packet.Packet = {
    type: 'response',
    id: query.id ?? 0,
    flags: authoritative | ((query.flags ?? 0) & (FLAG_RECURSION_DESIRED | OPCODE_MASK)) | code,
    questions: query.questions ?? [],
    answers: answer === undefined ? [] : [answer],
    additionals: speaksEdns ? [optRecord] : [],
  }
  try {
    return { response: packet.encode(response), publicKey }
  } catch {
    // A question that can be read and not written back (an unknown type, an over-long name).
    return undefined
  }
}

const optRecord: packet.OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: EDNS_PAYLOAD_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
}

function decode(bytes: Uint8Array): packet.DecodedPacket | undefined {
  try {
    return packet.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch {
    return undefined
  }
}
