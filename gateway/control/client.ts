/** Asks a running daemon one thing. */
import { createConnection } from 'node:net'
import type { Millis } from '../../core/index.ts'
import { OperatorError, reasonOf, systemCode } from '../errors.ts'
import { isRecord, type ReplyData } from './json.ts'

/** Longer than the daemon takes to give up itself. */
const CLIENT_TIMEOUT: Millis = 10_000
/** A reply lists tables of some thousand entries at most. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024

/** The `data` of the reply. Rejects with an OperatorError: no daemon, no permission, or the daemon's own error. */
export async function askDaemon(
  path: string,
  command: string,
  params?: Readonly<Record<string, unknown>>,
  timeout: Millis = CLIENT_TIMEOUT,
): Promise<ReplyData> {
  const line = await exchange(path, `${JSON.stringify({ command, ...(params && { params }) })}\n`, timeout)
  const reply = parseReply(line)
  if (reply === undefined) {
    throw new OperatorError(
      'no-daemon',
      `What answers on ${path} is not a FIPS daemon; name the right socket with --socket PATH.`,
    )
  }
  if (reply['status'] === 'ok' && isRecord(reply['data'])) return reply['data']
  const message = typeof reply['message'] === 'string' ? reply['message'] : 'an error without a message'
  throw new OperatorError('failed', `The daemon answered: ${message}.`)
}

function exchange(path: string, request: string, timeout: Millis): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const socket = createConnection(path, () => socket.write(request))
    socket.setTimeout(timeout, () => {
      socket.destroy()
      reject(
        new OperatorError(
          'no-daemon',
          `The daemon on ${path} does not answer; look at its log, or restart it.`,
        ),
      )
    })
    socket.on('data', (chunk) => {
      size += chunk.length
      if (size > MAX_REPLY_BYTES) socket.destroy(new Error('the reply is too long'))
      chunks.push(chunk)
    })
    socket.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    socket.on('error', (error) => reject(unreachable(error, path)))
  })
}

function unreachable(error: unknown, path: string): OperatorError {
  switch (systemCode(error)) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
      return new OperatorError(
        'no-daemon',
        `No daemon runs on ${path}; start one with \`fips-radio run\`, or name its socket with --socket PATH.`,
      )
    case 'EACCES':
    case 'EPERM':
      return new OperatorError(
        'permission',
        `This user may not use the control socket ${path}; run with sudo, or join the group fips.`,
      )
    default:
      return new OperatorError('no-daemon', `The daemon on ${path} cannot be asked: ${reasonOf(error)}.`)
  }
}

function parseReply(line: string): ReplyData | undefined {
  try {
    const reply: unknown = JSON.parse(line)
    return isRecord(reply) ? reply : undefined
  } catch {
    return undefined
  }
}
