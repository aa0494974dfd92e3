import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, type LogOptions } from '../../../gateway/logger/index.ts'

function logged(options: Partial<LogOptions>, use: (log: ReturnType<typeof createLogger>) => void): string {
  let text = ''
  use(
    createLogger({
      level: 'info',
      format: 'plain',
      now: () => 0,
      write: (line) => (text += line),
      ...options,
    }),
  )
  return text
}

test('a plain line has time, level, part, message and fields', () => {
  assert.equal(
    logged({}, (log) => log.named('lora').warn('radio lost', { port: '/dev/x', reason: 'it is gone' })),
    '1970-01-01T00:00:00.000Z WARN  lora: radio lost port=/dev/x reason="it is gone"\n',
  )
})

test('a JSON line is one object', () => {
  assert.deepEqual(
    JSON.parse(logged({ format: 'json' }, (log) => log.info('up', { link: 3, counter: 5n }))),
    { time: '1970-01-01T00:00:00.000Z', level: 'info', message: 'up', link: 3, counter: 5 },
  )
})

test('lines below the level are dropped', () => {
  const all = (log: ReturnType<typeof createLogger>): void => {
    log.error('e')
    log.warn('w')
    log.info('i')
    log.debug('d')
    log.trace('t')
  }
  assert.equal(logged({ level: 'error' }, all).split('\n').length - 1, 1)
  assert.equal(logged({ level: 'info' }, all).split('\n').length - 1, 3)
  assert.equal(logged({ level: 'trace' }, all).split('\n').length - 1, 5)
})

test('secrets are struck out and a text from outside cannot start a line', () => {
  const secret = `nsec1${'q'.repeat(58)}`
  for (const format of ['plain', 'json'] as const) {
    const line = logged({ format }, (log) => log.info(`a\nb ${secret}`, { key: secret }))
    assert.ok(!line.includes(secret))
    assert.equal(line.indexOf('\n'), line.length - 1)
  }
})
