/** Gives the interface its address, MTU and route, and takes the routing rule away again, through iproute2's `ip`. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { reasonOf, systemCode } from '../errors.ts'
import { formatIpv6 } from '../ipv6/index.ts'
import { permissionError, TunError } from './errors.ts'

const execute = promisify(execFile)

const MESH_PREFIX = 'fd00::/8'

/**
 * Ahead of the rules other software makes (VPNs catch all traffic from about 5270 on), so that mesh addresses are
 * routed by the main table. The reference's number: two daemons need the rule once.
 */
const RULE_PRIORITY = '5265'
const RULE = ['to', MESH_PREFIX, 'lookup', 'main', 'priority', RULE_PRIORITY] as const

/** No link-local address of its own, hence no router solicitations and no multicast chatter for the mesh. */
const ADDRESS_GENERATION_NONE = '1'

const COMMAND_TIMEOUT_MS = 10_000

/** Where `ip` is on distributions that keep it off the search path of ordinary users. */
const SEARCH_PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`
const OPTIONS = { timeout: COMMAND_TIMEOUT_MS, env: { ...process.env, PATH: SEARCH_PATH } }

export interface InterfaceSettings {
  readonly name: string
  readonly mtu: number
  /** 16 bytes. */
  readonly address: Uint8Array
}

/** Rejects with a `TunError`. */
export async function configureInterface({ name, mtu, address }: InterfaceSettings): Promise<void> {
  await writeFile(`/proc/sys/net/ipv6/conf/${name}/addr_gen_mode`, ADDRESS_GENERATION_NONE).catch(() => {
    // A read-only /proc (containers) only costs the chatter, which is dropped before the mesh anyway.
  })
  await ip('link', 'set', 'dev', name, 'mtu', String(mtu))
  await ip('-6', 'address', 'replace', `${formatIpv6(address)}/128`, 'dev', name, 'nodad')
  await ip('link', 'set', 'dev', name, 'up')
  await ip('-6', 'route', 'replace', MESH_PREFIX, 'dev', name)
}

/** Adds the routing rule; false when it was there, or policy routing is not. */
export async function addRoutingRule(): Promise<boolean> {
  return await execute('ip', ['-6', 'rule', 'add', ...RULE], OPTIONS).then(
    () => true,
    () => false,
  )
}

export async function removeRoutingRule(): Promise<void> {
  await execute('ip', ['-6', 'rule', 'delete', ...RULE], OPTIONS).catch(() => {
    // Gone already, and a rule that names a missing route does no harm.
  })
}

async function ip(...args: readonly string[]): Promise<void> {
  try {
    await execute('ip', args, OPTIONS)
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      throw new TunError(
        'no-ip-command',
        'The program `ip` is missing, which sets up the network interface: install iproute2.',
        { cause: error },
      )
    const said = reasonOf(error)
    if (said.includes('Operation not permitted')) throw permissionError('set up the network interface')
    throw new TunError('io', `Cannot set up the network interface: ${said}.`, { cause: error })
  }
}
