/**
 * The system calls Node lacks, of whichever C library this process runs on. Pointers are addresses as numbers; a call
 * costs some 50 ns so, and twice that with arrays.
 */
import type koffi from 'koffi'
import { getSystemErrorName } from 'node:util'

const POINTER = 'uintptr_t'
/** ssize_t, which koffi has no name for. */
const SIGNED_SIZE = 'intptr_t'

type Call = (...args: number[]) => number

export interface Libc {
  readonly socket: Call
  readonly bind: Call
  readonly getsockname: Call
  readonly setsockopt: Call
  readonly close: Call
  readonly recvmmsg: Call
  readonly sendmmsg: Call
  readonly read: Call
  readonly writev: Call
  readonly ioctl: Call
  readonly posix_openpt: Call
  readonly grantpt: Call
  readonly unlockpt: Call
  readonly ptsname: (fd: number) => string
  readonly memcpy: Call
  readonly cfmakeraw: Call
  readonly tcgetattr: Call
  readonly tcsetattr: Call
  /** Takes the text; 1 when it is an address of the family. */
  readonly inet_pton: (family: number, text: string, output: number) => number
  readonly inet_ntop: Call
  readonly if_nametoindex: (name: string) => number
  readonly if_indextoname: Call
  /** The error of the call just made; 0 or positive. */
  readonly errno: () => number
}

export function bindLibc(koffiApi: typeof koffi): Libc {
  const self = koffiApi.load(null)
  const call = (name: string, result: string, ...args: readonly string[]): Call =>
    self.func(name, result, [...args])
  return {
    socket: call('socket', 'int', 'int', 'int', 'int'),
    bind: call('bind', 'int', 'int', POINTER, 'uint'),
    getsockname: call('getsockname', 'int', 'int', POINTER, POINTER),
    setsockopt: call('setsockopt', 'int', 'int', 'int', 'int', POINTER, 'uint'),
    close: call('close', 'int', 'int'),
    recvmmsg: call('recvmmsg', 'int', 'int', POINTER, 'uint', 'int', POINTER),
    sendmmsg: call('sendmmsg', 'int', 'int', POINTER, 'uint', 'int'),
    read: call('read', SIGNED_SIZE, 'int', POINTER, 'size_t'),
    writev: call('writev', SIGNED_SIZE, 'int', POINTER, 'int'),
    ioctl: call('ioctl', 'int', 'int', 'ulong', POINTER),
    posix_openpt: call('posix_openpt', 'int', 'int'),
    grantpt: call('grantpt', 'int', 'int'),
    unlockpt: call('unlockpt', 'int', 'int'),
    ptsname: self.func('ptsname', 'str', ['int']),
    memcpy: call('memcpy', POINTER, POINTER, POINTER, 'size_t'),
    cfmakeraw: call('cfmakeraw', 'void', POINTER),
    tcgetattr: call('tcgetattr', 'int', 'int', POINTER),
    tcsetattr: call('tcsetattr', 'int', 'int', 'int', POINTER),
    inet_pton: self.func('inet_pton', 'int', ['int', 'str', POINTER]),
    inet_ntop: call('inet_ntop', POINTER, 'int', POINTER, POINTER, 'uint'),
    if_nametoindex: self.func('if_nametoindex', 'uint', ['str']),
    if_indextoname: call('if_indextoname', POINTER, 'uint', POINTER),
    errno: () => koffiApi.errno(),
  }
}

/** A failed call as Node's own calls fail: `code` is the error's name. */
export class SystemError extends Error {
  readonly code: string
  readonly errno: number

  constructor(call: string, errno: number) {
    const code = getSystemErrorName(-errno)
    super(`${call} ${code}`)
    this.name = 'SystemError'
    this.code = code
    this.errno = errno
  }
}
