/** The kernel's IPv6 host behind a TUN interface. Linux; needs CAP_NET_ADMIN. */
import { closeSync, readFileSync } from 'node:fs'
import { batchIo } from '../../transports/native/index.ts'
import { openOffloadDevice, openPlainDevice, type HostInterface } from './device.ts'
import { TunError } from './errors.ts'
import { addRoutingRule, configureInterface } from './interface.ts'
import { OffloadTun } from './offload-tun.ts'
import { ReaderTun } from './reader-tun.ts'
import type { Tun } from './tun.ts'

export interface LinuxTunOptions {
  /** Default `fips0`. At most 15 characters. */
  readonly name?: string
  /** Bytes; default 1280, the reference's and the least IPv6 allows. */
  readonly mtu?: number
  /** The node's mesh address, 16 bytes: becomes the interface's, with a route for the whole mesh. */
  readonly address: Uint8Array
  /** The interface went away under the node; in one sentence. */
  readonly onGone?: (reason: string) => void
}

const DEFAULT_NAME = 'fips0'
const DEFAULT_MTU = 1280

const NAME_PATTERN = /^[^\s/:]{1,15}$/

const IPV6_DISABLED = '/proc/sys/net/ipv6/conf/all/disable_ipv6'

/** Makes and configures the interface, a `BatchTun` where this machine can. Rejects with a `TunError`, leaving nothing behind. */
export async function openTun(options: LinuxTunOptions): Promise<Tun> {
  const name = options.name ?? DEFAULT_NAME
  const mtu = options.mtu ?? DEFAULT_MTU
  if (!NAME_PATTERN.test(name) || name === '.' || name === '..')
    throw new TunError(
      'bad-name',
      `"${name}" cannot name a network interface: use 1 to 15 letters and digits in tun.name.`,
    )
  if (ipv6IsDisabled())
    throw new TunError(
      'ipv6-disabled',
      'IPv6 is switched off on this machine, and the mesh is IPv6: set the sysctl net.ipv6.conf.all.disable_ipv6 to 0.',
    )
  const io = batchIo()
  const offloadFd = io === undefined ? undefined : openOffloadDevice(name)
  const fd = offloadFd ?? openPlainDevice(name)
  try {
    await configureInterface({ name, mtu, address: options.address })
    const ruleIsOurs = await addRoutingRule()
    const made: HostInterface = { name, mtu, fd, ruleIsOurs, onGone: options.onGone }
    return io === undefined || offloadFd === undefined ? new ReaderTun(made) : new OffloadTun(io, made)
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function ipv6IsDisabled(): boolean {
  try {
    return readFileSync(IPV6_DISABLED, 'utf8').trim() === '1'
  } catch {
    return true
  }
}
