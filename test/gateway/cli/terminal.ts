/** A terminal that remembers. */
import { main } from '../../../gateway/cli/index.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs one command line of the program in this process. */
export async function fipsRadio(...args: string[]): Promise<Ran> {
  let out = ''
  let err = ''
  const code = await main(args, {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    columns: 100,
  })
  return { code, out, err }
}
