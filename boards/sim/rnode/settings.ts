/** The parameter half of an emulated RNode: what it stores, clamps and echoes. Pure; the emulator sends the replies. */
import type { RadioParams } from '../../board.ts'
import { COMMAND, QUERY_U8, readUint, u16, u32 } from '../../rnode/commands.ts'
import { chipBandwidth, chipFrequency, CHIPS, type RnodeProfile } from './profile.ts'

const UNSET_POWER = 0xff
const DEFAULT_CODING_RATE = 5
const FULL_LOCK = 10_000

export class RnodeSettings {
  readonly #profile: RnodeProfile
  /** Raised by every command that sets something; queries leave it. */
  revision = 0
  #frequencyHz = 0
  #bandwidthHz = 0
  #txPower = UNSET_POWER
  #spreadingFactor = 0
  #codingRate = DEFAULT_CODING_RATE
  /** Percent x 100; 0 is no lock. */
  shortTermLock = 0
  longTermLock = 0

  constructor(profile: RnodeProfile) {
    this.#profile = profile
  }

  reset(): void {
    this.#frequencyHz = 0
    this.#bandwidthHz = 0
    this.#txPower = UNSET_POWER
    this.#spreadingFactor = 0
    this.#codingRate = DEFAULT_CODING_RATE
    this.shortTermLock = 0
    this.longTermLock = 0
  }

  /** Not everything is set yet, so the radio will not start. */
  get locked(): boolean {
    return (
      this.#frequencyHz === 0 ||
      this.#bandwidthHz === 0 ||
      this.#txPower === UNSET_POWER ||
      this.#spreadingFactor === 0
    )
  }

  /** What the chip does with the parameters as they are. */
  get params(): RadioParams {
    const { chip } = this.#profile
    return {
      frequencyHz: chipFrequency(chip, this.#frequencyHz),
      bandwidthHz: chipBandwidth(this.#bandwidthHz),
      spreadingFactor: chip === 'sx127x' ? Math.max(6, this.#spreadingFactor) : this.#spreadingFactor,
      codingRate: this.#codingRate,
      txPowerDbm: this.#txPower,
    }
  }

  /** Applies a parameter command and returns its echo; undefined for commands that are not parameters. */
  apply(command: number, payload: Uint8Array, radioOn: boolean): Uint8Array | undefined {
    const byte = payload[0] ?? 0
    switch (command) {
      case COMMAND.frequency: {
        const asked = readUint(payload, 0, 4)
        if (asked !== 0) this.#frequencyHz = this.#set(asked)
        return u32(radioOn ? this.params.frequencyHz : this.#frequencyHz)
      }
      case COMMAND.bandwidth: {
        const asked = readUint(payload, 0, 4)
        if (asked !== 0) this.#bandwidthHz = this.#set(asked)
        return u32(radioOn ? this.params.bandwidthHz : this.#bandwidthHz)
      }
      case COMMAND.txPower:
        if (byte !== QUERY_U8)
          this.#txPower = this.#set(Math.min(byte, CHIPS[this.#profile.chip].maxPowerDbm))
        return new Uint8Array([this.#txPower])
      case COMMAND.spreadingFactor:
        if (byte !== QUERY_U8) this.#spreadingFactor = this.#set(Math.min(12, Math.max(5, byte)))
        return new Uint8Array([this.#spreadingFactor])
      case COMMAND.codingRate:
        if (byte !== QUERY_U8) this.#codingRate = this.#set(Math.min(8, Math.max(5, byte)))
        return new Uint8Array([this.#codingRate])
      case COMMAND.shortTermLock:
        this.shortTermLock = lockOf(payload)
        return u16(this.shortTermLock)
      case COMMAND.longTermLock:
        this.longTermLock = lockOf(payload)
        return u16(this.longTermLock)
      default:
        return undefined
    }
  }

  #set(value: number): number {
    this.revision++
    return value
  }
}

function lockOf(payload: Uint8Array): number {
  const asked = readUint(payload, 0, 2)
  return asked >= FULL_LOCK ? 0 : asked
}
