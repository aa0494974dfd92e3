/** Where configuration files and the control socket are found: the reference's places, so that its files serve both. */
import { existsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const SYSTEM_DIRECTORY: string = process.platform === 'darwin' ? '/usr/local/etc/fips' : '/etc/fips'

/** Every place looked at when no file is named, lowest priority first. */
export function searchPath(home: string = homedir()): readonly string[] {
  return [
    join(SYSTEM_DIRECTORY, 'fips.yaml'),
    join(home, '.config', 'fips', 'fips.yaml'),
    join(home, '.fips.yaml'),
    './fips.yaml',
  ]
}

/** Those of them that exist. */
export function existingFiles(path: readonly string[] = searchPath()): readonly string[] {
  return path.filter((file) => existsSync(file))
}

/** The control socket when none is configured: the same answer for daemon and clients. */
export function defaultControlSocket(
  runtimeDirectory: string | undefined = process.env['XDG_RUNTIME_DIR'],
  isDirectory: (path: string) => boolean = directoryExists,
): string {
  if (isDirectory('/run/fips')) return '/run/fips/control.sock'
  if (runtimeDirectory !== undefined && runtimeDirectory !== '' && isDirectory(runtimeDirectory)) {
    return join(runtimeDirectory, 'fips', 'control.sock')
  }
  return '/tmp/fips-control.sock'
}

function directoryExists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
