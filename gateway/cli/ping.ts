/** `fips-radio ping`: echoes through the node, one after another. */
import { setTimeout as sleep } from 'node:timers/promises'
import { askDaemon, type ReplyData } from '../control/index.ts'
import { EXIT_CODES } from '../errors.ts'
import { millis, numberOf, textOf } from './format.ts'
import type { CommandIo } from './io.ts'

/** For the daemon to answer once the wait for a reply is over. */
const DAEMON_SLACK_MS = 5000

export interface PingOptions {
  readonly count: number
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly size: number
  readonly json: boolean
}

/** Exit code: 0 when at least one reply came. */
export async function ping(
  io: CommandIo,
  socket: string,
  npub: string,
  options: PingOptions,
): Promise<number> {
  const results: ReplyData[] = []
  for (let sequence = 1; sequence <= options.count; sequence++) {
    if (sequence > 1) await sleep(options.intervalMs)
    const request = { npub, sequence, size: options.size, timeout_ms: options.timeoutMs }
    const result = await askDaemon(socket, 'ping', request, options.timeoutMs + DAEMON_SLACK_MS)
    results.push(result)
    if (!options.json) io.out(`${line(result, sequence)}\n`)
  }
  const rtts = results.flatMap((result) => numberOf(result, 'rtt_ms') ?? [])
  if (options.json)
    io.out(`${JSON.stringify({ npub, sent: results.length, received: rtts.length, results })}\n`)
  else io.out(`\n${summary(results.length, rtts)}\n`)
  return rtts.length > 0 ? 0 : EXIT_CODES.failed
}

function line(result: ReplyData, sequence: number): string {
  switch (result['result']) {
    case 'reply':
      return `${textOf(result, 'bytes')} bytes from ${textOf(result, 'node_addr')}: seq ${sequence}, ${millis(numberOf(result, 'rtt_ms'))}`
    case 'undeliverable':
      return `seq ${sequence}: not sent, ${textOf(result, 'reason')}`
    default:
      return `seq ${sequence}: no reply within ${millis(numberOf(result, 'timeout_ms'))}`
  }
}

function summary(sent: number, rtts: readonly number[]): string {
  const head = `${sent} sent, ${rtts.length} received`
  if (rtts.length === 0) return head
  const mean = rtts.reduce((total, rtt) => total + rtt, 0) / rtts.length
  return `${head}; round trip ${millis(Math.min(...rtts))} / ${millis(mean)} / ${millis(Math.max(...rtts))} (least, mean, most)`
}
