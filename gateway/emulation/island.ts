/**
 * One ether with emulated RNodes on it, each behind a pseudo-terminal or a TCP port, for processes that share
 * nothing but modems. What happens to it while it runs (a cable pulled, a link lost) comes as commands.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  Ether,
  PacedClock,
  RNODE_PROFILES,
  RnodeEmulator,
  SeededRng,
  type EtherEvent,
  type EtherStats,
  type RnodeProfile,
} from '../../boards/index.ts'
import { systemClock } from '../clock.ts'
import { serveOnPty, serveOnTcp, type ServedPty, type ServedTcp } from './serve.ts'

export interface IslandOptions {
  /** Number of modems, named n0, n1, ... */
  readonly nodes: number
  /** Folder for the symbolic links n0, n1, ... to the pseudo-terminals; made if absent. */
  readonly dir?: string
  /** First of a row of TCP ports, one a modem, instead of pseudo-terminals; 0 picks free ones. */
  readonly tcp?: number
  /** Times real time. */
  readonly speed: number
  readonly seed: number
  /** Share of frames lost on every link. */
  readonly loss: number
  /** `mesh`: all hear all. `line`: each hears only its neighbours. */
  readonly topology: 'mesh' | 'line'
  /** Pairs of modem numbers; when given, no others hear each other. */
  readonly links?: readonly (readonly [number, number])[]
  readonly profile?: keyof typeof RNODE_PROFILES
}

/** What a test can do to a running island. */
export type IslandCommand =
  | { readonly cmd: 'unplug' | 'plug' | 'reboot'; readonly node: string }
  | { readonly cmd: 'loss'; readonly loss: number }
  | { readonly cmd: 'link' | 'unlink'; readonly a: string; readonly b: string; readonly loss?: number }

export interface ModemPlace {
  readonly name: string
  /** What to give a driver: the link in `dir`, the device itself, or `host:port`. */
  readonly port: string
  readonly device?: string
}

interface Modem {
  readonly emulator: RnodeEmulator
  readonly link: string | undefined
  pty?: ServedPty
  tcp?: ServedTcp
}

export class RadioIsland {
  readonly ether: Ether
  readonly #options: IslandOptions
  readonly #modems = new Map<string, Modem>()

  constructor(options: IslandOptions) {
    this.#options = options
    const clock = new PacedClock(systemClock, options.speed)
    const rng = new SeededRng(options.seed)
    this.ether = new Ether({ clock, rng })
    this.ether.setDefaultLink(options.topology === 'mesh' && options.links === undefined ? {} : undefined)
    const profile: RnodeProfile = RNODE_PROFILES[options.profile ?? 'esp32']
    for (let i = 0; i < options.nodes; i++) {
      const name = `n${i}`
      const emulator = new RnodeEmulator({
        clock,
        rng: new SeededRng(options.seed * 1000 + i),
        ether: this.ether,
        name,
        profile,
        // Nobody pulls DTR on a pseudo-terminal or a socket.
        resetOnOpen: false,
      })
      const link = options.dir === undefined ? undefined : join(options.dir, name)
      this.#modems.set(name, { emulator, link })
    }
    for (const [a, b] of this.#pairs()) this.ether.link(`n${a}`, `n${b}`, { loss: options.loss })
  }

  get stats(): EtherStats {
    return this.ether.stats
  }

  observe(sink: (event: EtherEvent) => void): () => void {
    return this.ether.observe(sink)
  }

  /** Opens everything and says where it is. */
  async open(): Promise<ModemPlace[]> {
    const { dir, tcp } = this.#options
    if (dir !== undefined) mkdirSync(dir, { recursive: true })
    const places: ModemPlace[] = []
    let index = 0
    for (const [name, modem] of this.#modems) {
      if (tcp === undefined) {
        places.push(this.#openPty(name, modem))
      } else {
        modem.tcp = await serveOnTcp(modem.emulator, tcp === 0 ? 0 : tcp + index)
        places.push({ name, port: `127.0.0.1:${modem.tcp.port}` })
      }
      index++
    }
    return places
  }

  /** Carries out a command; the place of a modem that was plugged in again, throws a sentence when it cannot. */
  async execute(command: IslandCommand): Promise<ModemPlace | undefined> {
    switch (command.cmd) {
      case 'unplug': {
        const modem = this.#modem(command.node)
        modem.emulator.unplug()
        await modem.pty?.close()
        return undefined
      }
      case 'plug': {
        const modem = this.#modem(command.node)
        modem.emulator.plug()
        return modem.tcp === undefined ? this.#openPty(command.node, modem) : undefined
      }
      case 'reboot':
        this.#modem(command.node).emulator.reboot()
        return undefined
      case 'loss':
        if (this.#options.topology === 'mesh') this.ether.setDefaultLink({ loss: command.loss })
        for (const [a, b] of this.#pairs()) this.ether.link(`n${a}`, `n${b}`, { loss: command.loss })
        return undefined
      case 'link':
        this.ether.link(command.a, command.b, { loss: command.loss ?? this.#options.loss })
        return undefined
      case 'unlink':
        this.ether.link(command.a, command.b, undefined)
        return undefined
    }
  }

  async close(): Promise<void> {
    for (const modem of this.#modems.values()) {
      modem.emulator.close()
      await modem.pty?.close()
      await modem.tcp?.close()
    }
  }

  #openPty(name: string, modem: Modem): ModemPlace {
    modem.pty = serveOnPty(modem.emulator, modem.link)
    return { name, port: modem.link ?? modem.pty.device, device: modem.pty.device }
  }

  #modem(name: string): Modem {
    const modem = this.#modems.get(name)
    if (modem === undefined) throw new Error(`There is no modem ${JSON.stringify(name)}.`)
    return modem
  }

  /** Pairs that hear each other at the start. */
  #pairs(): (readonly [number, number])[] {
    const { nodes, links, topology } = this.#options
    if (links !== undefined) return [...links]
    const pairs: [number, number][] = []
    for (let a = 0; a < nodes; a++)
      for (let b = a + 1; b < nodes; b++) if (topology === 'mesh' || b === a + 1) pairs.push([a, b])
    return pairs
  }
}
