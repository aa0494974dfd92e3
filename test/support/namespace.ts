/** Network namespaces of a test: made, joined by veth pairs, and removed by the test that made them. Needs root and iproute2. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { must, run, start, type Finished, type Running } from './process.ts'

export class Namespace {
  readonly name: string

  private constructor(name: string) {
    this.name = name
  }

  /** A fresh namespace with only a loopback; its name is unique to this process. */
  static async create(label: string): Promise<Namespace> {
    const namespace = new Namespace(`fr${process.pid}-${label}`)
    await must('ip', 'netns', 'add', namespace.name)
    await must('ip', '-n', namespace.name, 'link', 'set', 'lo', 'up')
    return namespace
  }

  /** Runs a program inside to its end. */
  run(program: string, args: readonly string[], timeoutMs?: number): Promise<Finished> {
    return run(
      'ip',
      ['netns', 'exec', this.name, program, ...args],
      timeoutMs === undefined ? {} : { timeoutMs },
    )
  }

  /** Starts a program inside. */
  start(program: string, args: readonly string[], env?: NodeJS.ProcessEnv): Running {
    return start('ip', ['netns', 'exec', this.name, program, ...args], env)
  }

  /** Makes `::1` the resolver of every program started inside from now on. */
  async resolveLocally(): Promise<void> {
    const folder = `/etc/netns/${this.name}`
    await mkdir(folder, { recursive: true })
    await writeFile(`${folder}/resolv.conf`, 'nameserver ::1\noptions timeout:2 attempts:5\n')
  }

  async remove(): Promise<void> {
    await run('ip', ['netns', 'del', this.name])
    await rm(`/etc/netns/${this.name}`, { recursive: true, force: true })
  }
}

/** Interface names are unique within this process. */
let joined = 0

/** Joins two namespaces by a veth pair with the given IPv4 addresses (`10.x.y.z/24`); returns the device of each. */
export async function join(
  a: Namespace,
  addressA: string,
  b: Namespace,
  addressB: string,
): Promise<readonly [string, string]> {
  const id = `${process.pid % 100_000}x${joined++}`
  const [deviceA, deviceB] = [`va${id}`, `vb${id}`]
  await must(
    'ip',
    'link',
    'add',
    deviceA,
    'netns',
    a.name,
    'type',
    'veth',
    'peer',
    'name',
    deviceB,
    'netns',
    b.name,
  )
  for (const [namespace, device, address] of [
    [a, deviceA, addressA],
    [b, deviceB, addressB],
  ] as const) {
    await must('ip', '-n', namespace.name, 'addr', 'add', address, 'dev', device)
    await must('ip', '-n', namespace.name, 'link', 'set', device, 'up')
  }
  return [deviceA, deviceB]
}
