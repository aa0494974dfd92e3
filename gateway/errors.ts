/**
 * What goes wrong for an operator: a kind, which fixes the exit code, and one sentence that says what to do. Everything
 * that can fail for a reason outside the program ends as one of these; anything else is a bug and exits 70.
 */

/** Kinds of failure. The exit codes are a promise to scripts and service managers: never renumbered. */
export const EXIT_CODES = {
  /** What was asked for did not happen: no reply to a ping, the daemon answered with an error. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The configuration is wrong. */
  config: 3,
  /** The key file is missing, unreadable, open to others or not a key. */
  identity: 4,
  /** The operating system refused: not root, no capability, not in a group. */
  permission: 5,
  /** An address, a port, an interface name or the control socket belongs to another program. */
  'in-use': 6,
  /** A serial port, radio or interface is not there or does not answer. */
  'no-device': 7,
  /** A radio answered and cannot be used: firmware too old, settings refused, region forbids the frequency. */
  'bad-device': 8,
  /** A file could not be saved: disk full, read-only file system. */
  storage: 9,
  /** No daemon answers on the control socket. */
  'no-daemon': 10,
  /** A fault of this program. */
  internal: 70,
} as const

export type ExitKind = keyof typeof EXIT_CODES

/** A failure with its remedy. `message` is whole sentences without the program's name in front. */
export class OperatorError extends Error {
  readonly kind: ExitKind

  constructor(kind: ExitKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'OperatorError'
    this.kind = kind
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind]
  }
}

/** The code of a Node system error (`ENOENT`, ...), if it is one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** The message of whatever was thrown, on one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/\s*\n\s*/g, ' ')
}
