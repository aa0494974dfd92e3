// Runs the compiled test files, then prints every skip with its reason and the plain closing line.
//   node test/run.mjs [--forbid-skips] [PATH PART ...]
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import os from 'node:os'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const compiled = join(root, 'dist', 'test')
const args = process.argv.slice(2)
const forbidSkips = args.includes('--forbid-skips') || process.env.FORBID_SKIPS === '1'
const parts = args.filter((arg) => !arg.startsWith('--'))
const files = readdirSync(compiled, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.js'))
  // A test that was moved or deleted leaves its compiled file behind.
  .filter((name) => existsSync(join(root, 'test', name.replace(/\.js$/, '.ts'))))
  .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)))
  .map((name) => join(compiled, name))
  .toSorted()
if (files.length === 0) {
  process.stdout.write(`No test file matches ${parts.join(' ')}\n`)
  process.exit(1)
}

let passed = 0
let failed = 0
const skips = []
const stream = run({ files, concurrency: Math.max(1, os.availableParallelism()), timeout: 600_000 })
const isSuite = (event) => event.details?.type === 'suite' || files.includes(event.name)
stream.on('test:pass', (event) => {
  if (event.skip !== undefined) skips.push(event)
  else if (!isSuite(event)) passed++
})
stream.on('test:fail', () => {
  failed++
})
stream.compose(new spec()).pipe(process.stdout)
stream.on('end', () => {
  setImmediate(() => {
    for (const skip of skips) {
      const where = skip.file ? relative(compiled, skip.file) : ''
      process.stdout.write(
        `skipped: ${where}: ${skip.name}: ${skip.skip === true ? 'no reason given' : skip.skip}\n`,
      )
    }
    if (forbidSkips && skips.length > 0) process.stdout.write('Skips are forbidden in this run.\n')
    process.stdout.write(`${passed} passed, ${failed} failed, ${skips.length} skipped\n`)
    process.exitCode = failed > 0 || passed === 0 || (forbidSkips && skips.length > 0) ? 1 : 0
  })
})
