/**
 * Real processes under test: started with a scratch folder, watched line by line, ended by pid. Whatever is still
 * running when a test ends is killed with it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const ROOT: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

/** The compiled command, to be run by `process.execPath`. */
export const FIPS_RADIO: string = join(ROOT, 'dist', 'gateway', 'bin', 'fips-radio.js')

/** Folder of what CI builds or installs for tests (Rust peer, Reticulum). */
export const CACHE: string = process.env['FIPS_CACHE'] ?? join(ROOT, '.cache')

export interface Running {
  readonly child: ChildProcess
  /** Everything printed so far, both streams. */
  output(): string
  /** Resolves with the first line that satisfies `accept`, past or future; rejects when the process ends or `withinMs` passes. */
  line(what: string, accept: (line: string) => boolean, withinMs?: number): Promise<string>
  /** Calls `listener` with every line from now on. */
  onLine(listener: (line: string) => void): void
  /** Asks it to end, then insists; resolves with the exit code (null when killed). */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** How long anything that should happen may take on a loaded machine. */
export const PATIENCE_MS = 60_000

export type StartProgram = (program: string, args: readonly string[], env?: NodeJS.ProcessEnv) => Running

export function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
  })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const listeners: ((line: string) => void)[] = []
  let ended = false
  const wake = () => {
    for (const check of waiting) check()
  }
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts)
      wake()
      for (const line of parts) for (const listener of listeners) listener(line)
    })
  }
  child.on('error', (error) => {
    lines.push(String(error))
    ended = true
    wake()
  })
  child.on('close', () => {
    ended = true
    wake()
  })
  const output = () => lines.join('\n')
  return {
    child,
    output,
    line: (what, accept, withinMs = PATIENCE_MS) =>
      new Promise((resolve, reject) => {
        let seen = 0
        const fail = (why: string) => {
          finish()
          reject(new Error(`${program}: ${what}: ${why}\n${output().slice(-8000)}`))
        }
        const timer = setTimeout(() => fail(`not within ${withinMs} ms`), withinMs)
        const finish = () => {
          clearTimeout(timer)
          waiting.delete(check)
        }
        const check = () => {
          for (; seen < lines.length; seen++) {
            const line = lines[seen]
            if (line !== undefined && accept(line)) {
              finish()
              resolve(line)
              return
            }
          }
          if (ended) fail('the process ended')
        }
        waiting.add(check)
        check()
      }),
    onLine: (listener) => {
      listeners.push(listener)
    },
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      child.kill(signal)
      const insist = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await once(child, 'close')
      clearTimeout(insist)
      return child.exitCode
    },
  }
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv; readonly timeoutMs?: number } = {},
): Promise<Finished> {
  const child = spawn(program, args, {
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...options.env },
    timeout: options.timeoutMs ?? 2 * PATIENCE_MS,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}

/** Runs a program that has to succeed; returns what it printed. */
export async function must(program: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(program, args)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`)
  return stdout
}

/** Asks again until `probe` gives something, for at most `withinMs`. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  withinMs: number = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + withinMs
  for (;;) {
    const found = await probe()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
