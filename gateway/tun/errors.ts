/** Why there is no TUN, each in a sentence that says what to do. */
import { constants } from 'node:os'
import { OperatorError, type ExitKind } from '../errors.ts'

export type TunFault =
  'no-device' | 'no-permission' | 'name-taken' | 'bad-name' | 'no-ip-command' | 'ipv6-disabled' | 'io'

const KINDS: Readonly<Record<TunFault, ExitKind>> = {
  'no-device': 'no-device',
  'no-permission': 'permission',
  'name-taken': 'in-use',
  'bad-name': 'config',
  'no-ip-command': 'no-device',
  'ipv6-disabled': 'no-device',
  io: 'no-device',
}

const WITHOUT = 'or set `tun.enabled: false` to run without an interface'

export class TunError extends OperatorError {
  readonly code: TunFault

  constructor(code: TunFault, message: string, options?: ErrorOptions) {
    super(KINDS[code], message, options)
    this.name = 'TunError'
    this.code = code
  }
}

/** /dev/net/tun could not be opened; `system` is the name of the error. */
export function deviceError(system: string | undefined, reason: string): TunError {
  switch (system) {
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
      return new TunError(
        'no-device',
        `There is no usable /dev/net/tun: load the kernel module with \`modprobe tun\`, ${WITHOUT}.`,
      )
    case 'EACCES':
    case 'EPERM':
      return permissionError('open /dev/net/tun')
    default:
      return new TunError('io', `Cannot open /dev/net/tun: ${reason}.`)
  }
}

/** The interface could not be made. */
export function attachError(errno: number, name: string): TunError {
  const { EPERM, EACCES, EBUSY, EINVAL, EEXIST } = constants.errno
  switch (errno) {
    case EPERM:
    case EACCES:
      return permissionError(`make the network interface ${name}`)
    case EBUSY:
      return new TunError(
        'name-taken',
        `The network interface ${name} is in use by another program: stop it (is another FIPS node running?), set another tun.name, ${WITHOUT}.`,
      )
    case EINVAL:
    case EEXIST:
      return new TunError(
        'name-taken',
        `There is a network interface ${name} already that is no TUN: set another tun.name, or remove it with \`ip link delete ${name}\` if nothing needs it.`,
      )
    default:
      return new TunError('io', `Cannot make the network interface ${name}: system error ${errno}.`)
  }
}

export function permissionError(what: string): TunError {
  return new TunError(
    'no-permission',
    `No permission to ${what}: run as root or give the program CAP_NET_ADMIN, ${WITHOUT}.`,
  )
}
