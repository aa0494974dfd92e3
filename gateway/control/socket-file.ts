/** The socket's file: whose it is, who may use it, and what to do with one that is already there. */
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, statSync, unlinkSync } from 'node:fs'
import { createConnection, type Server } from 'node:net'
import { dirname } from 'node:path'
import { OperatorError, reasonOf, systemCode } from '../errors.ts'

/** Members of this group may use the socket, as with the reference. */
const GROUP = 'fips'
const SOCKET_MODE_GROUP = 0o770
const SOCKET_MODE_OWNER = 0o700
const DIRECTORY_MODE = 0o750
/** New sockets are closed to others until their mode is set. */
const PRIVATE_UMASK = 0o077

/**
 * Listens on `path`. A socket file that nobody listens on is replaced; a live one, or any other file, is an
 * OperatorError of kind `in-use`.
 */
export async function bindSocket(server: Server, path: string): Promise<void> {
  try {
    makeDirectory(path)
    await removeStale(path)
    await listen(server, path)
  } catch (error) {
    throw bindFailure(error, path)
  }
  shareWithGroup(path)
}

function makeDirectory(path: string): void {
  const directory = dirname(path)
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE })
  shareDirectory(directory)
}

async function removeStale(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isSocket()) {
    throw new OperatorError(
      'in-use',
      `The control socket ${path} cannot be made: a file of that name is there; move it away or set node.control.socket_path.`,
    )
  }
  if (await answers(path)) throw inUse(path)
  unlinkSync(path)
}

/** Whether somebody listens there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    // Refused is a leftover of a daemon that died; refused for lack of rights is somebody's live socket.
    probe.once('error', (error) => resolve(systemCode(error) === 'EACCES'))
  })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(error)
    server.once('error', fail)
    const umask = process.umask(PRIVATE_UMASK)
    try {
      server.listen(path, () => {
        server.off('error', fail)
        resolve()
      })
    } finally {
      process.umask(umask)
    }
  })
}

function shareWithGroup(path: string): void {
  chmodSync(path, giveToGroup(path) ? SOCKET_MODE_GROUP : SOCKET_MODE_OWNER)
}

function shareDirectory(directory: string): void {
  if (giveToGroup(directory)) chmodSync(directory, DIRECTORY_MODE)
}

/** False when there is no such group or this user may not give files to it. */
function giveToGroup(path: string): boolean {
  const group = groupId(GROUP)
  if (group === undefined) return false
  try {
    chownSync(path, process.getuid?.() ?? 0, group)
    return true
  } catch {
    return false
  }
}

function groupId(name: string): number | undefined {
  let table: string
  try {
    table = readFileSync('/etc/group', 'utf8')
  } catch {
    return undefined
  }
  const line = table.split('\n').find((entry) => entry.startsWith(`${name}:`))
  const id = Number(line?.split(':')[2])
  return Number.isInteger(id) ? id : undefined
}

function bindFailure(error: unknown, path: string): OperatorError {
  if (error instanceof OperatorError) return error
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return inUse(path)
    case 'EACCES':
    case 'EPERM':
      return new OperatorError(
        'permission',
        `The control socket ${path} cannot be made by this user; run as root, or set node.control.socket_path to a place of your own.`,
      )
    default:
      return new OperatorError('config', `The control socket ${path} cannot be made: ${reasonOf(error)}.`)
  }
}

function inUse(path: string): OperatorError {
  return new OperatorError(
    'in-use',
    `Another daemon answers on the control socket ${path}; stop it, or set node.control.socket_path to another path.`,
  )
}
