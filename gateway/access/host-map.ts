/** Names for nodes: the operator's hosts file over the aliases of configured peers. Same file and rules as the reference. */
import { nodeAddrOf, parseNpub, type NodeAddr, type PublicKey } from '../../core/index.ts'
import { WatchedFile, type FileFault } from './watched-file.ts'

export const HOSTS_PATH = '/etc/fips/hosts'

/** A DNS label. */
const LONGEST_NAME = 63
const NAME_PATTERN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i

export interface HostEntry {
  /** Lower case. */
  readonly name: string
  readonly publicKey: PublicKey
}

/** Why a name cannot be a host's; undefined when it can. */
export function hostNameFault(name: string): string | undefined {
  if (name.length === 0) return 'a host name is missing'
  if (name.length > LONGEST_NAME) return `host name "${name}" is longer than ${LONGEST_NAME} characters`
  if (name.toLowerCase().startsWith('npub1'))
    return `host name "${name}" must not begin with npub1, which means a key`
  if (!NAME_PATTERN.test(name))
    return `host name "${name}" may have letters, digits and inner hyphens only (a-z, 0-9, -)`
  return undefined
}

/** Lines of `name npub`; blank lines and lines that begin with `#` are skipped, wrong ones reported and skipped. */
export function parseHosts(
  text: string,
  path: string,
): { readonly entries: readonly HostEntry[]; readonly faults: readonly FileFault[] } {
  const entries: HostEntry[] = []
  const faults: FileFault[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const refuse = (message: string): number => faults.push({ path, line: index + 1, message })
    const [name = '', npub, ...rest] = line.split(/\s+/)
    const nameFault = hostNameFault(name)
    if (npub === undefined || rest.length > 0) refuse(`expected "name npub", found "${line}"`)
    else if (nameFault !== undefined) refuse(nameFault)
    else {
      const key = parseNpub(npub)
      if (key.ok) entries.push({ name: name.toLowerCase(), publicKey: key.value })
      else refuse(`"${npub}" is not an npub (${key.code})`)
    }
  }
  return { entries, faults }
}

export class HostMap {
  readonly #aliases: readonly HostEntry[]
  readonly #file: WatchedFile
  readonly #byName = new Map<string, PublicKey>()
  readonly #byAddr = new Map<NodeAddr, string>()
  #faults: readonly FileFault[] = []

  /** `aliases`: of configured peers; a name in the file wins over an alias. */
  constructor(aliases: readonly HostEntry[] = [], path: string = HOSTS_PATH) {
    this.#aliases = aliases
    this.#file = new WatchedFile(path)
    this.#build()
  }

  /** What is wrong in the file as it now is. */
  get faults(): readonly FileFault[] {
    return this.#faults
  }

  get size(): number {
    return this.#byName.size
  }

  /** The key of a name in any case. */
  find(name: string): PublicKey | undefined {
    return this.#byName.get(name.toLowerCase())
  }

  /** The name of a node, for display. */
  nameOf(addr: NodeAddr): string | undefined {
    return this.#byAddr.get(addr)
  }

  /** Every name with its key; the host knows all of them without asking. */
  entries(): Iterable<readonly [string, PublicKey]> {
    return this.#byName.entries()
  }

  /** Reads the file again if it changed; true when it did. */
  refresh(): boolean {
    if (!this.#file.refresh()) return false
    this.#build()
    return true
  }

  #build(): void {
    const { entries, faults } = parseHosts(this.#file.text ?? '', this.#file.path)
    this.#faults = this.#file.fault === undefined ? faults : [this.#file.fault, ...faults]
    this.#byName.clear()
    this.#byAddr.clear()
    for (const { name, publicKey } of [...this.#aliases, ...entries]) {
      this.#byName.set(name.toLowerCase(), publicKey)
      this.#byAddr.set(nodeAddrOf(publicKey), name.toLowerCase())
    }
  }
}
