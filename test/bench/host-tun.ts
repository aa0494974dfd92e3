/** What a packet costs between the node and the kernel, through a real TUN in a namespace of its own. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Namespace } from '../support/namespace.ts'
import { needs } from '../support/requires.ts'
import { PACKET_SIZE } from './host-line.ts'

export interface TunCost {
  /** µs of processor time from the kernel to the node, with the reading thread. */
  readonly fromHostUs: number
  readonly toHostUs: number
}

const CHILD = join(dirname(fileURLToPath(import.meta.url)), 'tun-child.js')
const ADDRESS = 'fd00:a::1'
const FAR_ADDRESS = 'fd00:b::1'
const HEADERS = 48

/** Sends in bursts that fit the queue of the interface, as a busy host would. */
const SENDER = `
const [count, size] = process.argv.slice(1).map(Number)
const socket = require('node:dgram').createSocket('udp6')
const payload = Buffer.alloc(size)
let sent = 0
const burst = () => {
  for (let i = 0; i < 64 && sent < count; i++, sent++) socket.send(payload, 9, '${FAR_ADDRESS}')
  if (sent < count) setTimeout(burst, 2)
  else setTimeout(() => socket.close(), 100)
}
burst()
`

/** The cost, or the reason why it cannot be measured here. */
export async function measureTun(packets: number): Promise<TunCost | string> {
  const missing = needs('root', 'tun', 'program:ip')
  if (missing !== false) return missing
  const namespace = await Namespace.create('bench')
  try {
    const child = namespace.start(process.execPath, [CHILD, ADDRESS, String(packets), String(PACKET_SIZE)])
    const ready = await child.line('is ready', (line) => line.startsWith('ready '))
    const size = String(PACKET_SIZE - HEADERS)
    await namespace.run(process.execPath, ['-e', SENDER, String(packets), size])
    child.child.stdin?.write('\n')
    const received = await child.line('has counted', (line) => line.startsWith('received '))
    await child.stop()
    const [, fromHostUs, arrived] = received.split(' ').map(Number)
    if (arrived === undefined || arrived < packets / 2) return `only ${arrived} of ${packets} packets arrived`
    return { fromHostUs: fromHostUs ?? NaN, toHostUs: Number(ready.split(' ')[1]) }
  } finally {
    await namespace.remove()
  }
}
