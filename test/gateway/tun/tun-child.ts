/**
 * Run by the TUN test inside a namespace: opens a TUN and speaks hexadecimal lines, packets of the host to standard
 * output, packets for the host from standard input. Ends by itself when its input does.
 *
 *   node tun-child.js NAME ADDRESS [nobody]
 */
import { createInterface } from 'node:readline'
import { parseIpv6 } from '../../../gateway/ipv6/index.ts'
import { openTun, TunError } from '../../../gateway/tun/index.ts'

const [name = '', addressText = '', user] = process.argv.slice(2)
const NOBODY = 65534

async function main(): Promise<void> {
  if (user === 'nobody') process.setuid?.(NOBODY)
  const address = parseIpv6(addressText) ?? new Uint8Array(16)
  const tun = await openTun({ name, address, onGone: (reason) => process.stdout.write(`gone ${reason}\n`) })
  tun.start((packet) => process.stdout.write(`packet ${Buffer.from(packet).toString('hex')}\n`))
  process.stdout.write(`ready ${tun.name} ${tun.mtu}\n`)
  for await (const line of createInterface({ input: process.stdin }))
    if (!tun.write(Buffer.from(line, 'hex'))) process.stdout.write('refused\n')
  await tun.close()
  process.stdout.write('closed\n')
}

main().catch((error: unknown) => {
  process.stdout.write(
    error instanceof TunError ? `error ${error.code} ${error.message}\n` : `crash ${String(error)}\n`,
  )
  process.exitCode = 1
})
