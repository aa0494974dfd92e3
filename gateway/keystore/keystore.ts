/**
 * Who the node is, from the configuration and the key file beside it. A node that is meant to keep its identity never
 * gets another one silently: a key file that cannot be read or saved stops the start.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Identity, nsecOf, parseSecret, type Crypto, type Rng } from '../../core/index.ts'
import { OperatorError, reasonOf, systemCode } from '../errors.ts'
import { writeWhole } from './atomic-file.ts'

export const KEY_FILE = 'fips.key'
export const PUBLIC_FILE = 'fips.pub'

const KEY_MODE = 0o600
const PUBLIC_MODE = 0o644
/** Anyone but the owner. */
const OTHERS = 0o077
/** A key file holds 63 characters; more than this is another file. */
const MAX_KEY_FILE_BYTES = 1024
const SECRET_BYTES = 32

export interface IdentityRequest {
  /** From the configuration. */
  readonly nsec: string | undefined
  readonly persistent: boolean
  /** Where the key files live; undefined when there is no configuration file for them to stand beside. */
  readonly directory: string | undefined
}

export interface ResolvedIdentity {
  readonly identity: Identity
  readonly source: 'config' | 'key-file' | 'generated' | 'ephemeral'
  /** Survives a restart. */
  readonly persistent: boolean
  /** For the log. */
  readonly remarks: readonly string[]
}

/** Throws an OperatorError when the identity that is asked for cannot be had. */
export function resolveIdentity(request: IdentityRequest, rng: Rng, crypto?: Crypto): ResolvedIdentity {
  const { nsec, persistent, directory } = request
  if (nsec !== undefined) {
    const identity = identityOf(nsec, 'node.identity.nsec', crypto)
    return { identity, source: 'config', persistent: true, remarks: [] }
  }
  if (persistent) return persistentIdentity(directory, rng, crypto)
  return ephemeralIdentity(directory, rng, crypto)
}

/** Makes a key pair and saves it. `replace` overwrites a pair that is there. */
export function generateKeyFiles(directory: string, rng: Rng, replace = false): Identity {
  const secret = rng.bytes(SECRET_BYTES)
  const identity = Identity.fromSecret(secret)
  const intent = replace ? 'replace' : 'create'
  writeWhole({ path: join(directory, KEY_FILE), text: `${nsecOf(secret)}\n`, mode: KEY_MODE, intent })
  writePublicFile(directory, identity)
  return identity
}

function persistentIdentity(directory: string | undefined, rng: Rng, crypto?: Crypto): ResolvedIdentity {
  if (directory === undefined) {
    throw new OperatorError(
      'identity',
      'node.identity.persistent needs a configuration file for fips.key to stand beside; name one with -c FILE.',
    )
  }
  const path = join(directory, KEY_FILE)
  const text = readKeyFile(path)
  if (text === undefined) {
    const identity = generateKeyFiles(directory, rng)
    return {
      identity,
      source: 'generated',
      persistent: true,
      remarks: [`made a new identity and saved it in ${path}; keep a copy of that file`],
    }
  }
  const identity = identityOf(text, path, crypto)
  return { identity, source: 'key-file', persistent: true, remarks: tryPublicFile(directory, identity) }
}

/** The secret of a passing identity is written nowhere. */
function ephemeralIdentity(directory: string | undefined, rng: Rng, crypto?: Crypto): ResolvedIdentity {
  const identity = Identity.fromSecret(rng.bytes(SECRET_BYTES), crypto)
  const result = { identity, source: 'ephemeral', persistent: false } as const
  if (directory === undefined) return { ...result, remarks: [] }
  const path = join(directory, KEY_FILE)
  if (existsSync(path)) {
    return {
      ...result,
      remarks: [
        `${path} is not used: this start has a new identity; set node.identity.persistent: true to use it`,
      ],
    }
  }
  return { ...result, remarks: tryPublicFile(directory, identity) }
}

function identityOf(text: string, where: string, crypto?: Crypto): Identity {
  const secret = parseSecret(text.trim())
  if (!secret.ok) {
    throw new OperatorError(
      'identity',
      `${where} holds no secret key; allowed: nsec1... or 64 hex digits. Restore it from a copy, or make a new identity with \`fips-radio keygen\`.`,
    )
  }
  return Identity.fromSecret(secret.value, crypto)
}

/** The text of the key file; undefined when there is none. */
function readKeyFile(path: string): string | undefined {
  try {
    const stat = statSync(path)
    if (!stat.isFile() || stat.size > MAX_KEY_FILE_BYTES) {
      throw new OperatorError(
        'identity',
        `${path} is no key file; move it away or restore the key from a copy.`,
      )
    }
    if ((stat.mode & OTHERS) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0')
      throw new OperatorError(
        'identity',
        `${path} can be used by others (mode ${mode}), so its key may be known; run \`chmod 600 ${path}\`, or make a new identity if it was.`,
      )
    }
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof OperatorError) throw error
    if (systemCode(error) === 'ENOENT') return undefined
    throw new OperatorError(
      'identity',
      `${path} cannot be read (${reasonOf(error)}), and a persistent node does not start with another identity; run as its owner or mend the path.`,
    )
  }
}

function writePublicFile(directory: string, identity: Identity): void {
  const path = join(directory, PUBLIC_FILE)
  writeWhole({ path, text: `${identity.npub}\n`, mode: PUBLIC_MODE, intent: 'replace' })
}

/** The public key file is a convenience: the node runs without it. */
function tryPublicFile(directory: string, identity: Identity): readonly string[] {
  try {
    writePublicFile(directory, identity)
    return []
  } catch (error) {
    return [reasonOf(error)]
  }
}
