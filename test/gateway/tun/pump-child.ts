/**
 * Run by the TUN test inside a namespace: opens two TUNs and, once a line comes in, carries packets from each to the other. Ends by
 * itself when its input does, and says what that cost.
 *
 *   node pump-child.js NAME ADDRESS NAME ADDRESS
 */
import { createInterface } from 'node:readline'
import { parseIpv6 } from '../../../gateway/ipv6/index.ts'
import { isBatchTun, openTun, type Tun } from '../../../gateway/tun/index.ts'

const PLACES = 64
const PLACE_SIZE = 2048

const [nameA = '', addressA = '', nameB = '', addressB = ''] = process.argv.slice(2)
let packets = 0

const open = (name: string, address: string): Promise<Tun> =>
  openTun({
    name,
    address: parseIpv6(address) ?? new Uint8Array(16),
    onGone: (reason) => process.stdout.write(`gone ${reason}\n`),
  })

function carry(from: Tun, to: Tun): void {
  if (!isBatchTun(from) || !isBatchTun(to)) {
    from.start((packet) => {
      packets++
      to.write(packet)
    })
    return
  }
  const slab = new Uint8Array(PLACES * PLACE_SIZE)
  let used = 0
  const flush = (): void => {
    to.flush()
    used = 0
  }
  from.startBatched((bytes, at, length) => {
    packets++
    if (used === PLACES) flush()
    const place = used++ * PLACE_SIZE
    slab.set(bytes.subarray(at, at + length), place)
    to.writeAt(slab, place, length)
  }, flush)
}

const [a, b] = [await open(nameA, addressA), await open(nameB, addressB)]
process.stdout.write(`ready ${isBatchTun(a) ? 'in batches' : 'one by one'}\n`)
let before = process.cpuUsage()
for await (const _line of createInterface({ input: process.stdin })) {
  carry(a, b)
  carry(b, a)
  before = process.cpuUsage()
  process.stdout.write('carries\n')
}
const { user, system } = process.cpuUsage(before)
await a.close()
await b.close()
process.stdout.write(`carried ${packets} packets at ${((user + system) / packets).toFixed(2)} µs\n`)
