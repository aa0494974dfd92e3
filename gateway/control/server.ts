/**
 * The control socket: one JSON line in, one JSON line out, then closed. Local users reach it by file permissions; a
 * client that is slow, silent or talks nonsense costs one connection for five seconds and nothing else.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock, Millis } from '../../core/index.ts'
import { reasonOf } from '../errors.ts'
import type { Logger } from '../logger/index.ts'
import type { Dispatch } from './dispatch.ts'
import { ControlError } from './host.ts'
import type { JsonObject } from './json.ts'
import { MAX_REQUEST_BYTES, parseRequest, type Request } from './request.ts'
import { bindSocket } from './socket-file.ts'

/** For reading the request, and again for the client to take the answer. */
const IO_TIMEOUT: Millis = 5000
/** Clients are a person's tools; more at once than this is a mistake, and they wait their turn. */
const MAX_CLIENTS = 64
const NEWLINE = 0x0a

export interface ControlServer {
  readonly path: string
  close(): Promise<void>
}

export interface ControlServerOptions {
  readonly path: string
  readonly clock: Clock
  readonly logger: Logger
  readonly dispatch: Dispatch
}

/** Rejects with an OperatorError when the socket cannot be had. */
export async function openControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const clients = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    clients.add(socket)
    socket.once('close', () => clients.delete(socket))
    serve(socket, options)
  })
  server.maxConnections = MAX_CLIENTS
  await bindSocket(server, options.path)
  server.on('error', (error) => options.logger.warn(`control socket: ${error.message}`))
  return { path: options.path, close: () => closeServer(server, clients) }
}

function serve(socket: Socket, options: ControlServerOptions): void {
  const chunks: Uint8Array[] = []
  let size = 0
  let answered = false

  const answer = (reply: JsonObject): void => {
    if (answered) return
    answered = true
    cancelTimeout()
    socket.end(`${JSON.stringify(reply)}\n`)
    // What a client still sends is read and dropped, so that it sees the reply and not a reset.
    const cancel = options.clock.after(IO_TIMEOUT, () => socket.destroy())
    socket.once('close', cancel)
  }
  const cancelTimeout = options.clock.after(IO_TIMEOUT, () => answer(failure('read timeout')))

  const take = (line: Uint8Array): void => {
    cancelTimeout()
    const request = parseRequest(line)
    if (!request.ok) {
      answer(failure(request.message))
      return
    }
    const patience = options.dispatch.patience(request.value.command)
    const cancelQuery = options.clock.after(patience, () => answer(failure('query timeout')))
    void reply(request.value, options).then(answer).finally(cancelQuery)
  }

  let complete = false
  socket.on('data', (chunk) => {
    if (complete) return
    const newline = chunk.indexOf(NEWLINE)
    const piece = newline < 0 ? chunk : chunk.subarray(0, newline)
    size += piece.length
    chunks.push(piece)
    if (size > MAX_REQUEST_BYTES - (newline < 0 ? 0 : 1)) {
      complete = true
      answer(failure('read error: request too large'))
    } else if (newline >= 0) {
      complete = true
      take(Buffer.concat(chunks))
    }
  })
  socket.on('end', () => {
    if (complete) return
    complete = true
    if (size === 0) answer(failure('empty request'))
    else take(Buffer.concat(chunks))
  })
  socket.on('error', (error) => {
    cancelTimeout()
    options.logger.debug(`control connection: ${error.message}`)
    socket.destroy()
  })
  socket.once('close', cancelTimeout)
}

async function reply({ command, params }: Request, options: ControlServerOptions): Promise<JsonObject> {
  const { dispatch, logger } = options
  try {
    return { status: 'ok', data: await dispatch.answer(command, params) }
  } catch (error) {
    if (error instanceof ControlError) return failure(error.message)
    logger.error(`control request ${command} failed: ${reasonOf(error)}`)
    return failure('internal error; see the log of the daemon')
  }
}

function failure(message: string): JsonObject {
  return { status: 'error', message }
}

async function closeServer(server: Server, clients: ReadonlySet<Socket>): Promise<void> {
  for (const client of clients) client.destroy()
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
}
