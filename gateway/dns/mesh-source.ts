/**
 * Did a query come over the mesh? Peers must not be able to try out the names of the operator's hosts file. Node does not
 * tell on which interface a datagram arrived, so its source is judged: the mesh delivers only from fd00::/8, and a local
 * network that uses such addresses as well is known by the prefix on its interface.
 */
import { networkInterfaces } from 'node:os'
import { isMeshIpv6 } from '../../core/index.ts'
import { parseIpv6 } from '../ipv6/index.ts'

type Interfaces = ReturnType<typeof networkInterfaces>

/** `meshInterface`: the TUN's name. `source`: as dgram gives it. */
export function cameOverMesh(
  source: string,
  meshInterface: string,
  interfaces: () => Interfaces = networkInterfaces,
): boolean {
  const address = parseIpv6(source.split('%')[0] ?? '')
  if (address === undefined || !isMeshIpv6(address)) return false
  for (const [name, entries] of Object.entries(interfaces()))
    for (const entry of entries ?? []) {
      if (entry.family !== 'IPv6') continue
      const own = parseIpv6(entry.address)
      // The host asking itself by its mesh address.
      const bits = name === meshInterface ? 128 : Number(entry.cidr?.split('/')[1] ?? 128)
      if (own !== undefined && samePrefix(own, address, bits)) return false
    }
  return true
}

function samePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  return a.every((byte, i) => {
    const compared = Math.min(8, Math.max(0, bits - 8 * i))
    const mask = (0xff << (8 - compared)) & 0xff
    return ((byte ^ (b[i] ?? 0)) & mask) === 0
  })
}
