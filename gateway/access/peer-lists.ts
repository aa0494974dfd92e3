/**
 * `peers.allow` and `peers.deny` with the reference's meaning: an entry of the allow list admits, else one of the deny
 * list refuses, else the transport's policy decides. `ALL` stands for everybody.
 */
import { npubOf, parseNpub, type PublicKey } from '../../core/index.ts'
import type { HostMap } from './host-map.ts'
import { WatchedFile, type FileFault } from './watched-file.ts'

export const PEERS_ALLOW_PATH = '/etc/fips/peers.allow'
export const PEERS_DENY_PATH = '/etc/fips/peers.deny'

const EVERYBODY = 'ALL'

export interface PeerList {
  /** `ALL` is in it. */
  readonly all: boolean
  readonly keys: readonly PublicKey[]
  /** As written, for display. */
  readonly entries: readonly string[]
  readonly faults: readonly FileFault[]
}

/** One entry a line, a `#` begins a comment anywhere; an entry is an npub, a name of the hosts file, or `ALL`. */
export function parsePeerList(text: string, path: string, hosts: Pick<HostMap, 'find'>): PeerList {
  const keys = new Map<string, PublicKey>()
  const entries = new Set<string>()
  const faults: FileFault[] = []
  let all = false
  for (const [index, raw] of text.split('\n').entries()) {
    const line = (raw.split('#')[0] ?? '').trim()
    if (line === '') continue
    const fields = line.split(/\s+/)
    const [entry = ''] = fields
    if (fields.length > 1) {
      faults.push({
        path,
        line: index + 1,
        message: `expected one npub, name or ALL on the line, found "${line}"`,
      })
      continue
    }
    if (entry.toUpperCase() === EVERYBODY) {
      all = true
      entries.add(EVERYBODY)
      continue
    }
    const key = keyOf(entry, hosts)
    if (key === undefined) {
      faults.push({
        path,
        line: index + 1,
        message: `"${entry}" is neither an npub nor a name of the hosts file`,
      })
      continue
    }
    keys.set(npubOf(key), key)
    entries.add(entry)
  }
  return { all, keys: [...keys.values()], entries: [...entries], faults }
}

/** What the node is told. A key on both lists is only allowed. */
export interface AccessRules {
  readonly allow: readonly PublicKey[] | undefined
  readonly deny: readonly PublicKey[]
  /** Everybody is listed, and nobody denied. */
  readonly allowAll: boolean
  /** Everybody who is not in `allow` is denied. */
  readonly denyAll: boolean
}

export class PeerLists {
  readonly allowPath: string
  readonly denyPath: string
  readonly #hosts: HostMap
  readonly #allowFile: WatchedFile
  readonly #denyFile: WatchedFile
  #allow: PeerList
  #deny: PeerList

  /** `hosts` resolves names; refresh it before the lists. */
  constructor(hosts: HostMap, allowPath: string = PEERS_ALLOW_PATH, denyPath: string = PEERS_DENY_PATH) {
    this.allowPath = allowPath
    this.denyPath = denyPath
    this.#hosts = hosts
    this.#allowFile = new WatchedFile(allowPath)
    this.#denyFile = new WatchedFile(denyPath)
    this.#allow = this.#parse(this.#allowFile)
    this.#deny = this.#parse(this.#denyFile)
  }

  get allow(): PeerList {
    return this.#allow
  }

  get deny(): PeerList {
    return this.#deny
  }

  get faults(): readonly FileFault[] {
    return [...this.#allow.faults, ...this.#deny.faults]
  }

  /** For the node's `access-lists` input. */
  rules(): AccessRules {
    const allowed = new Set(this.#allow.keys.map((key) => npubOf(key)))
    const { all: allowAll } = this.#allow
    return {
      allow: this.#allowFile.text === undefined ? undefined : this.#allow.keys,
      deny: allowAll ? [] : this.#deny.keys.filter((key) => !allowed.has(npubOf(key))),
      allowAll,
      denyAll: this.#deny.all && !allowAll,
    }
  }

  /** Reads what changed; true when the rules may be others. `hostsChanged`: names may mean other keys now. */
  refresh(hostsChanged = false): boolean {
    const changed = [this.#allowFile.refresh(), this.#denyFile.refresh()].includes(true) || hostsChanged
    if (!changed) return false
    this.#allow = this.#parse(this.#allowFile)
    this.#deny = this.#parse(this.#denyFile)
    return true
  }

  #parse(file: WatchedFile): PeerList {
    const list = parsePeerList(file.text ?? '', file.path, this.#hosts)
    return file.fault === undefined ? list : { ...list, faults: [file.fault, ...list.faults] }
  }
}

function keyOf(entry: string, hosts: Pick<HostMap, 'find'>): PublicKey | undefined {
  const named = hosts.find(entry)
  if (named !== undefined) return named
  const key = parseNpub(entry)
  return key.ok ? key.value : undefined
}
