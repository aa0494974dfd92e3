/** Byte streams over TCP: an RNode on Wi-Fi (port 7633), or a serial port served by another machine. */
import { connect, type Socket } from 'node:net'
import { PipeError, type BytePipe } from '../../firmware-proto/index.ts'
import { StreamPipe } from './stream-pipe.ts'

/** Where an RNode on Wi-Fi listens. */
export const RNODE_TCP_PORT = 7633
const CONNECT_TIMEOUT_MS = 10_000

/** Connects; rejects with a `PipeError`. */
export async function openTcpPipe(host: string, port: number = RNODE_TCP_PORT): Promise<BytePipe> {
  const name = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const socket = connect({ host, port, noDelay: true, keepAlive: true })
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new PipeError('not-found', `No answer from ${name}: is the modem switched on and reachable?`))
    }, CONNECT_TIMEOUT_MS)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeAllListeners('error')
      resolve()
    })
    socket.once('error', (error) => {
      clearTimeout(timer)
      reject(connectError(name, error))
    })
  })
  return socketPipe(name, socket)
}

/** A pipe over a connected socket. */
export function socketPipe(name: string, socket: Socket): BytePipe {
  return new StreamPipe(name, socket, async () => {
    if (socket.closed) return
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      // What was just written (a modem told to be silent) still leaves; what cannot leave is dropped.
      socket.destroySoon()
      setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref()
    })
  })
}

const CLOSE_TIMEOUT_MS = 500

function connectError(name: string, error: Error): PipeError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'ECONNREFUSED')
    return new PipeError('not-found', `Nothing listens at ${name}: check address and port of the modem.`)
  if (code === 'ENOTFOUND' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return new PipeError('not-found', `${name} cannot be reached: check the address and the network.`)
  return new PipeError('io', `The connection to ${name} failed: ${error.message}.`)
}
