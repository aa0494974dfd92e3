/**
 * What an operator gets wrong, and what a machine refuses, one row each: the daemon is started as a person starts it
 * and has to end with one clear sentence that says what to do and the exit code of its kind.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { Ether, RNODE_PROFILES, RnodeEmulator, SeededRng, type RnodeProfile } from '../../boards/index.ts'
import { nsecOf } from '../../core/index.ts'
import { systemClock } from '../../gateway/clock.ts'
import { serveOnTcp } from '../../gateway/emulation/index.ts'
import { EXIT_CODES, type ExitKind } from '../../gateway/errors.ts'
import { openPty } from '../../gateway/pipes/index.ts'
import { DaemonNode, freeUdpPort, scratch } from '../support/live-node.ts'
import { Namespace } from '../support/namespace.ts'
import { FIPS_RADIO, must, run, type Finished } from '../support/process.ts'
import { needs } from '../support/requires.ts'

/** How the command is run: here unless the case says otherwise. */
type Runner = (program: string, args: readonly string[]) => Promise<Finished>

interface Scene {
  /** Text of fips.yaml. */
  readonly config: string
  readonly runner?: Runner
  /** Where fips.yaml stands; default the scratch folder. */
  readonly folder?: string
}

interface Case {
  readonly name: string
  readonly skip?: string | false
  /** Sets the trap in `folder`. */
  readonly prepare: (t: TestContext, folder: string) => Promise<Scene> | Scene
  readonly kind: ExitKind
  readonly says: RegExp
}

/** Sections of a node that would run, with `more` beside them. */
function configOf(folder: string, more: string): string {
  return `node:
  identity: { nsec: ${nsecOf(new Uint8Array(32).fill(7))} }
  control: { socket_path: ${join(folder, 'control.sock')} }
dns: { enabled: false }
${more}
`
}

function lora(folder: string, port: string, more = ''): Scene {
  return { config: configOf(folder, `transports: { lora: { port: "${port}", region: EU868${more} } }`) }
}

/** A modem of some kind behind a TCP port; gives the name of the port. */
async function modem(t: TestContext, profile: RnodeProfile): Promise<string> {
  const ether = new Ether({ clock: systemClock, rng: new SeededRng(1) })
  const deps = {
    clock: systemClock,
    rng: new SeededRng(2),
    ether,
    name: 'modem',
    profile,
    resetOnOpen: false,
  }
  const served = await serveOnTcp(new RnodeEmulator(deps), 0)
  t.after(() => served.close())
  return `tcp://127.0.0.1:${served.port}`
}

/** A serial port whose far end answers every write with `answer`. */
function serialPort(t: TestContext, answer: Uint8Array): string {
  const { path, pipe } = openPty()
  t.after(() => pipe.close())
  const ignore = (): void => undefined
  pipe.start({ data: () => void (answer.length > 0 && pipe.write(answer)), drained: ignore, closed: ignore })
  return path
}

/** A daemon that holds what the one under test wants as well. */
async function holder(
  t: TestContext,
  folder: string,
  config: Readonly<Record<string, unknown>>,
  namespace?: Namespace,
): Promise<DaemonNode> {
  return DaemonNode.run(t, {
    name: 'holder',
    seed: 1,
    folder,
    config,
    ...(namespace === undefined ? {} : { starter: (program, args) => namespace.start(program, args) }),
  })
}

async function ownNamespace(t: TestContext, label: string): Promise<Namespace> {
  const namespace = await Namespace.create(label)
  t.after(() => namespace.remove())
  return namespace
}

/** A file system with no room for another file, mounted for the test. */
async function fullDisk(t: TestContext, config: string): Promise<string> {
  const disk = mkdtempSync(join(tmpdir(), 'fips-disk-'))
  t.after(async () => {
    await run('umount', [disk])
    rmdirSync(disk)
  })
  await must('mount', '-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', disk)
  writeFileSync(join(disk, 'fips.yaml'), config)
  writeFileSync(join(disk, 'filler'), new Uint8Array(4096))
  return disk
}

/** Runs without any capability: what is left of root then is an ordinary user's. */
const withoutCapabilities: Runner = (program, args) =>
  run('setpriv', ['--bounding-set=-all', '--inh-caps=-all', '--', program, ...args])

