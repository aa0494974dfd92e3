/** /dev/net/tun: one descriptor is one interface. */
import { closeSync, constants, openSync } from 'node:fs'
import { native } from '../../transports/native/index.ts'
import { reasonOf, systemCode } from '../errors.ts'
import { attachError, deviceError, TunError } from './errors.ts'

const DEVICE = '/dev/net/tun'
const TUNSETIFF = 0x400454ca
const TUNSETOFFLOAD = 0x400454d0
const IFF_TUN = 0x0001
const IFF_NO_PI = 0x1000
const IFF_VNET_HDR = 0x4000
/** struct ifreq: name 16, flags u16, padding. */
const IFREQ_BYTES = 40
const IFREQ_FLAGS_AT = 16

/** Checksums are left to us, and so is cutting TCP and (from Linux 6.2, for both IP versions or none) UDP. */
const OFFLOAD = { checksum: 0x01, tcp6: 0x04, udp4: 0x20, udp6: 0x40 } as const
const OFFLOADS: readonly number[] = [
  OFFLOAD.checksum | OFFLOAD.tcp6 | OFFLOAD.udp4 | OFFLOAD.udp6,
  OFFLOAD.checksum | OFFLOAD.tcp6,
]

/** An interface that is ours and set up. */
export interface HostInterface {
  readonly name: string
  readonly mtu: number
  readonly fd: number
  /** To be removed with it. */
  readonly ruleIsOurs: boolean
  /** It went away under the node; in one sentence. */
  readonly onGone: ((reason: string) => void) | undefined
}

/** An interface that moves packet by packet. Throws a `TunError`. */
export function openPlainDevice(name: string): number {
  return openDevice((fd) => attach(fd, name, IFF_TUN | IFF_NO_PI))
}

/** One with offloads: a vnet header before each packet. Throws a `TunError`; undefined where the kernel has none. */
export function openOffloadDevice(name: string): number | undefined {
  let hasOffloads = false
  const fd = openDevice((fd) => {
    attach(fd, name, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR)
    hasOffloads = OFFLOADS.some((offloads) => setOffload(fd, offloads))
  })
  if (hasOffloads) return fd
  closeSync(fd)
  return undefined
}

function openDevice(prepare: (fd: number) => void): number {
  let fd: number
  try {
    fd = openSync(DEVICE, constants.O_RDWR | constants.O_NONBLOCK)
  } catch (error) {
    throw deviceError(systemCode(error), reasonOf(error))
  }
  try {
    prepare(fd)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return fd
}

function attach(fd: number, name: string, flags: number): void {
  const direct = native()
  if (!direct.ok)
    throw new TunError('io', `Cannot use the system's C library for the TUN: ${direct.got ?? direct.code}.`)
  const { libc, memory } = direct.value
  const request = memory(IFREQ_BYTES)
  request.bytes.set(Buffer.from(name))
  request.words[IFREQ_FLAGS_AT >> 2] = flags
  if (libc.ioctl(fd, TUNSETIFF, request.base) !== 0) throw attachError(libc.errno(), name)
}

/** The argument is the set itself, not where it is. */
function setOffload(fd: number, offloads: number): boolean {
  const direct = native()
  return direct.ok && direct.value.libc.ioctl(fd, TUNSETOFFLOAD, offloads) === 0
}
