/** From the system's refusal to bind a socket to the operator's sentence. */
import { TransportError } from './transport.ts'

/** `kind` names the section of the configuration that holds the address: `udp`, `tcp`. */
export function bindError(error: unknown, kind: 'udp' | 'tcp', bindAddr: string): TransportError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const what = `${kind.toUpperCase()} ${bindAddr}`
  const setting = `transports.${kind}.bind_addr`
  switch (code) {
    case 'EADDRINUSE':
      return new TransportError(
        'address-in-use',
        `${what} is in use by another program: stop it (is another FIPS node running?) or set another ${setting}.`,
      )
    case 'EACCES':
    case 'EPERM':
      return new TransportError(
        'no-permission',
        `No permission to bind ${what}: choose a port from 1024 up or run with CAP_NET_BIND_SERVICE.`,
      )
    case 'EADDRNOTAVAIL':
      return new TransportError(
        'not-found',
        `This machine has no address for ${what}: set ${setting} to one it has, or to 0.0.0.0 and the port.`,
      )
    case 'EAFNOSUPPORT':
      return new TransportError(
        'not-found',
        `This machine has no IPv6, which ${what} needs: set ${setting} to 0.0.0.0 and the port.`,
      )
    default: {
      const reason = error instanceof Error ? error.message : String(error)
      return new TransportError('io', `Cannot bind ${what}: ${reason}.`)
    }
  }
}
