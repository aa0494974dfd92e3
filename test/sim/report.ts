/** The simulated networks as a table: a column for each network, a row for each question. */
import { atLeast, atMost, type Report, type Row } from '../bench/report.ts'
import { SECOND } from './network.ts'
import { ROUND } from './pairs.ts'
import { DATAGRAM_TTL } from './trails.ts'
import { nameOf, simulate, type Findings, type Run } from './runs.ts'

type Question = Pick<Row, 'id' | 'what' | 'unit' | 'target'>

const QUESTIONS: readonly Question[] = [
  { id: 'links', what: 'links', unit: '' },
  { id: 'one-tree', what: 'one tree after', unit: 's' },
  { id: 'trees', what: 'trees in the end', unit: '', target: atMost(1) },
  { id: 'depth', what: 'deepest node', unit: 'links' },
  { id: 'idle-bytes', what: 'in peace, per node and hour', unit: 'kB' },
  { id: 'arrived', what: 'first datagram of a pair arrives', unit: 'share' },
  { id: 'first-lookup', what: '... by the first lookup', unit: 'share', target: atLeast(0.999) },
  { id: 'stretch', what: 'its links by the shortest way', unit: 'x' },
  { id: 'split-trees', what: 'split in halves: trees', unit: '', target: atMost(2) },
  { id: 'healed', what: 'healed: one tree after', unit: 's' },
  { id: 'healed-arrived', what: 'healed: probes across arrive', unit: 'share', target: atLeast(0.999) },
  { id: 'healed-wrong', what: 'healed: old positions still believed', unit: '', target: atMost(0) },
  { id: 'churn', what: '5 % restarted a minute: arrives', unit: 'share', target: atLeast(0.99) },
  { id: 'churn-trees', what: '... trees in the end', unit: '', target: atMost(1) },
  { id: 'most-links', what: 'most links of a datagram', unit: 'links', target: atMost(DATAGRAM_TTL) },
  { id: 'circled', what: 'datagrams twice at a node', unit: 'share' },
]

export function simReport(runs: readonly Run[], findings: readonly Findings[] = runs.map(simulate)): Report {
  const columns = runs.map(nameOf)
  const standIns = runs.filter(({ crypto }) => crypto === 'stand-in').map(nameOf)
  const deep = runs.filter(({ isDeep }) => isDeep === true).map(nameOf)
  return {
    bench: 'sim',
    columns,
    rows: QUESTIONS.flatMap((question) => {
      const answers = columns.flatMap((column, i) => {
        const figure = findings[i]![question.id]
        return figure === undefined ? [] : [[column, figure] as const]
      })
      return answers.length === 0 ? [] : [{ ...question, figures: Object.fromEntries(answers) }]
    }),
    method: [
      'Real nodes, links of 2 to 12 ms without loss, all started within a second, each end dialling the other; virtual clock, all from one seed.',
      standIns.length === 0
        ? 'Real cryptography.'
        : `Real cryptography, but a stand-in for it in ${standIns.join(', ')}.`,
      ...(deep.length === 0
        ? []
        : [
            `${deep.join(', ')}: frames of 64 KiB, as TCP carries, and \`node.tree.max_depth\` as large as the network; a datagram passes ${DATAGRAM_TTL} links at most, so pairs are no farther apart along the tree.`,
          ]),
      `Of the pairs that never spoke one after another sends, so that every node is asked for once in ${ROUND / SECOND} s: beyond that the limits of rates would be measured. A pair hangs up when its datagram has arrived.`,
      'Restarted nodes are gone without a word and back after a second; probes go between nodes that are up when they are sent.',
    ],
  }
}
