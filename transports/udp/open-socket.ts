/** Which socket carries the datagrams: the batched one where this machine can, node:dgram's elsewhere. */
import { native } from '../native/index.ts'
import { openBatchedSocket } from './batched-socket.ts'
import { openDgramSocket } from './dgram-socket.ts'
import type { DatagramSink, DatagramSocket, SocketOptions } from './socket.ts'

export function openSocket(options: SocketOptions, sink: DatagramSink): Promise<DatagramSocket> {
  const direct = native()
  return direct.ok && direct.value.isWide
    ? openBatchedSocket(direct.value, options, sink)
    : openDgramSocket(options, sink)
}
