/** The version of the package, read once. */
import { readFileSync } from 'node:fs'

export const VERSION: string = readVersion()

/** `package.json` stands two folders above the compiled file. */
function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version)
  return 'unknown'
}
