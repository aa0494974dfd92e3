/** What `npm start` can be told, with ranges checked before anything starts. */
import { Command, InvalidArgumentError } from 'commander'

export interface DemoOptions {
  /** Stop once every pair has answered (or the time is up) instead of running until Ctrl-C. */
  readonly once: boolean
  /** Print one JSON object at the end instead of the live view. */
  readonly json: boolean
  /** Seed of every random choice: keys, losses, contention slots. */
  readonly seed: number
  /** Radio nodes besides the gateway. */
  readonly nodes: number
  readonly spreadingFactor: number
  readonly bandwidthHz: number
  /** Share of radio frames lost at each receiver, independent. */
  readonly loss: number
  /** How many seconds of radio time pass in a second. */
  readonly speed: number
}

/** Parses the words after `npm start --`; prints help or a sentence about the wrong word and ends the process itself. */
export function parseDemoOptions(argv: readonly string[]): DemoOptions {
  const command = new Command('npm start --')
    .description(
      'An offline LoRa island that reaches the UDP overlay: radio nodes, a gateway, a serial leaf and an overlay\n' +
        'node, each a whole FIPS node, on emulated RNode modems that share one ether with real time on air.',
    )
    .option('--once', 'stop when every pair has answered; exit 0, or 1 when one has not', false)
    .option('--json', 'print one JSON object at the end instead of the live view', false)
    .option('--seed <n>', 'seed of keys, losses and contention', integer('a seed', 0, 2 ** 32 - 1), 1)
    .option('--nodes <n>', 'radio nodes besides the gateway, 1 to 6', integer('the number of nodes', 1, 6), 3)
    .option('--sf <n>', 'spreading factor, 7 to 12', integer('the spreading factor', 7, 12), 8)
    .option('--bandwidth <hz>', 'bandwidth: 125000, 250000 or 500000', bandwidth, 125_000)
    .option('--loss <share>', 'share of radio frames lost, 0 to 0.5', number('the loss', 0, 0.5), 0)
    .option('--speed <n>', 'seconds of radio time per second, 1 to 100', number('the speed', 1, 100), 1)
  command.parse([...argv], { from: 'user' })
  const given = command.opts<
    Omit<DemoOptions, 'spreadingFactor' | 'bandwidthHz'> & { sf: number; bandwidth: number }
  >()
  const { sf, bandwidth: bandwidthHz, ...rest } = given
  return { ...rest, spreadingFactor: sf, bandwidthHz }
}

function number(what: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= min && value <= max)) {
      throw new InvalidArgumentError(`${what} is a number from ${min} to ${max}.`)
    }
    return value
  }
}

function integer(what: string, min: number, max: number): (text: string) => number {
  const parse = number(what, min, max)
  return (text) => {
    const value = parse(text)
    if (!Number.isInteger(value))
      throw new InvalidArgumentError(`${what} is a whole number from ${min} to ${max}.`)
    return value
  }
}

function bandwidth(text: string): number {
  const value = Number(text)
  if (![125_000, 250_000, 500_000].includes(value)) {
    throw new InvalidArgumentError('the bandwidth is 125000, 250000 or 500000 Hz.')
  }
  return value
}
