/** From the name of a device in the configuration to how it is opened. */
import type { PipeOpener } from '../../firmware-proto/index.ts'
import { openSerialPipe, openTcpPipe } from '../pipes/index.ts'

const TCP = 'tcp://'

/** `tcp://host:port`, with an IPv6 address in brackets; everything else is the path of a serial port. */
export function openerFor(port: string, baudRate: number): PipeOpener {
  if (!port.startsWith(TCP)) return () => openSerialPipe({ path: port, baudRate })
  const address = port.slice(TCP.length)
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  return () => openTcpPipe(host, Number(address.slice(colon + 1)))
}
