/**
 * A gate that cannot fail protects nothing. Each test plants one violation in a copy of the project and sees the gate
 * that should catch it report that violation, and the untouched copy pass.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { appendFile, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const COPIED = [
  'core',
  'firmware-proto',
  'boards',
  'transports',
  'gateway',
  'test',
  'examples',
  'docs',
  'dist',
]
const COPIED_FILES = [
  'package.json',
  'tsconfig.json',
  'tsconfig.base.json',
  '.oxlintrc.json',
  '.prettierrc.json',

  'knip.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
]

interface Outcome {
  readonly code: number
  readonly output: string
}

describe('every gate sees the violation planted for it', { concurrency: false }, () => {
  let copy = ''
  before(async () => {
    copy = await mkdtemp(join(tmpdir(), 'fips-canary-'))
    for (const name of [...COPIED, ...COPIED_FILES]) {
      await cp(join(ROOT, name), join(copy, name), {
        recursive: true,
        filter: (path) => !path.includes('/target'),
      })
    }
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  })
  after(() => rm(copy, { recursive: true, force: true }))

  const run = (program: string, args: readonly string[]): Promise<Outcome> =>
    new Promise((resolve) => {
      const env = { ...process.env, NODE_TEST_CONTEXT: undefined, FORBID_SKIPS: undefined }
      execFile(program, args, { cwd: copy, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
        resolve({ code, output: stdout + stderr })
      })
    })
  const bin = (name: string) => join(ROOT, 'node_modules', '.bin', name)

  /** Applies `change` to one file of the copy, runs the gate, restores the file, and returns what the gate said. */
  const planted = async (
    file: string,
    change: (text: string) => string,
    gate: () => Promise<Outcome>,
  ): Promise<Outcome> => {
    const path = join(copy, file)
    const original = await readFile(path, 'utf8').catch(() => undefined)
    await writeFile(path, change(original ?? ''))
    const outcome = await gate()
    if (original === undefined) await rm(path)
    else await writeFile(path, original)
    return outcome
  }

  const compile = (project: string) => () => run(bin('tsc'), ['-b', project])
  const lint = (...paths: string[]) => run(bin('oxlint'), ['--type-aware', '--deny-warnings', ...paths])
  const fails = (outcome: Outcome, saying: RegExp) => {
    assert.notEqual(outcome.code, 0, `the gate passed:\n${outcome.output}`)
    assert.match(outcome.output, saying)
  }

  test('the untouched copy compiles, and a clean file passes the linter', async () => {
    const built = await compile('core')()
    assert.equal(built.code, 0, built.output)
    const clean = () => 'export const planted: number = 1\n'
    const linted = await planted('core/planted.ts', clean, () => lint('core/planted.ts'))
    assert.equal(linted.code, 0, linted.output)
    assert.match(linted.output, /on 1 file\b/)
  })

  test('without a path the linter reads the whole project', async () => {
    const outcome = await planted('core/planted.ts', () => 'export const planted: any = 1\n', lint)
    fails(outcome, /on \d{3,} files/)
  })

  const PURE: readonly (readonly [string, string, RegExp])[] = [
    ['a Node module', "import 'node:dgram'\n", /node:dgram/],
    ['Buffer', 'export const planted: unknown = Buffer\n', /Buffer/],
    ['a timer', 'export const planted: unknown = setTimeout\n', /setTimeout/],
    ['process', 'export const planted: unknown = process\n', /process/],
    ['a text codec', 'export const planted: unknown = new TextEncoder()\n', /TextEncoder/],
    ['a folder to its right', "export * from '../transports/index.ts'\n", /transports/],
  ]
  for (const [what, code, saying] of PURE) {
    test(`the compiler refuses ${what} in core`, async () => {
      fails(await planted('core/planted.ts', () => code, compile('core')), saying)
    })
  }

  test('the compiler refuses boards that import transports', async () => {
    const outcome = await planted(
      'boards/planted.ts',
      () => "export * from '../transports/index.ts'\n",
      compile('boards'),
    )
    fails(outcome, /transports/)
  })

  const LINTED: readonly (readonly [string, string, string, RegExp])[] = [
    [
      'a wall clock in core',
      'core/planted.ts',
      'export const planted: number = Date.now()\n',
      /Time is passed in/,
    ],
    [
      'unseeded randomness in core',
      'core/planted.ts',
      'export const planted: number = Math.random()\n',
      /Randomness is passed in/,
    ],
    [
      'a file over 400 lines',
      'core/planted.ts',
      'export const planted = 1\n'.repeat(1) + '// line\nvoid 0\n'.repeat(300),
      /max-lines/,
    ],
    [
      'a forgotten promise',
      'gateway/planted.ts',
      'const work = async (): Promise<void> => {}\nwork()\n',
      /no-floating-promises/,
    ],
    ['an any', 'core/planted.ts', 'export const planted: any = 1\n', /no-explicit-any/],
    ['console output in the daemon', 'gateway/planted.ts', 'console.log(1)\n', /no-console/],
  ]
  for (const [what, file, code, saying] of LINTED) {
    test(`the linter refuses ${what}`, async () => {
      fails(
        await planted(
          file,
          () => code,
          () => lint(file),
        ),
        saying,
      )
    })
  }

  test('the linter refuses an import cycle', async () => {
    await writeFile(join(copy, 'core/planted-a.ts'), "export * from './planted-b.ts'\n")
    const outcome = await planted(
      'core/planted-b.ts',
      () => "export * from './planted-a.ts'\n",
      () => lint('core/planted-a.ts', 'core/planted-b.ts'),
    )
    await rm(join(copy, 'core/planted-a.ts'))
    fails(outcome, /no-cycle/)
  })

  test('the formatter check refuses crooked code', async () => {
    fails(
      await planted(
        'core/planted.ts',
        () => 'export const   planted = 1;;\n',
        () => run(bin('prettier'), ['--check', 'core/planted.ts']),
      ),
      /planted/,
    )
  })

  test('the dead-code check refuses a file nobody imports', async () => {
    fails(
      await planted(
        'core/planted.ts',
        () => 'export const planted = 1\n',
        () => run(bin('knip'), []),
      ),
      /planted/,
    )
  })

  test('the dead-code check refuses a dependency nobody uses', async () => {
    const change = (text: string) =>
      text.replace('"dependencies": {', '"dependencies": {\n    "left-pad": "1.3.0",')
    fails(await planted('package.json', change, () => run(bin('knip'), [])), /left-pad/)
  })

  test('the package check refuses an export that points nowhere', async () => {
    const change = (text: string) => text.replaceAll('./dist/core/index.js', './dist/core/missing.js')
    fails(await planted('package.json', change, () => run(bin('publint'), ['--strict'])), /missing\.js/)
  })

  test('the test runner fails on a failing test, on a forbidden skip and on no test at all', async () => {
    const scratch = join(copy, 'dist', 'test', 'planted.test.js')
    const runner = (...args: string[]) =>
      run(process.execPath, [join(copy, 'test', 'run.mjs'), 'planted', ...args])
    const nothing = await runner()
    assert.equal(nothing.code, 1)
    // A compiled test counts only while its source is there.
    await writeFile(join(copy, 'test', 'planted.test.ts'), '')
    await writeFile(
      scratch,
      "import { test } from 'node:test'\ntest('a', () => {})\ntest('b', { skip: 'a reason' }, () => {})\n",
    )
    const skipping = await runner()
    assert.equal(skipping.code, 0, skipping.output)
    assert.match(skipping.output, /skipped: planted\.test\.js: b: a reason\n1 passed, 0 failed, 1 skipped\n$/)
    fails(await runner('--forbid-skips'), /Skips are forbidden/)
    await appendFile(scratch, "test('c', () => { throw new Error('no') })\n")
    fails(await runner(), /1 passed, 1 failed, 1 skipped\n$/)
  })
})
