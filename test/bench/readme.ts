/** Puts a benchmark's table into a Markdown file, between the comments that mark its place. */
import { readFileSync, writeFileSync } from 'node:fs'
import { type Report, toMarkdown } from './report.ts'

/** `text` with the table in its place; undefined when the text has no such place. */
export function withTable(text: string, report: Report): string | undefined {
  const [begin, end] = [`<!-- bench:${report.bench} -->`, `<!-- /bench:${report.bench} -->`]
  const from = text.indexOf(begin)
  const to = text.indexOf(end, from)
  if (from < 0 || to < 0) return undefined
  return `${text.slice(0, from + begin.length)}\n\n${toMarkdown(report)}\n\n${text.slice(to)}`
}

/** False when the file has no place for the table. */
export function rewrite(path: string, report: Report): boolean {
  const text = withTable(readFileSync(path, 'utf8'), report)
  if (text === undefined) return false
  writeFileSync(path, text)
  return true
}
