/**
 * What a test needs beyond Node and the npm registry. A missing capability skips the test with a reason that says
 * how to enable it; CI installs everything and runs with skips forbidden. FIPS_ROOTLESS=1 leaves out what needs root or
 * a built peer, for a second run on another version of Node.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Something the machine may lack: root, the TUN device, a program on the PATH, or a file. */
export type Capability = 'root' | 'tun' | `program:${string}` | `file:${string}`

/** Debian packages that bring the programs tests call; for the text of the skip only. */
const PACKAGE_OF: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  ping: 'iputils-ping',
  cargo: 'a Rust toolchain (1.85 or newer)',
}

/** The skip reason of the first missing capability, or false when the test can run. For `test(name, { skip }, fn)`. */
export function needs(...capabilities: readonly Capability[]): string | false {
  for (const capability of capabilities) {
    const reason = missing(capability)
    if (reason !== undefined) return reason
  }
  return false
}

function missing(capability: Capability): string | undefined {
  if (process.env['FIPS_ROOTLESS'] === '1' && !capability.startsWith('program:'))
    return 'left out because FIPS_ROOTLESS is set'
  if (capability === 'root') {
    return process.geteuid?.() === 0 ? undefined : 'needs root: run `sudo -E npm test`'
  }
  if (capability === 'tun') {
    return canAccess('/dev/net/tun') ? undefined : 'needs /dev/net/tun: load the kernel module `tun`'
  }
  const name = capability.slice(capability.indexOf(':') + 1)
  if (capability.startsWith('file:')) return canAccess(name) ? undefined : `needs ${name}`
  return onPath(name) ? undefined : `needs \`${name}\`: install ${PACKAGE_OF[name] ?? name}`
}

function canAccess(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

function onPath(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
