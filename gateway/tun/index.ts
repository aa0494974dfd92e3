/** IPv6 hosts a node serves: the kernel's or one in this process. */
export { TunError } from './errors.ts'
export { openTun } from './linux-tun.ts'
export { isBatchTun, type BatchTun, type Tun } from './tun.ts'
export { UserspaceHost } from './userspace-host.ts'
