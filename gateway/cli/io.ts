/** The terminal as a command sees it, so that tests can be one. */
export interface CommandIo {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Printed columns, for tables; undefined when it is no terminal. */
  readonly columns: number | undefined
}

export const processIo: CommandIo = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  columns: process.stdout.columns,
}
