/** What things cost on the radio at SF8/125 CR4/5, through the emulated modem, beside stock FIPS and what is aimed at. */
import { bulkShare, CEILING_BYTES_PER_S, frameCost, pingUnderBulk, threeAtOnce } from './air-link.ts'
import { linkCost, threeHopBytes, type AirEffort, type LinkCost } from './air-nodes.ts'
import { median } from './measure.ts'
import { atLeast, atMost, type Report, type Row } from './report.ts'

const STOCK = 'stock'
const HERE = 'here'

interface Effort extends AirEffort {
  readonly seeds: readonly number[]
  readonly frames: number
  readonly bulkMs: number
  readonly pings: number
  readonly rounds: number
}

const EFFORT: Effort = {
  seeds: [1, 2, 3, 4, 5],
  idleHours: 3,
  datagrams: 9,
  frames: 100,
  bulkMs: 600_000,
  pings: 30,
  rounds: 30,
}
const QUICK: Effort = {
  seeds: [1],
  idleHours: 1,
  datagrams: 1,
  frames: 3,
  bulkMs: 30_000,
  pings: 2,
  rounds: 2,
}

/** Shares of frames lost at which a bulk transfer is measured, and what of the ceiling it should reach. */
const BULK_TARGETS: readonly (readonly [loss: number, share: number])[] = [
  [0, 0.85],
  [0.1, 0.65],
  [0.2, 0.5],
]

export async function airReport(isQuick: boolean): Promise<Report> {
  const effort = isQuick ? QUICK : EFFORT
  return {
    bench: 'air',
    columns: [STOCK, HERE],
    rows: [...(await nodeRows(effort)), ...(await linkRows(effort))],
    method: [
      `Median over seeds ${effort.seeds.join(', ')}; virtual clock, so the same figures on every machine.`,
      "Bytes on air are PHY payloads, the modem's own byte and everything of ours included (beacons, acknowledgements, resends).",
      `Stock is FIPS 0.5 sent frame by frame without a radio link beneath. Ceiling: ${Math.round(CEILING_BYTES_PER_S)} B/s, full frames without a gap.`,
    ],
  }
}

/** Whole nodes. */
async function nodeRows(effort: Effort): Promise<Row[]> {
  const costs: LinkCost[] = []
  const threeHops: number[] = []
  for (const seed of effort.seeds) {
    costs.push(await linkCost(seed, effort))
    threeHops.push(await threeHopBytes(seed, effort))
  }
  const bytes = (id: string, what: string, stock: number, values: number[], limit: number): Row => ({
    id,
    what,
    unit: 'B',
    figures: { [STOCK]: stock, [HERE]: median(values) },
    target: atMost(limit, HERE),
  })
  const values = (key: keyof LinkCost) => costs.map((cost) => cost[key])
  return [
    bytes('bring-up', 'link bring-up', 2861, values('bringUpBytes'), 420),
    bytes('idle', 'idle link, per hour', 302_850, values('idleBytesPerHour'), 300),
    bytes('datagram', '32 B datagram, 1 hop', 142, values('datagramBytes'), 92),
    bytes('three-hops', '200 B datagram, 3 hops', 930, threeHops, 750),
    bytes('session', 'session set-up, 1 hop', 504, values('firstContactBytes'), 260),
  ]
}

/** The radio link alone. */
async function linkRows(effort: Effort): Promise<Row[]> {
  const seed = effort.seeds[0]!
  const filter = await frameCost(seed, 0.2, effort.frames)
  const ping = await pingUnderBulk(seed, effort.pings)
  const row = (id: string, what: string, unit: string, figure: number, target: Row['target']): Row => ({
    id,
    what,
    unit,
    figures: { [HERE]: figure },
    ...(target === undefined ? {} : { target }),
  })
  const rows: Row[] = [
    {
      ...row(
        'frame-delivered',
        '1071 B frame at 20 % loss',
        'delivered',
        filter.delivered,
        atLeast(0.99, HERE),
      ),
      figures: { [STOCK]: 0.26, [HERE]: filter.delivered },
    },
    {
      ...row('frame-air', '1071 B frame at 20 % loss', 's of air', filter.airSeconds, atMost(4.5, HERE)),
      figures: { [STOCK]: 12.4, [HERE]: filter.airSeconds },
    },
  ]
  for (const [loss, share] of BULK_TARGETS) {
    const shares: number[] = []
    for (const each of effort.seeds) shares.push(await bulkShare(each, loss, effort.bulkMs))
    const percent = Math.round(100 * loss)
    const what = `bulk at ${percent} % loss`
    rows.push(row(`bulk-${percent}`, what, 'of ceiling', median(shares), atLeast(share, HERE)))
  }
  const atOnce = await threeAtOnce(seed, effort.rounds)
  rows.push(
    row('ping-median', 'ping beside bulk, median', 'x unloaded', ping.median, atMost(2, HERE)),
    row('ping-worst', 'ping beside bulk, worst', 'x unloaded', ping.worst, atMost(3, HERE)),
    row('at-once', 'three nodes send at once', 'delivered', atOnce, atLeast(0.99, HERE)),
  )
  return rows
}
