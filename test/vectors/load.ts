/**
 * Reads the known-answer vectors: from `test/vectors/data`, or from the directory named by the environment variable
 * VECTORS (another set of the same form). A test iterates over what a file holds and never assumes how much it is.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { unhex } from '../../core/index.ts'

/** Compiled tests run from dist/test/vectors. */
const REPOSITORY: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const DEFAULT_DIRECTORY = join(REPOSITORY, 'test', 'vectors', 'data')
/** Files that may be read where they lie but not be part of this repository. */
const SHARED_DIRECTORY = join(REPOSITORY, '..', 'shared', 'vectors')

/** What every file starts with; all other keys are groups or inputs shared by groups. */
const PREAMBLE: readonly string[] = [
  '$comment',
  'made_by',
  'reference_commit',
  'wire_version',
  'conventions',
  'notes',
]

/** One file of vectors. */
export interface VectorFile {
  readonly file: string
  /** The group called `name`; throws when it is absent or empty. The caller says its form. */
  group<T>(name: string): readonly T[]
  /** A single value beside the groups; throws when it is absent. */
  value<T>(name: string): T
  /** All group and value names of the file. */
  readonly names: readonly string[]
}

/** Reads `file` (for instance `stp.json`); throws when it is missing or no JSON object. */
export function loadVectors(file: string): VectorFile {
  const directory = process.env['VECTORS'] ?? DEFAULT_DIRECTORY
  return parse(file, readFileSync(join(directory, file), 'utf8'))
}

/** The raw content of a file that is not in this repository, or undefined where it cannot be read. */
export function loadExternal(file: string): Record<string, unknown> | undefined {
  const directories = [process.env['VECTORS'], SHARED_DIRECTORY].filter((dir) => dir !== undefined)
  for (const directory of directories) {
    const path = join(directory, file)
    if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  }
  return undefined
}

function parse(file: string, text: string): VectorFile {
  const content = JSON.parse(text) as Record<string, unknown>
  return {
    file,
    names: Object.keys(content).filter((name) => !PREAMBLE.includes(name)),
    group<T>(name: string): readonly T[] {
      const group = content[name]
      assert.ok(Array.isArray(group) && group.length > 0, `${file}: group ${name} is absent or empty`)
      return group as readonly T[]
    },
    value<T>(name: string): T {
      assert.ok(name in content, `${file}: ${name} is absent`)
      return content[name] as T
    },
  }
}

/** Registers a test that fails when the file holds a group or value not listed: nothing may go unread. */
export function testNamesAreKnown(vectors: VectorFile, known: readonly string[]): void {
  test(`${vectors.file}: every group is known`, () => {
    assert.deepEqual(
      vectors.names.filter((name) => !known.includes(name)),
      [],
    )
  })
}

/** Registers one test for a group: `check` runs on each vector, and the report names the vectors that failed. */
export function testGroup<T extends object>(
  vectors: VectorFile,
  name: string,
  check: (vector: T) => void,
): void {
  test(`${vectors.file}: ${name}`, () => {
    checkEach(vectors.group<T>(name), check)
  })
}

/** How many failing vectors a report spells out. */
const REPORTED_FAILURES = 5

/** Runs `check` on every vector and throws one error that names those which failed. */
export function checkEach<T extends object>(vectors: readonly T[], check: (vector: T) => void): void {
  const failures: string[] = []
  for (const [index, vector] of vectors.entries()) {
    try {
      check(vector)
    } catch (error) {
      failures.push(`${labelOf(vector, index)}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (failures.length === 0) return
  const shown = failures.slice(0, REPORTED_FAILURES).join('\n')
  assert.fail(`${failures.length} of ${vectors.length} vectors failed\n${shown}`)
}

function labelOf(vector: object, index: number): string {
  for (const key of ['name', 'step', 'event'] as const) {
    const label = (vector as Record<string, unknown>)[key]
    if (typeof label === 'string') return `#${index} ${label}`
  }
  return `#${index}`
}

/** The bytes of a hex field; throws when it is none. */
export function bytesOf(text: string): Uint8Array {
  const bytes = unhex(text)
  assert.ok(bytes !== undefined, `not hex: ${text.slice(0, 40)}`)
  return bytes
}

/** Floats of the vectors are compared with this relative tolerance. */
const FLOAT_TOLERANCE = 1e-9

/** Asserts that two floats agree as far as the vectors state them. */
export function assertClose(actual: number, expected: number, what: string): void {
  const scale = Math.max(Math.abs(actual), Math.abs(expected), Number.MIN_VALUE)
  assert.ok(
    actual === expected || Math.abs(actual - expected) / scale <= FLOAT_TOLERANCE,
    `${what}: expected ${expected}, got ${actual}`,
  )
}
