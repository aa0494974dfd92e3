/** Constructors of table entries, one for each form of value. */
import type { Key, RawValue, Section } from './schema.ts'

interface Common<T> {
  readonly default: T
  readonly defaultText?: string
  readonly unit?: string
  readonly doc: string
  /** False for keys of the reference that change nothing here. Default true. */
  readonly applied?: boolean
  readonly secret?: boolean
}

interface Range {
  readonly min?: number
  readonly max?: number
}

interface TextCheck {
  readonly allowed?: string
  readonly test?: (text: string) => boolean
}

function key<T>(common: Common<T>, allowed: string, read: (raw: RawValue) => T | undefined): Key<T> {
  return {
    type: 'key',
    allowed,
    ...(common.unit === undefined ? {} : { unit: common.unit }),
    ...(common.defaultText === undefined ? {} : { defaultText: common.defaultText }),
    default: common.default,
    doc: common.doc,
    applied: common.applied ?? true,
    secret: common.secret ?? false,
    read,
  }
}

export function bool(common: Common<boolean>): Key<boolean> {
  return key(common, 'true or false', ({ value }) => (typeof value === 'boolean' ? value : undefined))
}

/** A whole number in `min..max`, both included. */
export function int(common: Common<number> & Range): Key<number>
export function int(common: Common<undefined> & Range): Key<number | undefined>
export function int(common: Common<number | undefined> & Range): Key<number | undefined> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = common
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  return key(common, `a whole number ${range}${unitOf(common)}`, ({ value }) =>
    isWhole(value) && value >= min && value <= max ? value : undefined,
  )
}

/** A number in `min..max`; `above` excludes `min` itself. */
export function num(common: Common<number> & Range & { readonly above?: boolean }): Key<number>
export function num(common: Common<undefined> & Range & { readonly above?: boolean }): Key<number | undefined>
export function num(
  common: Common<number | undefined> & Range & { readonly above?: boolean },
): Key<number | undefined> {
  const { min = 0, max = Number.POSITIVE_INFINITY, above = false } = common
  const low = above ? `above ${min}` : `of at least ${min}`
  const range = max === Number.POSITIVE_INFINITY ? low : `${low} and at most ${max}`
  return key(common, `a number ${range}${unitOf(common)}`, ({ value }) =>
    typeof value === 'number' && (above ? value > min : value >= min) && value <= max ? value : undefined,
  )
}

export function text(common: Common<string> & TextCheck): Key<string>
export function text(common: Common<undefined> & TextCheck): Key<string | undefined>
export function text(common: Common<string | undefined> & TextCheck): Key<string | undefined> {
  return key(common, common.allowed ?? 'a text', (raw) => {
    const written = textOf(raw)
    if (written === undefined || written === '') return undefined
    return (common.test?.(written) ?? true) ? written : undefined
  })
}

/** One of a few words, in any letter case; the value is the word as listed. */
export function oneOf<T extends string>(words: readonly T[], common: Common<T>): Key<T> {
  return key(common, words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`, (raw) => {
    const written = textOf(raw)?.toLowerCase()
    return words.find((word) => word.toLowerCase() === written)
  })
}

/** One of a few numbers. */
export function choice(numbers: readonly number[], common: Common<number>): Key<number>
export function choice(numbers: readonly number[], common: Common<undefined>): Key<number | undefined>
export function choice(
  numbers: readonly number[],
  common: Common<number | undefined>,
): Key<number | undefined> {
  return key(common, `one of ${numbers.join(', ')}${unitOf(common)}`, ({ value }) =>
    numbers.find((number) => number === value),
  )
}

export function texts(common: Common<readonly string[]>): Key<readonly string[]> {
  return key(common, 'a list of texts', ({ value }) => listOf(value, textOf))
}

export function ints(common: Common<readonly number[]> & Range): Key<readonly number[]> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = common
  return key(common, `a list of whole numbers of at least ${min}${unitOf(common)}`, ({ value }) =>
    listOf(value, (raw) =>
      isWhole(raw.value) && raw.value >= min && raw.value <= max ? raw.value : undefined,
    ),
  )
}

/** How a key of the reference that this program reads past is checked. */
export type ReferenceForm = 'bool' | 'int' | 'num' | 'text' | 'texts'

/** A section that exists in the reference's files only. Its forms are checked, its values are not used. */
export function unused(
  doc: string,
  keys: Readonly<Record<string, ReferenceForm | Section<Readonly<Record<string, unknown>>>>>,
): Section<Readonly<Record<string, unknown>>> {
  const entries = Object.entries(keys).map(
    ([name, form]) => [name, typeof form === 'string' ? UNUSED_KEYS[form] : form] as const,
  )
  return { type: 'section', doc, applied: false, keys: Object.fromEntries(entries) }
}

const IN_FILE_ONLY = { doc: "The reference's.", applied: false }
const UNUSED_KEYS: Readonly<Record<ReferenceForm, Key<unknown>>> = {
  bool: bool({ default: false, ...IN_FILE_ONLY }),
  int: int({ default: 0, ...IN_FILE_ONLY }),
  num: num({ default: 0, ...IN_FILE_ONLY }),
  text: text({ default: undefined, ...IN_FILE_ONLY }),
  texts: texts({ default: [], ...IN_FILE_ONLY }),
}

function unitOf(common: { readonly unit?: string }): string {
  return common.unit === undefined ? '' : ` (${common.unit})`
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

/** Digits written without quotes mean the same text as with them: a key or a name may look like a number. */
function textOf({ value, source }: RawValue): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? source : undefined
}

function listOf<T>(value: unknown, read: (raw: RawValue) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined
  const list: T[] = []
  for (const raw of value as readonly RawValue[]) {
    const item = read(raw)
    if (item === undefined) return undefined
    list.push(item)
  }
  return list
}
