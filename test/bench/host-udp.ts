/** What a frame costs between the node and the network: through our UDP transport over the loopback and back in. */
import { setImmediate as turn } from 'node:timers/promises'
import { UdpTransport } from '../../transports/index.ts'
import { PACKET_SIZE } from './host-line.ts'
import { median } from './measure.ts'

/** Frames sent before the receiver gets its turn: they fit the socket's buffer. */
const BURST = 32
const MTU = 1472
/** Turns of the event loop after which what is missing of a burst counts as lost. */
const PATIENCE_TURNS = 1000

/** Processor time to send a frame and to receive it, µs together; the median of the rounds. */
export async function measureUdp(rounds: number, frames: number): Promise<number> {
  const [from, to] = [transport(), transport()]
  let received = 0
  await from.open({ frame: () => {}, state: () => {} })
  await to.open({ frame: () => received++, state: () => {} })
  try {
    const frame = new Uint8Array(PACKET_SIZE)
    const costs: number[] = []
    for (let round = -1; round < rounds; round++) {
      received = 0
      const before = process.cpuUsage()
      for (let sent = 0; sent < frames; sent += BURST) {
        for (let i = 0; i < BURST; i++) from.send(to.localAddr, frame)
        await arrived(() => received >= sent + BURST)
      }
      const { user, system } = process.cpuUsage(before)
      if (round >= 0) costs.push((user + system) / received)
    }
    return median(costs)
  } finally {
    await from.close()
    await to.close()
  }
}

async function arrived(isThere: () => boolean): Promise<void> {
  for (let idle = 0; idle < PATIENCE_TURNS && !isThere(); idle++) await turn()
}

function transport(): UdpTransport {
  return new UdpTransport({ bindAddr: '127.0.0.1:0', mtu: MTU })
}
