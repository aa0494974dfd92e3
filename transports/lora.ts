/**
 * LoRa as a FIPS transport: the radio link layer over a packet radio. Stations are addressed by the first 8 hex
 * digits of their NodeAddr; frames of any FMP size go through, in fragments, confirmed hop by hop.
 */
import {
  nodeAddrOf,
  type Clock,
  type FrameClass,
  type LinkProfile,
  type Millis,
  type NodeAddr,
  type PublicKey,
  type Rng,
  type TransportAddr,
  type TransportKind,
} from '../core/index.ts'
import {
  BoardError,
  checkRegion,
  contentionTiming,
  maxDwellBytes,
  timeOnAirMs,
  type BoardInfo,
  type BoardState,
  type RadioBoard,
  type RadioParams,
  type RegionPlan,
  type TxResult,
} from '../boards/index.ts'
import {
  RADIO_MTU,
  RadioLink,
  stationOf,
  SubBandBudget,
  type AirCounters,
  type AirtimeBudget,
  type LossReason,
  type RadioInput,
  type RadioNeighbour,
  type RadioOutput,
  type RadioTiming,
} from './radio/index.ts'
import {
  emptyStats,
  TransportError,
  type SendResult,
  type Transport,
  type TransportSink,
  type TransportStats,
} from './transport.ts'

/** What makes transmitting lawful: the plan, and the airtime left in its sub-band. */
export interface RegionBudget {
  readonly plan: RegionPlan
  /** Shared by all radios of the node in the same sub-band. */
  readonly budget: AirtimeBudget
}

export interface LoraTransportOptions {
  readonly board: RadioBoard
  readonly params: RadioParams
  /** Without a region nothing is ever sent: `open` refuses. */
  readonly regionBudget: RegionBudget | undefined
  readonly self: { readonly publicKey: PublicKey; readonly nodeAddr: NodeAddr }
  readonly clock: Clock
  readonly rng: Rng
  /** Beacons of other networks are ignored, 0..65535. Default 0. */
  readonly networkId?: number
  /** Largest FMP frame, up to `RADIO_MTU`, which is the default. */
  readonly mtu?: number
  /** Whether to announce ourselves by beacons. Default true. */
  readonly beacon?: boolean
  /** Opaque byte of the beacon. Default 0. */
  readonly capabilities?: number
  /** What both hosts take to turn a request into an answer; longer where the modem's time runs faster than theirs. */
  readonly hostTurnaroundMs?: Millis
  /**
   * Who is listed. A station that is not gets no answer and leaves no state, unless we have sent to it ourselves.
   * Default: everybody is (open mode, bounded).
   */
  readonly isKnown?: (station: TransportAddr) => boolean
}

/** A budget of its own for `params` under `plan`. Throws `TransportError` when the plan forbids the parameters. */
export function regionBudgetFor(plan: RegionPlan, params: RadioParams): RegionBudget {
  const subBand = checkRegion(plan, params)
  if (!subBand.ok) throw new TransportError('bad-config', subBand.message)
  return { plan, budget: new SubBandBudget(subBand.value.dutyCycle) }
}

export class LoraTransport implements Transport {
  readonly kind: TransportKind = 'lora'
  readonly mtu: number
  readonly profile: LinkProfile = 'constrained'
  readonly reliable = false
  readonly localAddr: string
  readonly stats: TransportStats = emptyStats()
  readonly #options: LoraTransportOptions
  readonly #clock: Clock
  #link: RadioLink | undefined
  #sink: TransportSink | undefined
  #up = false
  #closed = false
  #unsubscribe: (() => void)[] = []
  #timer: { readonly at: Millis; readonly cancel: () => void } | undefined

  constructor(options: LoraTransportOptions) {
    this.#options = options
    this.#clock = options.clock
    this.mtu = Math.min(options.mtu ?? RADIO_MTU, RADIO_MTU)
    this.localAddr = stationOf(options.self.nodeAddr)
  }

  /** Frames, bytes (without the modem's own) and milliseconds on the air from here. */
  get air(): Readonly<AirCounters> {
    return this.#link?.air ?? { frames: 0, bytes: 0, ms: 0 }
  }

  /** FMP frames waiting to start: what congestion marking goes by. */
  get queued(): number {
    return this.#link?.queued ?? 0
  }

  neighbours(): readonly Readonly<RadioNeighbour>[] {
    return this.#link?.neighbours() ?? []
  }

