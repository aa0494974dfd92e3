/**
 * Arrays of messages as recvmmsg and sendmmsg take them on 64-bit Linux:
 *
 *   message, 64 bytes: 0 name * | 8 name length u32 | 16 iov * | 24 iov count u64 | 32 control * | 40 control length u64
 *                      | 48 flags u32 | 56 length u32 (written by the kernel)
 *   iov, 16 bytes:     0 base * | 8 length u64
 *   control, 24 bytes: 0 length u64 | 8 level u32 | 12 type u32 | 16 segment size u16
 */
import type { NativeMemory } from '../native/index.ts'

export const MESSAGE_BYTES = 64
export const IOV_BYTES = 16
export const CONTROL_BYTES = 24

const NAME_AT = 0
const NAME_LENGTH_AT = 8
const IOV_AT = 16
const IOV_COUNT_AT = 24
const CONTROL_AT = 32
const CONTROL_LENGTH_AT = 40
const FLAGS_AT = 48
const LENGTH_AT = 56

const MSG_TRUNC = 0x20

const SOL_UDP = 17
const UDP_SEGMENT = 103
/** Header and the u16 behind it. */
const CONTROL_LENGTH = 18
const SEGMENT_AT = 16

export function setName(memory: NativeMemory, message: number, name: number, length: number): void {
  memory.setLong(message + NAME_AT, name)
  memory.words[(message + NAME_LENGTH_AT) >> 2] = length
}

/** The message consists of `count` iovs from the address `iov`. */
export function setIovs(memory: NativeMemory, message: number, iov: number, count: number): void {
  memory.setLong(message + IOV_AT, iov)
  memory.words[(message + IOV_COUNT_AT) >> 2] = count
}

export function setIov(memory: NativeMemory, iov: number, base: number, length: number): void {
  memory.setLong(iov, base)
  memory.words[(iov + 8) >> 2] = length
}

/** Has the kernel cut the message into datagrams of `size` bytes; 0 leaves it whole. `control` is a place for it. */
export function setSegmentSize(memory: NativeMemory, message: number, control: number, size: number): void {
  const { words } = memory
  const isCut = size > 0
  memory.setLong(message + CONTROL_AT, isCut ? memory.base + control : 0)
  words[(message + CONTROL_LENGTH_AT) >> 2] = isCut ? CONTROL_BYTES : 0
  words[control >> 2] = CONTROL_LENGTH
  words[(control + 8) >> 2] = SOL_UDP
  words[(control + 12) >> 2] = UDP_SEGMENT
  words[(control + SEGMENT_AT) >> 2] = size
}

export function receivedLength({ words }: NativeMemory, message: number): number {
  return words[(message + LENGTH_AT) >> 2]!
}

export function isTruncated({ words }: NativeMemory, message: number): boolean {
  return (words[(message + FLAGS_AT) >> 2]! & MSG_TRUNC) !== 0
}

/** The kernel wrote how much of the place for the name it used. */
export function resetNameLength({ words }: NativeMemory, message: number, length: number): void {
  words[(message + NAME_LENGTH_AT) >> 2] = length
}
