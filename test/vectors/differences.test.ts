/** The differences that tests allow for are those that are documented, and each still is one of a vector file. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DIFFERENCES } from './differences.ts'
import { loadVectors } from './load.ts'

const DOCUMENT = new URL('../../../docs/differences.md', import.meta.url)

test('docs/differences.md lists what the tests allow for, with a reason each', () => {
  const sections = readFileSync(DOCUMENT, 'utf8').split(/^### /m).slice(1)
  const documented = sections.map((section) => {
    const [heading = '', ...rest] = section.split('\n')
    const reason = rest.join('\n').split(/^## /m)[0]!.trim()
    assert.ok(reason.length > 80, `${heading} wants a reason`)
    return heading.replaceAll('`', '')
  })
  assert.deepEqual(documented.toSorted(), Object.keys(DIFFERENCES).toSorted())
})

interface Named {
  readonly name?: string
  readonly step?: string
}

const skip = process.env['VECTORS'] === undefined ? false : 'only the set of this repository has these cases'

test('every case that is said to differ is there', { skip }, () => {
  for (const { file, group, cases } of Object.values(DIFFERENCES).flat()) {
    const [groupName = ''] = group.split(':')
    const names = loadVectors(file)
      .group<Named>(groupName)
      .map(({ name, step }) => name ?? step)
    for (const one of cases) assert.ok(names.includes(one), `${file} ${group}: ${one}`)
  }
})
