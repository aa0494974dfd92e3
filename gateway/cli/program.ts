/** The command line: names, options and help. What each command does is in its own file. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { defaultControlSocket, existingFiles, loadConfig } from '../config/index.ts'
import { askDaemon } from '../control/index.ts'
import { generateKeyFiles } from '../keystore/index.ts'
import { systemRng } from '../rng.ts'
import { VERSION } from '../version.ts'
import { checkConfig } from './config-check.ts'
import { EXIT_CODE_HELP } from './exit-codes.ts'
import type { CommandIo } from './io.ts'
import { ping, type PingOptions } from './ping.ts'
import { runDaemon } from './run.ts'
import {
  renderPeers,
  renderSessions,
  renderStatus,
  renderTransports,
  renderTree,
  type Renderer,
} from './show.ts'

/** Where there is no terminal. */
const HELP_WIDTH = 80

interface SocketOptions {
  readonly socket?: string
  readonly config?: string
  readonly json?: boolean
}

/** The program; `setExit` receives the code of a command that ran. */
export function createProgram(io: CommandIo, setExit: (code: number) => void): Command {
  const program = new Command('fips-radio')
    .description('FIPS mesh node for LoRa, serial and UDP.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('(run with --help for the options)')
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err, getOutHelpWidth: () => io.columns ?? HELP_WIDTH })
    .addHelpText('after', EXIT_CODE_HELP)

  addRun(program, io, setExit)
  addShow(
    program,
    io,
    'status',
    'the node at a glance, with every dropped frame by reason',
    'show_status',
    renderStatus,
  )
  addShow(program, io, 'peers', 'neighbours: medium, signal, round trip, traffic', 'show_peers', renderPeers)
  addShow(
    program,
    io,
    'tree',
    'the place of this node and its peers in the spanning tree',
    'show_tree',
    renderTree,
  )
  addShow(program, io, 'sessions', 'end-to-end sessions', 'show_sessions', renderSessions)
  addShow(
    program,
    io,
    'transports',
    'media, their counters and time on air',
    'show_transports',
    renderTransports,
  )
  addPing(program, io, setExit)
  addKeygen(program, io)
  const config = program.command('config').description('look after the configuration file')
  config
    .command('check')
    .description('say what is wrong in the configuration, without starting anything')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(({ config: file, json }: SocketOptions) => setExit(checkConfig(io, file, json === true)))
  return program
}

function addRun(program: Command, io: CommandIo, setExit: (code: number) => void): void {
  program
    .command('run')
    .description('run the node in the foreground until SIGTERM or SIGINT')
    .addOption(configOption())
    .option(
      '--no-tun',
      'make no network interface: no root needed, and ping, status and forwarding still work',
    )
    .addOption(
      new Option('--log-level <level>', 'overrides node.log_level').choices([
        'error',
        'warn',
        'info',
        'debug',
        'trace',
      ]),
    )
    .option('--log-json', 'log JSON lines instead of plain ones')
    .addHelpText(
      'after',
      '\nWithout -c the files /etc/fips/fips.yaml, ~/.config/fips/fips.yaml, ~/.fips.yaml and ./fips.yaml are read,\neach overriding those before it. The log goes to stderr.\n',
    )
    .action(async (options: Parameters<typeof runDaemon>[1]) => setExit(await runDaemon(io, options)))
}

function addShow(
  program: Command,
  io: CommandIo,
  name: string,
  description: string,
  query: string,
  render: Renderer,
): void {
  program
    .command(name)
    .description(description)
    .addOption(socketOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options: SocketOptions) => {
      const data = await askDaemon(socketOf(options), query)
      io.out(options.json === true ? `${JSON.stringify(data)}\n` : render(data))
    })
}

function addPing(program: Command, io: CommandIo, setExit: (code: number) => void): void {
  program
    .command('ping')
    .description('send echo requests to a node through the mesh; works without a network interface')
    .argument('<npub>', 'public key of the node, npub1..., or its name in peers or the hosts file')
    .option('-n, --count <number>', 'echoes to send', whole(1, 65_535), 4)
    .option('-i, --interval <ms>', 'pause between them', whole(0, 3_600_000), 1000)
    .option('-w, --timeout <ms>', 'wait for each reply', whole(1, 120_000), 10_000)
    .option('--size <bytes>', 'payload of each', whole(0, 1232), 56)
    .addOption(socketOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .action(
      async (
        npub: string,
        options: SocketOptions & Record<'count' | 'interval' | 'timeout' | 'size', number>,
      ) => {
        const pingOptions: PingOptions = {
          count: options.count,
          intervalMs: options.interval,
          timeoutMs: options.timeout,
          size: options.size,
          json: options.json === true,
        }
        setExit(await ping(io, socketOf(options), npub, pingOptions))
      },
    )
}

function addKeygen(program: Command, io: CommandIo): void {
  program
    .command('keygen')
    .description('make a new identity: fips.key (mode 0600) and fips.pub')
    .option(
      '-d, --directory <path>',
      'where to write them (default: beside the configuration file, else here)',
    )
    .option('--force', 'replace an identity that is there; what knows the old one will not know the new one')
    .addOption(jsonOption())
    .action((options: { readonly directory?: string; readonly force?: boolean; readonly json?: boolean }) => {
      const directory = options.directory ?? dirname(existingFiles().at(-1) ?? './fips.yaml')
      const { npub } = generateKeyFiles(directory, systemRng, options.force === true)
      io.out(
        options.json === true
          ? `${JSON.stringify({ npub, directory })}\n`
          : `${npub}\nThe secret key is in ${directory}/fips.key; keep a copy of that file.\n`,
      )
    })
}

function configOption(): Option {
  return new Option('-c, --config <file>', 'use this configuration file and no other')
}

function socketOption(): Option {
  return new Option('-s, --socket <path>', "the daemon's control socket")
}

function jsonOption(): Option {
  return new Option('--json', 'print JSON instead of text')
}

/** Named on the command line, else in the configuration, else where a daemon without one puts it. */
function socketOf({ socket, config }: SocketOptions): string {
  if (socket !== undefined) return socket
  if (config === undefined && existingFiles().length === 0) return defaultControlSocket()
  return configuredSocket(config) ?? defaultControlSocket()
}

/** A configuration that is broken by now does not keep its running daemon from being asked. */
function configuredSocket(config: string | undefined): string | undefined {
  if (config !== undefined && !existsSync(config)) return undefined
  try {
    return loadConfig(config).config.node.control.socketPath
  } catch {
    return undefined
  }
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Allowed: a whole number from ${min} to ${max}.`)
    }
    return value
  }
}
