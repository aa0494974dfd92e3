/** Direct system calls, where this machine allows them: little-endian Linux with a build of koffi. */
import type koffi from 'koffi'
import { createRequire } from 'node:module'
import { endianness } from 'node:os'
import { accept, reject, type Result } from '../../core/index.ts'
import { bindLibc, type Libc } from './libc.ts'
import { Addresses, NativeMemory } from './memory.ts'

export type NativeFault = 'not-linux' | 'not-little-endian' | 'no-koffi'

export interface Native {
  readonly libc: Libc
  /** Another shared library of the system, by the name the linker knows it by. Throws where there is none. */
  readonly library: (name: string) => ReturnType<typeof koffi.load>
  /** The address of a function that libraries may call, for as long as the process lives; its prototype names it. */
  readonly callback: (prototype: string, call: (...args: number[]) => number) => number
  readonly memory: (size: number) => NativeMemory
  /** The array must not be transferred or resized while anyone holds its address. */
  readonly addressOf: (bytes: Uint8Array) => number
  /** Calls back while the descriptor is readable. Keeps the program running; to be closed before `fd` is. */
  readonly watch: (fd: number, onReadable: () => void) => Watch
}

export interface Watch {
  /** Lets the program end although it is watched. */
  unref(): void
  close(): void
}

/** Pointers are of 64 bits, as the layouts of messages and iovs have them. */
const WIDE: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64']

let loaded: Result<Native, NativeFault> | undefined

/** Loaded when first asked for. */
export function native(): Result<Native, NativeFault> {
  return (loaded ??= load())
}

/**
 * For moving data in batches; undefined where the portable twins have to do it, or where FIPS_RADIO_IO=portable says that they
 * shall, for comparison.
 */
export function batchIo(): Native | undefined {
  const direct = native()
  const isAsked = process.env['FIPS_RADIO_IO'] !== 'portable'
  return isAsked && direct.ok && WIDE.includes(process.arch) ? direct.value : undefined
}

function load(): Result<Native, NativeFault> {
  if (process.platform !== 'linux') return reject('not-linux', 'linux', process.platform)
  if (endianness() !== 'LE') return reject('not-little-endian', 'LE', endianness())
  try {
    const api: typeof koffi = createRequire(import.meta.url)('koffi')
    const addresses = new Addresses(api.address)
    return accept({
      libc: bindLibc(api),
      library: (name) => api.load(name),
      callback: (prototype, call) =>
        Number(api.address(api.register(call, api.pointer(api.proto(prototype))))),
      memory: (size) => new NativeMemory(addresses, size),
      addressOf: (bytes) => addresses.of(bytes),
      watch: (fd, onReadable) => watch(api, fd, onReadable),
    })
  } catch (error) {
    return reject('no-koffi', 'koffi', error instanceof Error ? error.message : String(error))
  }
}

function watch(api: typeof koffi, fd: number, onReadable: () => void): Watch {
  let closed = false
  // The first argument of the callback, which the types leave out, is negative when the descriptor has an error: the
  // loop has then stopped watching it.
  const woken = (status: unknown): void => {
    try {
      onReadable()
    } catch (error) {
      // koffi keeps an exception until something else calls it.
      setImmediate(() => {
        throw error
      })
    }
    if (typeof status === 'number' && status < 0 && !closed) handle.start({ readable: true }, woken)
  }
  const handle = api.node.poll(fd, { readable: true }, woken)
  return {
    unref: () => handle.unref(),
    close() {
      if (closed) return
      closed = true
      handle.close()
    },
  }
}