  async open(sink: TransportSink): Promise<void> {
    if (this.#sink !== undefined || this.#closed)
      throw new TransportError('io', 'A radio can be opened only once.')
    const { board, params, regionBudget } = this.#options
    if (regionBudget === undefined) {
      throw new TransportError(
        'bad-config',
        'The radio stays silent because no region is set: give `region` (EU868, US915, ...) for this transport.',
      )
    }
    const subBand = checkRegion(regionBudget.plan, params)
    if (!subBand.ok) throw new TransportError('bad-config', subBand.message)
    this.#sink = sink
    this.#unsubscribe = [
      board.onState((state) => this.#boardState(state)),
      board.onReceive((frame) => {
        const { payload, rssiDbm, snrDb } = frame
        this.#step({ type: 'receive', payload, rssiDbm, snrDb })
      }),
    ]
    try {
      await board.configure(params)
    } catch (error) {
      this.#release()
      throw asTransportError(error)
    }
    if (board.info !== undefined) this.#ready(board.info)
  }

  send(to: TransportAddr, frame: Uint8Array, frameClass: FrameClass): SendResult {
    if (frame.length > this.mtu) {
      this.stats.mtuExceeded++
      return 'too-large'
    }
    if (!this.#up) return 'down'
    const verdict = this.#step({ type: 'send', to, frame, frameClass })
    if (verdict === 'queued') {
      this.stats.packetsSent++
      this.stats.bytesSent += frame.length
    } else this.stats.sendErrors++
    return verdict ?? 'down'
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#up = false
    this.#release()
    await this.#options.board.close()
  }

  #release(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #boardState(state: BoardState): void {
    switch (state.type) {
      case 'ready':
        this.#ready(state.info)
        break
      case 'lost':
        this.#lost(state.reason)
        break
      case 'warning':
        this.#sink?.notice?.('warn', state.message)
        break
      case 'fault':
        this.#sink?.notice?.('warn', state.message)
        this.#lost(state.message)
        break
    }
  }

  #ready(info: BoardInfo): void {
    if (this.#closed || this.#up) return
    const timing = this.#timing(info)
    const known = this.#link
    this.#link ??= this.#makeLink(timing)
    this.#up = true
    this.#step({ type: 'up', timing })
    // The medium counts as up from the start; only a return is news.
    if (known !== undefined) this.#sink?.state(true, `${info.model} is back`)
  }

  #lost(reason: string): void {
    if (this.#closed || !this.#up) return
    this.#up = false
    this.#step({ type: 'down' })
    this.#sink?.state(false, reason)
  }

  #makeLink(timing: RadioTiming): RadioLink {
    const { self, rng, regionBudget, networkId, capabilities, beacon, isKnown } = this.#options
    if (regionBudget === undefined) throw new TransportError('bad-config', 'no region')
    return new RadioLink({
      station: this.localAddr,
      publicKey: self.publicKey,
      stationOfKey: (publicKey) => stationOf(nodeAddrOf(publicKey)),
      timing,
      budget: regionBudget.budget,
      rng,
      networkId: networkId ?? 0,
      capabilities: capabilities ?? 0,
      beacon: beacon ?? true,
      isKnown: isKnown ?? ((): boolean => true),
    })
  }

  #timing(info: BoardInfo): RadioTiming {
    const { params, regionBudget, hostTurnaroundMs } = this.#options
    const { overheadBytes, preambleSymbols } = info
    const dwell = regionBudget === undefined ? 0 : maxDwellBytes(regionBudget.plan, params, preambleSymbols)
    return {
      airtimeMs: (payloadBytes) => timeOnAirMs(params, payloadBytes + overheadBytes, preambleSymbols),
      maxPayload: Math.min(info.maxPayload, dwell - overheadBytes),
      ...contentionTiming(params),
      ...(hostTurnaroundMs === undefined ? {} : { hostTurnaroundMs }),
    }
  }

  /** One step of the link and everything it asks for. Returns the verdict on a `send`. */
  #step(input: RadioInput): SendResult | undefined {
    const link = this.#link
    if (link === undefined || this.#closed) return undefined
    const outputs = link.step(input, this.#clock.now())
    // The modem first: delivering a frame may call `send`, whose frames must queue behind these.
    for (const output of outputs) if (output.type === 'transmit') void this.#transmit(link, output)
    let verdict: SendResult | undefined
    for (const output of outputs) {
      if (output.type === 'verdict') verdict = output.result
      else this.#report(output)
    }
    Object.assign(this.stats.drops, link.drops)
    this.#arm(link)
    return verdict
  }

  async #transmit(link: RadioLink, output: Extract<RadioOutput, { type: 'transmit' }>): Promise<void> {
    let result: TxResult
    try {
      result = await this.#options.board.transmit(output.payload)
    } catch {
      // A board answers by value; should one throw, the frame has not left.
      result = { ok: false, reason: 'rejected' }
    }
    const { ok } = result
    if (link === this.#link) {
      this.#step({ type: 'transmitted', id: output.id, ok, airtimeMs: result.ok ? result.airtimeMs : 0 })
    }
  }

  #report(output: Exclude<RadioOutput, { type: 'verdict' }>): void {
    switch (output.type) {
      case 'frame': {
        this.stats.packetsRecv++
        this.stats.bytesRecv += output.frame.length
        const { rssiDbm, snrDb } = output
        this.#sink?.frame(output.from, output.frame, { rssiDbm, snrDb })
        break
      }
      case 'station':
        this.#sink?.station?.(output.station, output.publicKey)
        break
      case 'lost':
        this.stats.sendErrors++
        if (isWorthRepeating(output.reason)) this.#sink?.lost?.(output.to, output.frame)
        break
      case 'delivered':
        this.#sink?.delivered?.(output.to, output.frame)
        break
      case 'transmit':
        break
    }
  }

  #arm(link: RadioLink): void {
    const at = this.#closed ? undefined : link.deadline()
    if (at === this.#timer?.at) return
    this.#timer?.cancel()
    this.#timer = undefined
    if (at === undefined || at === Infinity) return
    const cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => {
      this.#timer = undefined
      this.#step({ type: 'tick' })
    })
    this.#timer = { at, cancel }
  }
}

/** Whether a frame was lost on the way, rather than made obsolete, impossible, or taken along by the modem. */
function isWorthRepeating(reason: LossReason): boolean {
  switch (reason) {
    case 'no-ack':
    case 'aged':
    case 'displaced':
      return true
    case 'replaced':
    case 'unfit':
    case 'board-lost':
      return false
  }
}

function asTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error
  if (!(error instanceof BoardError)) return new TransportError('io', String(error))
  switch (error.code) {
    case 'no-port':
      return new TransportError('not-found', error.message, { cause: error })
    case 'refused-params':
      return new TransportError('bad-config', error.message, { cause: error })
    case 'no-answer':
    case 'wrong-device':
    case 'firmware-too-old':
    case 'not-provisioned':
    case 'io':
      return new TransportError('io', error.message, { cause: error })
  }
}
