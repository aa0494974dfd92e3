/** The documentation holds what the program does: tables of keys and exit codes are compared, not trusted. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { EXIT_CODE_TABLE } from '../../../gateway/cli/exit-codes.ts'
import { configurationTables, schema } from '../../../gateway/config/index.ts'

const DOCS = new URL('../../../../docs/', import.meta.url)

/** Everything after the marker must be `text`, however its columns are padded. UPDATE_SNAPSHOTS=1 writes it. */
function agrees(file: string, marker: string, text: string): void {
  const url = new URL(file, DOCS)
  const head = (page: string): string => page.slice(0, page.indexOf(marker) + marker.length)
  const page = readFileSync(url, 'utf8')
  assert.ok(page.includes(marker), `${file} has its marker`)
  if (process.env['UPDATE_SNAPSHOTS'] === '1') writeFileSync(url, `${head(page)}\n\n${text}`)
  const found = readFileSync(url, 'utf8')
  assert.equal(unpadded(found.slice(head(found).length)), unpadded(text))
}

function unpadded(text: string): string {
  return text.trim().replace(/-{3,}/g, '---').replace(/ +/g, ' ')
}

test('docs/configuration.md names every key with its range and default', () => {
  agrees('configuration.md', '<!-- tables -->', configurationTables(schema))
})

test('docs/cli.md names every exit code', () => {
  const rows = EXIT_CODE_TABLE.map(([code, meaning]) => `| ${code} | ${meaning} |\n`)
  agrees('cli.md', '## Exit codes', `| code | meaning |\n| --- | --- |\n${rows.join('')}`)
})