const ROOT_WITH_TUN = needs('root', 'tun', 'program:ip')
const TUN = 'tun: { enabled: true }'

const CASES: readonly Case[] = [
  {
    name: 'a file that is not there',
    prepare: (_, folder) => ({ config: '', folder: join(folder, 'elsewhere') }),
    kind: 'config',
    says: /elsewhere\/fips\.yaml .*-c/,
  },
  {
    name: 'YAML indented with tabs',
    prepare: () => ({ config: 'transports:\n\tudp: {}\n' }),
    kind: 'config',
    says: /fips\.yaml:2: .*tab.*replace/,
  },
  {
    name: 'a key twice',
    prepare: () => ({ config: 'node:\n  leaf_only: true\n  leaf_only: false\n' }),
    kind: 'config',
    says: /fips\.yaml:3: .*`leaf_only` stands twice .*keep one/,
  },
  {
    name: 'a peer with half an npub',
    prepare: (_, folder) => ({ config: configOf(folder, 'peers:\n  - npub: npub1xyz') }),
    kind: 'config',
    says: /fips\.yaml:\d+: peers\[0\]\.npub is "npub1xyz"; allowed: .*copied whole/,
  },
  {
    name: 'a radio without a port',
    prepare: (_, folder) => ({ config: configOf(folder, 'transports: { lora: { region: EU868 } }') }),
    kind: 'config',
    says: /transports\.lora\.port is missing; name the device/,
  },
  {
    name: 'a frequency that the region forbids',
    prepare: (_, folder) => lora(folder, '/dev/ttyUSB0', ', frequency_hz: 915000000'),
    kind: 'config',
    says: /transports\.lora: 915\.0 MHz .*EU868: choose another frequency/,
  },
  {
    name: 'more power than the region allows',
    prepare: (_, folder) => lora(folder, '/dev/ttyUSB0', ', frequency_hz: 868300000, tx_power_dbm: 20'),
    kind: 'config',
    says: /transports\.lora: 20 dBm .*14 dBm .*lower the power/,
  },
  {
    name: 'a key file open to others',
    prepare: (_, folder) => {
      const key = join(folder, 'fips.key')
      writeFileSync(key, `${nsecOf(new Uint8Array(32).fill(9))}\n`)
      chmodSync(key, 0o644)
      return { config: 'node: { identity: { persistent: true } }\n' }
    },
    kind: 'identity',
    says: /fips\.key can be used by others \(mode 0644\).*chmod 600/,
  },
  {
    name: 'a port that is not there',
    prepare: (_, folder) => lora(folder, join(folder, 'ttyUSB9')),
    kind: 'no-device',
    says: /transports\.lora: There is no serial port .*ttyUSB9: is the device plugged in\?/,
  },
  {
    name: 'a file that is no port',
    prepare: (_, folder) => lora(folder, '/dev/null'),
    kind: 'no-device',
    says: /transports\.lora: \/dev\/null is no serial port: /,
  },
  {
    name: 'a modem on the network that is not there',
    prepare: async (_, folder) => lora(folder, `tcp://127.0.0.1:${await freeUdpPort()}`),
    kind: 'no-device',
    says: /transports\.lora: Nothing listens at 127\.0\.0\.1:\d+: check address and port/,
  },
  {
    name: 'a port where nobody answers',
    prepare: (t, folder) => lora(folder, serialPort(t, new Uint8Array())),
    kind: 'no-device',
    says: /transports\.lora: No modem answers at .*: check the port/,
  },
  {
    name: 'a port at another speed',
    prepare: (t, folder) => lora(folder, serialPort(t, Uint8Array.of(0x9f, 0x00, 0xe7, 0x1c, 0xfe))),
    kind: 'no-device',
    says: /transports\.lora: What is at .* talks, but not as an RNode: check the port, its speed/,
  },
  {
    name: 'modem firmware that is too old',
    prepare: async (t, folder) =>
      lora(folder, await modem(t, { ...RNODE_PROFILES.esp32, firmware: [1, 51] })),
    kind: 'bad-device',
    says: /transports\.lora: The RNode runs firmware 1\.51; at least 1\.52 is needed: update it/,
  },
  {
    name: 'a modem that nobody provisioned',
    prepare: async (t, folder) => lora(folder, await modem(t, RNODE_PROFILES.unprovisioned)),
    kind: 'bad-device',
    says: /transports\.lora: .*not provisioned; run rnodeconf --autoinstall/,
  },
  {
    name: 'a control socket with another daemon behind it',
    prepare: async (t, folder) => {
      const { socket } = await holder(t, folder, {})
      const config = `node: { control: { socket_path: ${socket} } }\n`
      return { config }
    },
    kind: 'in-use',
    says: /Another daemon answers on the control socket .*holder\.sock; stop it, or set node\.control/,
  },
  {
    name: 'a UDP port with another daemon behind it',
    prepare: async (t, folder) => {
      const udp = { bind_addr: `127.0.0.1:${await freeUdpPort()}` }
      await holder(t, folder, { transports: { udp } })
      return { config: configOf(folder, `transports: { udp: { bind_addr: "${udp.bind_addr}" } }`) }
    },
    kind: 'in-use',
    says: /transports\.udp: .*127\.0\.0\.1:\d+ .*(stop|choose|set).*bind_addr/,
  },
  {
    name: 'an interface name that another daemon has',
    skip: ROOT_WITH_TUN,
    prepare: async (t, folder) => {
      const namespace = await ownNamespace(t, 'bt')
      await holder(t, folder, { tun: { enabled: true } }, namespace)
      return { config: configOf(folder, TUN), runner: (...command) => namespace.run(...command) }
    },
    kind: 'in-use',
    says: /interface fips0 is in use by another program: .*tun\.name.*--no-tun.*still forwards/,
  },
  {
    name: 'a DNS port that another program has',
    skip: ROOT_WITH_TUN,
    prepare: async (t, folder) => {
      const namespace = await ownNamespace(t, 'bd')
      await holder(t, folder, { tun: { enabled: true }, dns: { enabled: true } }, namespace)
      const config = configOf(folder, 'tun: { enabled: true, name: fips1 }')
      return {
        config: config.replace('dns: { enabled: false }', 'dns: { enabled: true }'),
        runner: (...command) => namespace.run(...command),
      }
    },
    kind: 'in-use',
    says: /DNS port \[::1\]:5354 is in use by another program: .*dns\.port/,
  },
  {
    name: 'a full disk when a new identity is saved',
    skip: needs('root', 'program:mount'),
    prepare: async (t) => {
      const config = 'node: { identity: { persistent: true } }\n'
      return { config, folder: await fullDisk(t, config) }
    },
    kind: 'storage',
    says: /fips-disk-.*\/fips\.key cannot be saved: the disk is full; free some space/,
  },
  {
    name: 'an interface without the right to make one',
    skip: needs('tun', 'program:setpriv'),
    prepare: (_, folder) => ({
      config: configOf(folder, TUN),
      ...(process.geteuid?.() === 0 ? { runner: withoutCapabilities } : {}),
    }),
    kind: 'permission',
    says: /No permission to .*CAP_NET_ADMIN.*--no-tun.*still forwards for others, answers pings/,
  },
]

/** What is no line of the log: the log's begin with the time. */
function sentences({ stdout, stderr }: Finished): readonly string[] {
  return `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !/^\d{4}-\d\d-\d\dT/.test(line))
}

/** Most of a case is waiting for a modem or a start of Node. */
const AT_ONCE = 3

describe(
  'what is wrong ends the start with one sentence and the code of its kind',
  { concurrency: AT_ONCE },
  () => {
    for (const { name, skip = false, prepare, kind, says } of CASES) {
      test(`${EXIT_CODES[kind]}: ${name}`, { skip }, async (t) => {
        const folder = scratch(t)
        const { config, runner = run, folder: place = folder } = await prepare(t, folder)
        const file = join(place, 'fips.yaml')
        if (place === folder) writeFileSync(file, config, { mode: 0o600 })
        const ended = await runner(process.execPath, [FIPS_RADIO, 'run', '-c', file])
        const printed = sentences(ended)
        assert.equal(ended.code, EXIT_CODES[kind], `${ended.stdout}${ended.stderr}`)
        assert.equal(printed.length, 1, printed.join('\n'))
        assert.match(printed[0] ?? '', says)
      })
    }
  },
)
