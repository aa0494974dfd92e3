/** The few system calls Node lacks, through koffi. Loaded only when a TUN is opened. */
import koffi from 'koffi'

/** Throws when there is no C library that koffi can load. */
export function loadLibc(): Libc {
  const library = koffi.load(libraryName())
  return {
    ioctl: library.func('int ioctl(int fd, unsigned long request, _Inout_ uint8_t *argument)'),
    read: library.func('intptr_t read(int fd, _Out_ uint8_t *buffer, size_t length)'),
    errno: () => koffi.errno(),
    EAGAIN: koffi.os.errno['EAGAIN'] ?? 11,
    EINTR: koffi.os.errno['EINTR'] ?? 4,
  }
}

export interface Libc {
  readonly ioctl: (fd: number, request: number, argument: Uint8Array) => number
  readonly read: (fd: number, buffer: Uint8Array, length: number) => number
  readonly errno: () => number
  readonly EAGAIN: number
  readonly EINTR: number
}

/** glibc, or musl where Node was built for it (Alpine, OpenWrt). */
function libraryName(): string {
  const report: unknown = process.report.getReport()
  const header =
    typeof report === 'object' && report !== null && 'header' in report ? report.header : undefined
  const isGlibc = typeof header === 'object' && header !== null && 'glibcVersionRuntime' in header
  if (isGlibc) return 'libc.so.6'
  return `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`
}
