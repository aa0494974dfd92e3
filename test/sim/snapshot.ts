/** The tables as they were when somebody last looked at them, to read and to compare with. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toText, type Report } from '../bench/report.ts'
import { ROOT } from '../support/process.ts'

export type Form = 'ci' | 'long'

export function snapshot(form: Form): string {
  return readFileSync(pathOf(form), 'utf8')
}

export function renew(form: Form, report: Report): void {
  writeFileSync(pathOf(form), `${toText(report)}\n`)
}

function pathOf(form: Form): string {
  return join(ROOT, 'test', 'sim', `${form}.txt`)
}
