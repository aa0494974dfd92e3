/** Emulated RNodes where real ones would be: behind a TCP port or a pseudo-terminal. */
import { rmSync, symlinkSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import type { RnodeEmulator } from '../../boards/index.ts'
import { openPty, socketPipe, RNODE_TCP_PORT } from '../pipes/index.ts'

/** An RNode hangs up on a client that says nothing for so long. */
const CLIENT_SILENCE_MS = 6500

export interface ServedTcp {
  readonly port: number
  close(): Promise<void>
}

/** Serves one client at a time; another is turned away, a silent one is dropped. Port 0 picks a free one. */
export async function serveOnTcp(
  emulator: RnodeEmulator,
  port: number = RNODE_TCP_PORT,
  host = '127.0.0.1',
): Promise<ServedTcp> {
  let client: Socket | undefined
  const server = createServer((socket) => {
    if (client !== undefined) {
      socket.destroy()
      return
    }
    client = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    let silence = setTimeout(() => socket.destroy(), CLIENT_SILENCE_MS)
    socket.on('data', () => {
      clearTimeout(silence)
      silence = setTimeout(() => socket.destroy(), CLIENT_SILENCE_MS)
    })
    socket.once('close', () => {
      clearTimeout(silence)
      client = undefined
    })
    emulator.attachHost(socketPipe(emulator.name, socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: async () => {
      client?.destroy()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

export interface ServedPty {
  /** The device behind it, e.g. /dev/pts/4; a new one after each replug. */
  readonly device: string
  close(): Promise<void>
}

/** Puts the modem on a fresh pseudo-terminal, and a symbolic link to it at `link` if given. */
export function serveOnPty(emulator: RnodeEmulator, link?: string): ServedPty {
  const pty = openPty()
  if (link !== undefined) {
    rmSync(link, { force: true })
    symlinkSync(pty.path, link)
  }
  emulator.attachHost(pty.pipe)
  return {
    device: pty.path,
    close: async () => {
      if (link !== undefined) rmSync(link, { force: true })
      await pty.pipe.close()
    },
  }
}
