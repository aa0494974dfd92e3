/** What the kernel dropped is counted at the medium, and the node marks what it forwards while that goes on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeInput } from '../../../core/index.ts'
import type { TransportFacts } from '../../../gateway/control/index.ts'
import { KernelDrops } from '../../../gateway/daemon/kernel-drops.ts'
import { emptyStats } from '../../../transports/index.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const HEAD =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n'

function line(address: string, drops: number): string {
  return ` 1234: ${address} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 14873 2 0000000000000000 ${drops}\n`
}

function medium(id: number, localAddr: string): TransportFacts {
  return {
    id,
    kind: 'udp',
    name: undefined,
    state: 'up',
    reason: undefined,
    mtu: 1280,
    localAddr,
    stats: emptyStats(),
    detail: {},
  }
}

test('losses are told when they begin and when they end, of the right socket', async () => {
  const [first, second] = [medium(1, '0.0.0.0:2121'), medium(2, '[::]:2122')]
  const told: NodeInput[] = []
  let tables: readonly string[] = []
  const drops = new KernelDrops({
    clock: new VirtualClock(),
    fleet: { facts: () => [first, second] },
    step: (input) => told.push(input),
    read: async () => tables,
  })
  const look = async (one: number, two: number): Promise<void> => {
    const v6 = '00000000000000000000000000000000'
    tables = [
      `${HEAD}${line('00000000:0849', one)}${line('0100007F:0035', 99)}`,
      `${HEAD}${line(`${v6}:084A`, two)}`,
    ]
    await drops.look()
  }
  await look(5, 0)
  await look(5, 0)
  assert.deepEqual(told, [], 'what was lost before counts for nothing')
  await look(7, 0)
  await look(9, 0)
  await look(9, 1)
  assert.deepEqual(told, [
    { type: 'receive-drops', transportId: 1, isDropping: true },
    { type: 'receive-drops', transportId: 1, isDropping: false },
    { type: 'receive-drops', transportId: 2, isDropping: true },
  ])
  assert.deepEqual([first.stats.drops['kernel'], second.stats.drops['kernel']], [9, 1])
  tables = ['', '']
  await drops.look()
  assert.equal(told.length, 3, 'nothing is known where there is no table')
})
