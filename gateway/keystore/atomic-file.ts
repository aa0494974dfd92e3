/** Writing a file so that a power cut, a full disk or a second writer leaves either the old one or the new one. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { OperatorError, reasonOf, systemCode } from '../errors.ts'

export interface FileToWrite {
  readonly path: string
  readonly text: string
  /** Permission bits, as in 0o600. */
  readonly mode: number
  /** `create` refuses to touch an existing file, `replace` swaps it. */
  readonly intent: 'create' | 'replace'
}

/** What is used of the file system; tests put a full disk or a sudden death in its place. */
export interface FileCalls {
  writeSync(descriptor: number, bytes: Uint8Array): number
  renameSync(from: string, to: string): void
}

const SYSTEM: FileCalls = { writeSync, renameSync }

/** Throws an OperatorError that names the file; nothing is left behind then and an existing file is untouched. */
export function writeWhole(file: FileToWrite, calls: FileCalls = SYSTEM): void {
  const directory = dirname(file.path)
  const temporary = join(directory, `.${basename(file.path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    mkdirSync(directory, { recursive: true })
    writeSynced(temporary, file, calls)
    if (file.intent === 'create') linkSync(temporary, file.path)
    else calls.renameSync(temporary, file.path)
    syncDirectory(directory)
  } catch (error) {
    throw failure(error, file)
  } finally {
    removeIfThere(temporary)
  }
}

function writeSynced(path: string, file: FileToWrite, calls: FileCalls): void {
  const descriptor = openSync(path, 'wx', file.mode)
  try {
    let rest = new TextEncoder().encode(file.text)
    while (rest.length > 0) rest = rest.subarray(calls.writeSync(descriptor, rest))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Makes the new name itself survive a power cut. */
function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

function failure(error: unknown, file: FileToWrite): OperatorError {
  const kept = file.intent === 'replace' ? ' What was there before is unchanged.' : ''
  switch (systemCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new OperatorError(
        'storage',
        `${file.path} cannot be saved: the disk is full; free some space and try again.${kept}`,
      )
    case 'EROFS':
      return new OperatorError(
        'storage',
        `${file.path} cannot be saved: the file system is read-only; mount it writable or keep the file elsewhere.${kept}`,
      )
    case 'EACCES':
    case 'EPERM':
      return new OperatorError(
        'permission',
        `${file.path} cannot be saved: this user may not write in ${dirname(file.path)}; run as root or change its owner.${kept}`,
      )
    case 'EEXIST':
      return new OperatorError(
        'identity',
        `${file.path} exists already and is kept as it is; move it away first.`,
      )
    default:
      return new OperatorError('storage', `${file.path} cannot be saved: ${reasonOf(error)}.${kept}`)
  }
}
