/** The emulator as a process of its own: modems on one ether, each a device file that every namespace can see. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ROOT, start, type Running } from './process.ts'

/** What has been on the air so far. */
export interface AirStats {
  readonly frames: number
  readonly bytes: number
  readonly ms: number
}

export class EmulatedEther {
  readonly #process: Running
  readonly #directory: string
  #answers = 0

  private constructor(process: Running, directory: string) {
    this.#process = process
    this.#directory = directory
  }

  /** Modems n0, n1, ... that hear each other as `--topology` and whatever else `args` say. Ends with the test. */
  static async start(t: TestContext, args: readonly string[]): Promise<EmulatedEther> {
    const directory = mkdtempSync(join(tmpdir(), 'fips-ether-'))
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    const program = join(ROOT, 'dist', 'gateway', 'bin', 'emulate.js')
    const process_ = start(process.execPath, [program, '--dir', directory, ...args])
    t.after(() => process_.stop())
    await process_.line('ready', (line) => line === '{"type":"ready"}')
    return new EmulatedEther(process_, directory)
  }

  /** The device of modem `index`; stays the same name when it is plugged in again. */
  port(index: number): string {
    return join(this.#directory, `n${index}`)
  }

  async stats(): Promise<AirStats> {
    const answer = await this.#command({ cmd: 'stats' })
    const count = (name: string): number => Number(new RegExp(`"${name}":([\\d.]+)`).exec(answer)?.[1])
    return { frames: count('frames'), bytes: count('bytes'), ms: count('ms') }
  }

  async unplug(index: number): Promise<void> {
    await this.#command({ cmd: 'unplug', node: `n${index}` })
  }

  async plug(index: number): Promise<void> {
    await this.#command({ cmd: 'plug', node: `n${index}` })
  }

  /** Commands are answered in order, each by one line. */
  async #command(command: object): Promise<string> {
    const wanted = ++this.#answers
    let seen = 0
    const answer = this.#process.line(
      JSON.stringify(command),
      (line) => /^\{"type":"(done|stats|refused)"/.test(line) && ++seen === wanted,
    )
    this.#process.child.stdin?.write(`${JSON.stringify(command)}\n`)
    return answer
  }
}
