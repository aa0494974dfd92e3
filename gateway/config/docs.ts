/** The tables of docs/configuration.md, made from the tables the loader reads by. */
import { fileName, type AnyEntry, type AnySection, type Key } from './schema.ts'

/** Markdown for every key that has an effect here, one table a section. Sections kept for other nodes' files are listed by name. */
export function configurationTables(root: AnySection): string {
  const unused: string[] = []
  const tables = sections(root, '', unused)
  return `${tables.join('\n')}\n## Accepted without effect\n\n${unused.map((path) => `- \`${path}\``).join('\n')}\n`
}

function sections(section: AnySection, path: string, unused: string[]): readonly string[] {
  const own: string[] = []
  const below: string[] = []
  for (const [property, entry] of Object.entries(section.keys)) {
    const entryPath = path === '' ? fileName(property) : `${path}.${fileName(property)}`
    if (!isApplied(entry)) unused.push(entryPath)
    else if (entry.type === 'key') own.push(row(entryPath, entry))
    else below.push(...sections(sectionOf(entry), `${entryPath}${suffix(entry)}`, unused))
  }
  if (own.length === 0) return below
  const title = path === '' ? 'The file' : `\`${path}\``
  const head = `## ${title}\n\n${section.doc}\n\n| key | allowed | default | meaning |\n| --- | --- | --- | --- |\n`
  return [`${head}${own.join('')}`, ...below]
}

function row(path: string, key: Key<unknown>): string {
  const cells = [`\`${path.slice(path.lastIndexOf('.') + 1)}\``, key.allowed, defaultOf(key), key.doc]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
}

function defaultOf(key: Key<unknown>): string {
  if (key.defaultText !== undefined) return key.defaultText
  if (Array.isArray(key.default)) return `\`[${key.default.join(', ')}]\``
  return key.default === undefined ? 'none' : `\`${JSON.stringify(key.default).replaceAll('"', '')}\``
}

function isApplied(entry: AnyEntry): boolean {
  return entry.type === 'instances' || entry.type === 'items' ? entry.of.applied : entry.applied
}

function sectionOf(entry: Exclude<AnyEntry, Key<unknown>>): AnySection {
  return entry.type === 'section' ? entry : entry.of
}

function suffix(entry: AnyEntry): string {
  return entry.type === 'items' ? '[]' : ''
}
