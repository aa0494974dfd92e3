/** Several files into one, and defaults into what none of them gives. */
import { NOTHING_GIVEN, type Given } from './read.ts'
import type { AnyEntry, AnySection, Settings } from './schema.ts'

/**
 * `above` wins key by key. A transport kind and the list of peers are taken whole from the file with the higher
 * priority that gives any, as the reference does: half of one radio and half of another is nobody's wish.
 */
export function merge(below: Given, above: Given): Given {
  const sections = new Map(below.sections)
  for (const [property, section] of above.sections) {
    sections.set(property, merge(below.sections.get(property) ?? NOTHING_GIVEN, section))
  }
  return {
    values: new Map([...below.values, ...above.values]),
    sections,
    instances: new Map([...below.instances, ...above.instances]),
    items: new Map([...below.items, ...[...above.items].filter(([, list]) => list.length > 0)]),
  }
}

/** Every key of the section, given or default. */
export function complete(schema: AnySection, given: Given = NOTHING_GIVEN): Settings {
  return Object.fromEntries(
    Object.entries(schema.keys).map(([property, entry]) => [property, valueOf(entry, property, given)]),
  )
}

function valueOf(entry: AnyEntry, property: string, given: Given): unknown {
  if (entry.type === 'key') return given.values.get(property) ?? entry.default
  if (entry.type === 'section') return complete(entry, given.sections.get(property))
  if (entry.type === 'items') {
    return (given.items.get(property) ?? []).map((item) => complete(entry.of, item))
  }
  return (given.instances.get(property) ?? []).map(({ name, path, settings }) => ({
    ...(name === undefined ? {} : { name }),
    path,
    settings: complete(entry.of, settings),
  }))
}
