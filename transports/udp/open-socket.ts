/** Which socket carries the datagrams: the batched one where this machine can, node:dgram's elsewhere. */
import { batchIo } from '../native/index.ts'
import { openBatchedSocket } from './batched-socket.ts'
import { openDgramSocket } from './dgram-socket.ts'
import type { DatagramSink, DatagramSocket, SocketOptions } from './socket.ts'

export function openSocket(options: SocketOptions, sink: DatagramSink): Promise<DatagramSocket> {
  const io = batchIo()
  return io === undefined ? openDgramSocket(options, sink) : openBatchedSocket(io, options, sink)
}
