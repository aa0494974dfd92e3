/** A small text file the operator may edit while the daemon runs. */
import { readFileSync, statSync } from 'node:fs'
import { reasonOf, systemCode } from '../errors.ts'

/** Longest file read; the lists here have one short line a peer. */
const MAX_BYTES = 2 ** 20

/** Something wrong in a file; `line` is 0 when it is about the file. */
export interface FileFault {
  readonly path: string
  readonly line: number
  readonly message: string
}

/** `path:line: message`, as editors understand it. */
export function faultText({ path, line, message }: FileFault): string {
  return line === 0 ? `${path}: ${message}` : `${path}:${line}: ${message}`
}

/**
 * Keeps the last text that could be read: a file that is unreadable for a moment, or for good by mistake, must not
 * switch off what it said (a deny list above all).
 */
export class WatchedFile {
  readonly path: string
  #text: string | undefined
  /** Of the last attempt; undefined when the file was absent. */
  #version: string | undefined
  #fault: FileFault | undefined

  constructor(path: string) {
    this.path = path
    this.#read()
  }

  /** Undefined while the file does not exist. */
  get text(): string | undefined {
    return this.#text
  }

  /** Why the text is not what the file says now. */
  get fault(): FileFault | undefined {
    return this.#fault
  }

  /** Reads the file again if it changed, appeared or vanished; true when it did. */
  refresh(): boolean {
    return this.#stamp() === this.#version ? false : this.#read()
  }

  #stamp(): string | undefined {
    try {
      const { mtimeMs, size, ino } = statSync(this.path)
      return `${mtimeMs} ${size} ${ino}`
    } catch (error) {
      return systemCode(error) === 'ENOENT' ? undefined : 'unreadable'
    }
  }

  /** True: whatever came of it, something is different now. */
  #read(): true {
    // Stamped first: a change made while reading is then seen next time.
    this.#version = this.#stamp()
    this.#fault = undefined
    if (this.#version === undefined) {
      this.#text = undefined
      return true
    }
    try {
      const bytes = readFileSync(this.path)
      if (bytes.length <= MAX_BYTES) this.#text = bytes.toString('utf8')
      else
        this.#fault = this.#faultOf(
          `the file is longer than ${MAX_BYTES} bytes; what it said before stays in force`,
        )
    } catch (error) {
      this.#fault = this.#faultOf(`cannot be read (${reasonOf(error)}); what it said before stays in force`)
    }
    return true
  }

  #faultOf(message: string): FileFault {
    return { path: this.path, line: 0, message }
  }
}
