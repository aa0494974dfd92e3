/**
 * Reads packets from the TUN in a thread of its own, so that they leave the kernel's short queue while the node is
 * busy. Never blocks: the thread waits in its event loop, where it can be ended at any time.
 */
import { constants } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { native, type Native, type Watch } from '../../transports/native/index.ts'
import type { FromReader, ReaderSettings } from './reader-protocol.ts'

/** Packets in a batch: bounds latency under load and the memory of one message. */
const MAX_BATCH = 64

/** Batches the owner has not dealt with; beyond it packets wait in the kernel, which drops by its own rule. */
const MAX_OUTSTANDING = 4

/** A TUN may hand over a little more than its MTU while that is being lowered. */
const SLACK = 256

const { EAGAIN, EINTR } = constants.errno

function readTun(
  { libc, memory, watch }: Native,
  { fd, mtu }: ReaderSettings,
  tell: (message: FromReader, transfer: ArrayBuffer[]) => void,
): () => void {
  const slot = memory(Math.ceil((mtu + SLACK) / 8) * 8)
  let outstanding = 0
  let watching: Watch | undefined

  const stop = (): void => {
    watching?.close()
    watching = undefined
  }
  const drain = (): void => {
    const packets: Uint8Array[] = []
    let errno = 0
    while (packets.length < MAX_BATCH) {
      const length = libc.read(fd, slot.base, slot.bytes.length)
      if (length > 0) packets.push(slot.bytes.slice(0, length))
      else {
        errno = length < 0 ? libc.errno() : 0
        break
      }
    }
    if (packets.length > 0) {
      const bytes = new Uint8Array(packets.reduce((sum, packet) => sum + packet.length, 0))
      let at = 0
      for (const packet of packets) {
        bytes.set(packet, at)
        at += packet.length
      }
      tell({ type: 'packets', bytes, lengths: packets.map((packet) => packet.length) }, [bytes.buffer])
      outstanding++
    }
    if (errno !== 0 && errno !== EAGAIN && errno !== EINTR) {
      stop()
      tell({ type: 'gone', errno }, [])
    } else if (outstanding >= MAX_OUTSTANDING) stop()
  }
  const start = (): void => {
    watching = watch(fd, drain)
  }
  start()
  return () => {
    outstanding--
    if (watching === undefined && outstanding < MAX_OUTSTANDING) start()
  }
}

const port = parentPort
const direct = native()
if (port !== null && direct.ok) {
  // Set by the owner, a few lines below where it starts this thread.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const settings = workerData as ReaderSettings
  const done = readTun(direct.value, settings, (message, transfer) => port.postMessage(message, transfer))
  port.on('message', done)
}
