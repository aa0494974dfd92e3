/**
 * A radio board straight on the simulated ether: what an RNode does on air, without serial line and quirks of
 * its host protocol. The fake to test the radio link layer against.
 */
import type { Clock, Rng } from '../../core/index.ts'
import { MAX_PHY_BYTES } from '../airtime.ts'
import {
  BoardError,
  MAX_IN_MODEM,
  type BoardInfo,
  type BoardState,
  type RadioBoard,
  type RadioFrame,
  type RadioParams,
  type TxResult,
} from '../board.ts'
import type { Ether } from './ether.ts'
import { SimRadio } from './sim-radio.ts'

const OVERHEAD_BYTES = 1

export class SimBoard implements RadioBoard {
  readonly #radio: SimRadio
  readonly #receivers = new Set<(frame: RadioFrame) => void>()
  readonly #watchers = new Set<(state: BoardState) => void>()
  readonly #pending = new Set<(result: TxResult) => void>()
  #info: BoardInfo | undefined
  #closed = false

  /** `avr`: the channel access and the preamble of the AVR build. */
  constructor(deps: { clock: Clock; rng: Rng; ether: Ether; name: string; avr?: boolean }) {
    this.#radio = new SimRadio(deps, {
      received: (payload, rssiDbm, snrDb) => {
        for (const receiver of this.#receivers) receiver({ payload, rssiDbm, snrDb })
      },
      burst: () => {},
    })
  }

  get info(): BoardInfo | undefined {
    return this.#info
  }

  configure(params: RadioParams): Promise<void> {
    if (this.#closed) return Promise.reject(new BoardError('io', 'The board is closed.'))
    this.#radio.tune(params)
    this.#info = {
      driver: 'sim',
      model: 'simulated radio',
      firmware: '1',
      maxPayload: MAX_PHY_BYTES - OVERHEAD_BYTES,
      overheadBytes: OVERHEAD_BYTES,
      preambleSymbols: this.#radio.preambleSymbols,
    }
    for (const watcher of this.#watchers) watcher({ type: 'ready', info: this.#info })
    return Promise.resolve()
  }

  transmit(payload: Uint8Array): Promise<TxResult> {
    if (this.#closed || this.#info === undefined) return Promise.resolve({ ok: false, reason: 'closed' })
    const fits = payload.length > 0 && payload.length <= this.#info.maxPayload
    if (!fits || this.#pending.size >= MAX_IN_MODEM) return Promise.resolve({ ok: false, reason: 'rejected' })
    return new Promise((resolve) => {
      const settle = (result: TxResult): void => {
        this.#pending.delete(settle)
        resolve(result)
      }
      this.#pending.add(settle)
      this.#radio.send(payload, (airtimeMs) => settle({ ok: true, airtimeMs }))
    })
  }

  onReceive(sink: (frame: RadioFrame) => void): () => void {
    this.#receivers.add(sink)
    return () => this.#receivers.delete(sink)
  }

  onState(sink: (state: BoardState) => void): () => void {
    this.#watchers.add(sink)
    return () => this.#watchers.delete(sink)
  }

  close(): Promise<void> {
    this.#closed = true
    this.#radio.detach()
    for (const settle of this.#pending) settle({ ok: false, reason: 'closed' })
    this.#receivers.clear()
    this.#watchers.clear()
    return Promise.resolve()
  }
}
