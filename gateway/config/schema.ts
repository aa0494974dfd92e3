/**
 * The language the configuration's tables are written in. One table entry is everything known about a key: what may be
 * written, its unit, range and default, and the sentence for the reader. Loader, `config check` and docs derive from it.
 *
 * Properties are camelCase in the program and snake_case in the file.
 */

/** A scalar or a list as it stands in the file. */
export interface RawValue {
  readonly value: unknown
  /** The text as written; keys made of digits only stay text. */
  readonly source: string
}

export interface Key<T> {
  readonly type: 'key'
  /** Completes the sentence "allowed: ...". */
  readonly allowed: string
  readonly unit?: string
  readonly default: T
  /** Stands in the docs when the default depends on something else. */
  readonly defaultText?: string
  readonly doc: string
  /** False: part of the reference's file format that this program reads past. */
  readonly applied: boolean
  /** The value never appears in messages. */
  readonly secret: boolean
  /** The value, or undefined when it is not allowed. */
  read(raw: RawValue): T | undefined
}

/** A mapping with known keys. */
export interface Section<T> {
  readonly type: 'section'
  readonly doc: string
  readonly applied: boolean
  readonly keys: { readonly [K in keyof T]-?: Entry<T[K]> }
}

/** A transport kind: the keys of one instance, or a mapping of instance names to such keys. */
export interface Instances<T> {
  readonly type: 'instances'
  readonly of: Section<T>
}

/** A list of mappings. */
export interface Items<T> {
  readonly type: 'items'
  readonly of: Section<T>
}

/** One configured instance of a transport kind. */
export interface Instance<T> {
  /** Absent when the kind has a single, unnamed instance. */
  readonly name?: string
  /** `transports.udp` or `transports.udp.backup`. */
  readonly path: string
  readonly settings: T
}

/** What the table entry of a property of type T looks like. */
export type Entry<T> = unknown extends T
  ? AnyEntry
  : | Key<T>
    | (T extends readonly Instance<infer S>[]
        ? Instances<S>
        : T extends readonly (infer S)[]
          ? S extends object
            ? Items<S>
            : never
          : T extends object
            ? Section<T>
            : never)

/** The tables without their types, as the reader walks them. */
export type AnyEntry = Key<unknown> | AnySection | AnyInstances | AnyItems
export interface AnySection {
  readonly type: 'section'
  readonly doc: string
  readonly applied: boolean
  readonly keys: Readonly<Record<string, AnyEntry>>
}
export interface AnyInstances {
  readonly type: 'instances'
  readonly of: AnySection
}
export interface AnyItems {
  readonly type: 'items'
  readonly of: AnySection
}

/** A section's value, its types forgotten. */
export type Settings = Readonly<Record<string, unknown>>

export function section<T>(doc: string, keys: NoInfer<Section<T>['keys']>): Section<T> {
  return { type: 'section', doc, applied: true, keys }
}

export function instances<T>(of: Section<T>): Instances<T> {
  return { type: 'instances', of }
}

export function items<T>(of: Section<T>): Items<T> {
  return { type: 'items', of }
}

/** `spreadingFactor` -> `spreading_factor`. */
export function fileName(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
