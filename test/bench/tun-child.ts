/**
 * Run by the host benchmark inside a namespace: opens a TUN, writes PACKETS packets to it, then counts those that the host
 * sends until a line comes in. Prints the processor time of the whole process per packet, µs, both ways.
 *
 *   node tun-child.js ADDRESS PACKETS BYTES
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { parseIpv6 } from '../../gateway/ipv6/index.ts'
import { openTun } from '../../gateway/tun/index.ts'

const IPV6_HEADER = 40
/** Says that nothing follows, so that the kernel takes the packet and answers nothing. */
const NO_NEXT_HEADER = 59

const [addressText = '', countText = '', sizeText = ''] = process.argv.slice(2)
const address = parseIpv6(addressText) ?? new Uint8Array(16)
const count = Number(countText)

const tun = await openTun({ name: 'fips0', address })
let received = 0
let since = process.cpuUsage()
tun.start(() => {
  if (received === 0) since = process.cpuUsage()
  received++
})

const out = perPacket(measureWrites(), count)
console.log(`ready ${out}`)
await once(createInterface({ input: process.stdin }), 'line')
console.log(`received ${perPacket(process.cpuUsage(since), received)} ${received}`)
process.stdin.destroy()
await tun.close()

function measureWrites(): NodeJS.CpuUsage {
  const packet = new Uint8Array(Number(sizeText))
  packet[0] = 0x60
  new DataView(packet.buffer).setUint16(4, packet.length - IPV6_HEADER)
  packet[6] = NO_NEXT_HEADER
  packet[7] = 64
  packet.set(address, 8)
  packet[23]! ^= 0xff
  packet.set(address, 24)
  for (let i = 0; i < count / 10; i++) tun.write(packet)
  const before = process.cpuUsage()
  for (let i = 0; i < count; i++) if (!tun.write(packet)) throw new Error('the host refuses packets')
  return process.cpuUsage(before)
}

function perPacket({ user, system }: NodeJS.CpuUsage, packets: number): number {
  return (user + system) / packets
}
