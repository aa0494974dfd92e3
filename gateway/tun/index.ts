/** IPv6 hosts a node serves: the kernel's or one in this process. */
export { TunError, type TunFault } from './errors.ts'
export { openTun, type LinuxTunOptions } from './linux-tun.ts'
export type { Tun } from './tun.ts'
export {
  UserspaceHost,
  type PingOptions,
  type PingResult,
  type UserspaceHostOptions,
} from './userspace-host.ts'
