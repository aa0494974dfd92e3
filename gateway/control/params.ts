/** What comes with a command, read with the reference's complaints. */
import { parseNpub, type PublicKey } from '../../core/index.ts'
import { ControlError } from './host.ts'

export type Params = Readonly<Record<string, unknown>>

export function required(command: string, params: Params | undefined): Params {
  if (params === undefined) throw new ControlError(`missing params for ${command}`)
  return params
}

export function field(params: Params, name: string): string {
  const value = params[name]
  if (typeof value !== 'string') throw new ControlError(`missing '${name}' parameter`)
  return value
}

export function within(params: Params, name: string, fallback: number, max: number): number {
  const value = params[name] ?? fallback
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
    throw new ControlError(`invalid '${name}' parameter: a whole number from 0 to ${max}`)
  }
  return value
}

export function peerKey(npub: string, complaint: string): PublicKey {
  const key = parseNpub(npub)
  if (!key.ok) throw new ControlError(`${complaint} '${npub}': ${reasonFor(key.code)}`)
  return key.value
}

function reasonFor(code: string): string {
  return code === 'not-bech32'
    ? 'bech32 decoding error: no valid bech32 or bech32m checksum'
    : `not a public key (${code})`
}
