/** From files to a checked configuration. */
import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperatorError, reasonOf, systemCode } from '../errors.ts'
import { MAX_FILE_BYTES, parseText } from './document.ts'
import { complete, merge } from './merge.ts'
import { ConfigError, type Place, type Problem } from './problem.ts'
import { NOTHING_GIVEN, readTree, type Given } from './read.ts'
import { rootSection, type Config } from './root-section.ts'
import type { AnySection } from './schema.ts'
import { existingFiles } from './search-path.ts'
import { validate } from './validate.ts'

export interface LoadedConfig {
  readonly config: Config
  /** The files it came from, lowest priority first; empty when every value is a default. */
  readonly files: readonly string[]
  /** Where the key files live: beside the file with the highest priority. Undefined without any file. */
  readonly directory: string | undefined
  /** Warnings and remarks; errors are thrown. */
  readonly notes: readonly Problem[]
}

/** One file to load: its name for messages, and its text. */
export interface ConfigText {
  readonly file: string
  readonly text: string
}

/** Untyped view of the tables, for the walkers. */
export const schema: AnySection = rootSection

/**
 * Loads `file` alone, or merges what the search path holds. Throws ConfigError with everything that is wrong, or an
 * OperatorError when a file cannot be read.
 */
export function loadConfig(file?: string): LoadedConfig {
  const files = file === undefined ? existingFiles() : [file]
  return interpret(files.map((path) => ({ file: path, text: readText(path) })))
}

/** The same on texts already read. */
export function interpret(texts: readonly ConfigText[]): LoadedConfig {
  const problems: Problem[] = []
  const places = new Map<string, Place>()
  let given = NOTHING_GIVEN
  for (const { file, text } of texts) {
    const parsed = parseText(file, text)
    if (!('document' in parsed)) {
      problems.push(...parsed)
      continue
    }
    const read = readTree(parsed, schema)
    problems.push(...read.problems)
    for (const [path, line] of read.lines) places.set(path, { file, line })
    if (read.unused.length > 0) problems.push(unusedNote(file, read.unused))
    given = merge(given, foldOlderNames(read.given))
  }
  const fallback = texts.at(-1)?.file ?? 'the configuration'
  // A table entry and its property agree in type by construction (`Entry<T>`); the walkers only lost sight of it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const config = complete(schema, given) as unknown as Config
  // A value that was refused has its default here, and what follows from that would only confuse.
  if (!problems.some(isError)) problems.push(...validate(config, (path) => placeOf(places, path, fallback)))
  if (problems.some(isError)) throw new ConfigError(problems)

  const last = texts.at(-1)
  return {
    config,
    files: texts.map(({ file }) => file),
    directory: last === undefined ? undefined : dirname(last.file),
    notes: problems,
  }
}

function isError({ severity }: Problem): boolean {
  return severity === 'error'
}

function readText(file: string): string {
  try {
    const { size } = statSync(file)
    if (size > MAX_FILE_BYTES) {
      throw new OperatorError(
        'config',
        `${file} has ${size} bytes; that is no configuration file (at most ${MAX_FILE_BYTES}).`,
      )
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    if (error instanceof OperatorError) throw error
    switch (systemCode(error)) {
      case 'ENOENT':
        throw new OperatorError('config', `${file} does not exist; name an existing file with -c FILE.`)
      case 'EACCES':
      case 'EPERM':
        throw new OperatorError(
          'permission',
          `${file} may not be read by this user; run as root or change its mode.`,
        )
      case 'EISDIR':
        throw new OperatorError('config', `${file} is a directory; name the file in it.`)
      case 'ERR_ENCODING_INVALID_ENCODED_DATA':
        throw new OperatorError('config', `${file} is not text in UTF-8; save it as UTF-8.`)
      default:
        throw new OperatorError('config', `${file} cannot be read: ${reasonOf(error)}.`)
    }
  }
}

/** `node.discovery` held what `node.lookup` and `node.rendezvous` hold now; the new names win. */
function foldOlderNames(given: Given): Given {
  const node = given.sections.get('node')
  const older = node?.sections.get('discovery')
  if (node === undefined || older === undefined) return given
  const folded: Given = {
    ...NOTHING_GIVEN,
    sections: new Map([
      ['lookup', { ...NOTHING_GIVEN, values: older.values }],
      ['rendezvous', { ...NOTHING_GIVEN, sections: older.sections }],
    ]),
  }
  return { ...given, sections: new Map([...given.sections, ['node', merge(folded, node)]]) }
}

function unusedNote(file: string, unused: readonly string[]): Problem {
  return {
    severity: 'info',
    place: { file },
    key: '',
    message: `accepted for the sake of other FIPS nodes, without effect here: ${unused.join(', ')}`,
  }
}

/** The line of the key, or of the nearest section above it that was given. */
function placeOf(places: ReadonlyMap<string, Place>, path: string, file: string): Place {
  for (let at = path; at !== ''; at = at.replace(/\.?[^.]*$/, '')) {
    const place = places.get(at)
    if (place !== undefined) return place
  }
  return { file }
}
