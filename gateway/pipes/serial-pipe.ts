/** Serial ports. A fresh `SerialPort` for each connection: what was queued on an old one must not reach a new device. */
import { realpathSync, statSync } from 'node:fs'
import { SerialPort } from 'serialport'
import { PipeError, type BytePipe } from '../../firmware-proto/index.ts'
import { StreamPipe } from './stream-pipe.ts'

/** What RNodes and most USB serial devices run at. */
export const DEFAULT_BAUD_RATE = 115_200

/** How soon an unplugged device is noticed at the latest. */
const WATCH_MS = 250

export interface SerialOptions {
  /** Preferably a name under /dev/serial/by-id, which survives replugging. */
  readonly path: string
  /** Default 115200, always 8N1 without flow control. */
  readonly baudRate?: number
}

/** Opens a port; rejects with a `PipeError`. */
export async function openSerialPipe(options: SerialOptions): Promise<BytePipe> {
  const { path, baudRate = DEFAULT_BAUD_RATE } = options
  const port = new SerialPort({ path, baudRate, autoOpen: false, hupcl: false, lock: true })
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null || error === undefined) resolve()
      else reject(openError(path, error))
    })
  })
  // Boards that restart by DTR expect it raised; a pty has no such line and says so.
  port.set({ dtr: true, rts: true }, () => {})
  const pipe = new StreamPipe(path, port, async () => {
    stopWatching()
    await closePort(port)
  })
  const stopWatching = watchDevice(path, () => pipe.hangUp('the device is gone'))
  return pipe
}

/**
 * Looks whether the device node is still the one that was opened. The port itself misses an unplugging that falls into
 * one of its reads: a hung-up terminal reads as empty, and it reads on for ever.
 */
function watchDevice(path: string, gone: () => void): () => void {
  const device = deviceOf(path)
  if (device === undefined) return () => {}
  const timer = setInterval(() => {
    if (sameDevice(device)) return
    clearInterval(timer)
    gone()
  }, WATCH_MS).unref()
  return () => clearInterval(timer)
}

interface Device {
  readonly node: string
  readonly inode: number
  readonly number: number
}

/** Undefined where ports are no files. */
function deviceOf(path: string): Device | undefined {
  try {
    const node = realpathSync(path)
    const { ino, rdev } = statSync(node)
    return { node, inode: ino, number: rdev }
  } catch {
    return undefined
  }
}

function sameDevice(device: Device): boolean {
  const now = deviceOf(device.node)
  return now?.inode === device.inode && now.number === device.number
}

async function closePort(port: SerialPort): Promise<void> {
  if (!port.isOpen) return
  await new Promise<void>((resolve) => {
    // Drop what is queued, then wait until the descriptor is free. Either fails when the device has gone.
    port.flush(() => port.close(() => resolve()))
  })
}

function openError(path: string, error: Error): PipeError {
  const { message } = error
  if (/no such file|ENOENT|ENXIO|ENODEV|no such device/i.test(message)) {
    return new PipeError('not-found', `There is no serial port ${path}: is the device plugged in?`)
  }
  if (/permission|EACCES|EPERM/i.test(message)) {
    return new PipeError(
      'no-permission',
      `Serial port ${path} may not be opened by this user: add it to the group dialout.`,
    )
  }
  if (/lock|EBUSY|busy/i.test(message)) {
    return new PipeError('busy', `Serial port ${path} is in use by another program: stop that first.`)
  }
  if (/inappropriate ioctl|not a typewriter|ENOTTY/i.test(message)) {
    return new PipeError(
      'not-found',
      `${path} is no serial port: name the device, best by its path below /dev/serial/by-id/.`,
    )
  }
  return new PipeError('io', `Serial port ${path} cannot be opened: ${message}.`)
}
