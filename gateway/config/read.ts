/**
 * Walks a YAML tree along the tables. What the file gives is kept as given, so that several files can be merged before
 * the defaults come in; what it should not hold is reported with file, line, key, what was found and what is allowed.
 */
import { isAlias, isMap, isNode, isPair, isScalar, isSeq } from 'yaml'
import type { ParsedFile } from './document.ts'
import { nearest } from './nearest.ts'
import type { Problem } from './problem.ts'
import {
  fileName,
  type AnyInstances,
  type AnyItems,
  type AnySection,
  type Key,
  type RawValue,
} from './schema.ts'

/** A section as one file gives it, by property. What is absent was not given. */
export interface Given {
  readonly values: ReadonlyMap<string, unknown>
  readonly sections: ReadonlyMap<string, Given>
  readonly instances: ReadonlyMap<string, readonly GivenInstance[]>
  readonly items: ReadonlyMap<string, readonly Given[]>
}

export const NOTHING_GIVEN: Given = {
  values: new Map(),
  sections: new Map(),
  instances: new Map(),
  items: new Map(),
}

/** An instance of a transport kind as given. */
export interface GivenInstance {
  readonly name?: string
  readonly path: string
  readonly settings: Given
}

export interface ReadFile {
  readonly given: Given
  readonly problems: readonly Problem[]
  /** Line of every key that was given, by dotted path. */
  readonly lines: ReadonlyMap<string, number>
  /** Dotted paths of given keys that do nothing here. */
  readonly unused: readonly string[]
}

/** Longest piece of a value that is quoted back. */
const QUOTE_LENGTH = 60

export function readTree(file: ParsedFile, schema: AnySection): ReadFile {
  const reader = new Reader(file)
  const given = reader.section(file.document.contents, schema, '')
  return { given, problems: reader.problems, lines: reader.lines, unused: reader.unused }
}

class Reader {
  readonly problems: Problem[] = []
  readonly lines = new Map<string, number>()
  readonly unused: string[] = []
  readonly #file: ParsedFile

  constructor(file: ParsedFile) {
    this.#file = file
  }

  section(node: unknown, schema: AnySection, path: string, inUse = true): Given {
    const map = this.#resolve(node)
    if (isEmpty(map)) {
      if (inUse && !schema.applied) this.unused.push(path)
      return NOTHING_GIVEN
    }
    if (!isMap(map)) {
      this.#report('error', map, path, `${naming(path)} is ${this.#found(map)}; allowed: a section of keys`)
      return NOTHING_GIVEN
    }
    if (inUse && !schema.applied) this.unused.push(path)
    const known = new Map(Object.keys(schema.keys).map((property) => [fileName(property), property]))
    const given = {
      values: new Map<string, unknown>(),
      sections: new Map<string, Given>(),
      instances: new Map<string, readonly GivenInstance[]>(),
      items: new Map<string, readonly Given[]>(),
    }
    for (const pair of map.items) {
      const name = nameOf(pair)
      const property = known.get(name)
      const keyPath = join(path, name)
      this.#remember(keyPath, pair.key)
      const entry = property === undefined ? undefined : schema.keys[property]
      if (property === undefined || entry === undefined) {
        this.#unknown(pair.key, keyPath, name, [...known.keys()])
        continue
      }
      switch (entry.type) {
        case 'key': {
          const value = this.#value(pair.value, entry, keyPath, inUse && schema.applied)
          if (value !== undefined) given.values.set(property, value)
          break
        }
        case 'section':
          given.sections.set(property, this.section(pair.value, entry, keyPath, inUse && schema.applied))
          break
        case 'instances':
          given.instances.set(property, this.#instances(pair.value, entry, keyPath))
          break
        case 'items':
          given.items.set(property, this.#items(pair.value, entry, keyPath))
          break
      }
    }
    return given
  }

  #value(node: unknown, key: Key<unknown>, path: string, inUse: boolean): unknown {
    const raw = this.#raw(node)
    if (raw.value === null) return undefined
    const value = key.read(raw)
    if (value === undefined) {
      const found = key.secret ? 'not that (the value is not shown)' : quote(raw)
      this.#report('error', node, path, `${path} is ${found}; allowed: ${key.allowed}`)
    } else if (inUse && !key.applied) {
      this.unused.push(path)
    }
    return value
  }

  /** One instance when any key of the kind, or a plain value, stands directly below it; named instances otherwise. */
  #instances(node: unknown, entry: AnyInstances, path: string): readonly GivenInstance[] {
    const map = this.#resolve(node)
    const names = new Set(Object.keys(entry.of.keys).map(fileName))
    const named =
      isMap(map) &&
      map.items.length > 0 &&
      map.items.every((pair) => !names.has(nameOf(pair)) && isMap(this.#resolve(pair.value)))
    if (!named) return [{ path, settings: this.section(node, entry.of, path) }]
    return map.items.map((pair) => {
      const name = nameOf(pair)
      const instancePath = join(path, name)
      this.#remember(instancePath, pair.key)
      return { name, path: instancePath, settings: this.section(pair.value, entry.of, instancePath) }
    })
  }

  #items(node: unknown, entry: AnyItems, path: string): readonly Given[] {
    const list = this.#resolve(node)
    if (isEmpty(list)) return []
    if (!isSeq(list)) {
      this.#report(
        'error',
        list,
        path,
        `${path} is ${this.#found(list)}; allowed: a list, each entry starting with "- "`,
      )
      return []
    }
    return list.items.map((item, index) => {
      const itemPath = `${path}[${index}]`
      this.#remember(itemPath, item)
      return this.section(item, entry.of, itemPath)
    })
  }

  #raw(node: unknown): RawValue {
    const resolved = this.#resolve(node)
    if (isSeq(resolved)) return { value: resolved.items.map((item) => this.#raw(item)), source: '' }
    if (isScalar(resolved)) {
      return { value: resolved.value, source: resolved.source ?? String(resolved.value) }
    }
    return isEmpty(resolved) ? { value: null, source: '' } : { value: resolved, source: 'a section' }
  }

  #found(node: unknown): string {
    if (isSeq(node)) return 'a list'
    return isMap(node) ? 'a section' : quote(this.#raw(node))
  }

  #unknown(node: unknown, path: string, name: string, known: readonly string[]): void {
    const suggestion = nearest(name, known)
    const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
    this.#report('warning', node, path, `unknown key ${path} is ignored${hint}`)
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#file.document) : node
  }

  #remember(path: string, node: unknown): void {
    const line = this.#lineOf(node)
    if (line !== undefined) this.lines.set(path, line)
  }

  #lineOf(node: unknown): number | undefined {
    return isNode(node) && node.range ? this.#file.lineOf(node.range[0]) : undefined
  }

  #report(severity: Problem['severity'], node: unknown, key: string, message: string): void {
    const line = this.#lineOf(node) ?? this.lines.get(key)
    this.problems.push({
      severity,
      place: { file: this.#file.file, ...(line === undefined ? {} : { line }) },
      key,
      message,
    })
  }
}

function nameOf(pair: unknown): string {
  if (!isPair(pair)) return ''
  return isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : String(pair.key)
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null)
}

function quote(raw: RawValue): string {
  if (Array.isArray(raw.value)) return 'a list'
  if (typeof raw.value === 'object' && raw.value !== null) return 'a section'
  const text = raw.source.length > QUOTE_LENGTH ? `${raw.source.slice(0, QUOTE_LENGTH)}...` : raw.source
  return typeof raw.value === 'string' ? `"${text}"` : text
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function naming(path: string): string {
  return path === '' ? 'the file' : path
}
