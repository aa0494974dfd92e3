#!/usr/bin/env node
/**
 * Emulated RNodes on one ether, for tests and experiments without hardware. Prints JSON lines: one per modem with
 * its port, then `ready`; takes JSON commands on stdin, one a line, and answers each with a line.
 */
import { fstatSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Command, InvalidArgumentError, Option } from 'commander'
import { RNODE_PROFILES } from '../../boards/index.ts'
import { RadioIsland, type IslandCommand, type IslandOptions } from '../emulation/index.ts'

const HELP = `
Commands on stdin, one JSON object a line:
  {"cmd":"unplug","node":"n0"}   pull the cable: the port goes away
  {"cmd":"plug","node":"n0"}     put it back: a new device behind the same name
  {"cmd":"reboot","node":"n0"}   restart the modem in whatever it is doing
  {"cmd":"loss","loss":0.1}      share of frames lost on every link
  {"cmd":"link","a":"n0","b":"n1","loss":0}
  {"cmd":"unlink","a":"n0","b":"n1"}
  {"cmd":"stats"}                frames, bytes and milliseconds on air so far
Ends on SIGTERM, or when the pipe on stdin is closed.`

interface Flags extends Omit<IslandOptions, 'links'> {
  readonly link?: readonly (readonly [number, number])[]
  readonly log?: boolean
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function number(least: number, most: number, whole: boolean): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`It must be ${whole ? 'a whole number ' : ''}from ${least} to ${most}.`)
    }
    return value
  }
}

function pair(
  text: string,
  earlier: readonly (readonly [number, number])[] = [],
): (readonly [number, number])[] {
  const match = /^n?(\d+)-n?(\d+)$/.exec(text)
  if (match === null) throw new InvalidArgumentError('It must be two modem numbers like 0-1.')
  return [...earlier, [Number(match[1]), Number(match[2])]]
}

const program = new Command('emulate')
  .description('Emulated RNodes on one LoRa ether, each on a pseudo-terminal or a TCP port.')
  .option('--nodes <count>', 'number of modems, named n0, n1, ...', number(1, 64, true), 2)
  .option('--dir <folder>', 'where to put a symbolic link to each pseudo-terminal')
  .option(
    '--tcp <port>',
    'TCP ports from this one on instead of pseudo-terminals (0: any)',
    number(0, 65_535, true),
  )
  .option('--speed <factor>', 'times real time', number(0.01, 1000, false), 1)
  .option('--loss <share>', 'share of frames lost on every link', number(0, 1, false), 0)
  .option('--seed <number>', 'for losses and contention', number(0, 2 ** 31, true), 1)
  .addOption(new Option('--topology <form>', 'who hears whom').choices(['mesh', 'line']).default('mesh'))
  .option('--link <a-b>', 'only these pairs hear each other; may be repeated', pair)
  .addOption(
    new Option('--profile <kind>', 'what the modems are')
      .choices(Object.keys(RNODE_PROFILES))
      .default('esp32'),
  )
  .option('--log', 'print every frame on the air and how each modem heard it')
  .addHelpText('after', HELP)

await main(program.parse().opts<Flags>())

async function main(flags: Flags): Promise<void> {
  const { link, ...options } = flags
  const island = new RadioIsland({ ...options, ...(link === undefined ? {} : { links: link }) })
  if (flags.log === true) {
    island.observe((event) => {
      const { from, bytes, airtimeMs, startedAt } = event.frame
      const frame = { from, bytes: bytes.length, airtimeMs, startedAt }
      if (event.type === 'sent') say({ ...frame, type: 'sent', data: Buffer.from(bytes).toString('hex') })
      else say({ ...frame, type: 'heard', by: event.by, outcome: event.outcome })
    })
  }
  for (const place of await island.open()) say({ type: 'modem', ...place })
  say({ type: 'ready' })

  let ending = false
  const end = async (): Promise<void> => {
    if (ending) return
    ending = true
    say({ type: 'end', air: island.stats })
    await island.close()
    process.exit(0)
  }
  process.once('SIGTERM', () => void end())
  process.once('SIGINT', () => void end())
  const lines = createInterface({ input: process.stdin })
  // Commands in order: each is carried out before the next is read.
  for await (const line of lines) if (line.trim() !== '') say(await obey(island, line))
  // In the background of a shell stdin is /dev/null and ends at once; a starter's pipe ends with the starter.
  const stdin = fstatSync(0)
  if (stdin.isFIFO() || stdin.isSocket()) await end()
}

async function obey(island: RadioIsland, line: string): Promise<object> {
  try {
    const command = parseCommand(JSON.parse(line))
    if (command === undefined) return { type: 'refused', reason: 'Not a command; see --help.' }
    if (command.cmd === 'stats') return { type: 'stats', ...island.stats }
    const place = await island.execute(command)
    return { type: 'done', cmd: command.cmd, ...place }
  } catch (error) {
    return { type: 'refused', reason: error instanceof Error ? error.message : String(error) }
  }
}

function parseCommand(value: unknown): IslandCommand | { readonly cmd: 'stats' } | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const field = (name: string): unknown => Object.entries(value).find(([key]) => key === name)?.[1]
  const [cmd, node, a, b, loss] = ['cmd', 'node', 'a', 'b', 'loss'].map(field)
  if (cmd === 'stats') return { cmd }
  if ((cmd === 'unplug' || cmd === 'plug' || cmd === 'reboot') && typeof node === 'string')
    return { cmd, node }
  if (cmd === 'loss' && typeof loss === 'number') return { cmd, loss }
  if ((cmd === 'link' || cmd === 'unlink') && typeof a === 'string' && typeof b === 'string')
    return { cmd, a, b, ...(typeof loss === 'number' ? { loss } : {}) }
  return undefined
}
