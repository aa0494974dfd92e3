/** The exit codes as the help and the docs print them. */
import { EXIT_CODES, type ExitKind } from '../errors.ts'

const MEANINGS: Readonly<Record<ExitKind, string>> = {
  failed: 'it did not happen: no reply to a ping, or the daemon answered with an error',
  usage: 'the command line is wrong',
  config: 'the configuration is wrong',
  identity: 'the key file is unreadable, open to others, or not a key',
  permission: 'the operating system refused: root or a capability is missing',
  'in-use': 'an address, interface name or control socket belongs to another program',
  'no-device': 'a port or radio is not there or does not answer',
  'bad-device': 'a radio answered and cannot be used',
  storage: 'a file could not be saved',
  'no-daemon': 'no daemon answers on the control socket',
  internal: 'a fault of this program',
}

/** One row for each code, 0 first. */
export const EXIT_CODE_TABLE: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'done'],
  ...Object.entries(EXIT_CODES).map(([kind, code]): readonly [number, string] => [
    code,
    new Map<string, string>(Object.entries(MEANINGS)).get(kind) ?? '',
  ]),
]

export const EXIT_CODE_HELP: string = `
Exit codes:
${EXIT_CODE_TABLE.map(([code, meaning]) => `  ${String(code).padStart(2)}  ${meaning}\n`).join('')}`
