/** All media of the daemon together: opened side by side, found by id, closed together. */
import type {
  Clock,
  FrameClass,
  NodeInput,
  SendOutput,
  TransportAddr,
  TransportId,
} from '../../core/index.ts'
import type { Transport } from '../../transports/index.ts'
import type { TransportFacts } from '../control/index.ts'
import type { OperatorError } from '../errors.ts'
import type { Logger } from '../logger/index.ts'
import { Medium, type MediumEvents, type MediumSpec } from './medium.ts'

export interface FleetDeps {
  readonly clock: Clock
  readonly logger: Logger
  /** Inputs for the node. */
  step(input: NodeInput): void
  /** A frame of a batch, by offsets. */
  frameAt(id: TransportId, from: TransportAddr, bytes: Uint8Array, at: number, length: number): void
  batchEnd(): void
  /** A station announced itself on a medium whose peers are dialled when heard. */
  heard(medium: MediumSpec, addr: string, publicKey: Uint8Array): void
}

export class Fleet {
  readonly #media: ReadonlyMap<TransportId, Medium>
  readonly #logger: Logger

  constructor(specs: readonly MediumSpec[], deps: FleetDeps) {
    this.#logger = deps.logger
    const events = eventsOf(deps)
    this.#media = new Map(
      specs.map((spec) => [spec.id, new Medium(spec, { clock: deps.clock, logger: deps.logger, events })]),
    )
  }

  get specs(): readonly MediumSpec[] {
    return [...this.#media.values()].map(({ spec }) => spec)
  }

  /**
   * Opens everything. A medium whose device is missing is tried again later, and a warning now, as long as another one
   * works; one that the configuration keeps silent is left alone; a wrong setting, or nothing that works, rejects with the first failure.
   */
  async open(): Promise<void> {
    const media = [...this.#media.values()].filter(({ spec }) => spec.silence === undefined)
    const outcomes = await Promise.all(
      media.map(async (medium) => ({ medium, failure: await medium.open() })),
    )
    const failed = outcomes.flatMap(({ medium, failure }) =>
      failure === undefined ? [] : [{ medium, failure }],
    )
    const hopeless = failed.find(({ failure }) => !isDeviceTrouble(failure)) ?? failed[0]
    const stops = failed.length === media.length || failed.some(({ failure }) => !isDeviceTrouble(failure))
    if (hopeless !== undefined && stops) throw hopeless.failure
    for (const { medium, failure } of failed) {
      this.#logger.warn(`${failure.message} The node runs without it and goes on trying.`)
      medium.keepTrying(failure)
    }
  }

  send(output: SendOutput): void {
    this.#media.get(output.transportId)?.send(output.to, output.frame, output.frameClass)
  }

  /** As `send`, of a frame that stays where it is until `flush`. */
  queue(
    id: TransportId,
    to: TransportAddr,
    slab: Uint8Array,
    at: number,
    length: number,
    frameClass: FrameClass,
  ): void {
    this.#media.get(id)?.queue(to, slab, at, length, frameClass)
  }

  flush(): void {
    for (const medium of this.#media.values()) medium.flush()
  }

  facts(): readonly TransportFacts[] {
    return [...this.#media.values()].map((medium) => medium.facts())
  }

  /** The smallest frame that every medium in use carries, bytes; Infinity while none is up. */
  linkMtu(): number {
    let mtu = Number.POSITIVE_INFINITY
    for (const medium of this.#media.values()) mtu = Math.min(mtu, medium.mtu ?? mtu)
    return mtu
  }

  isUp(id: TransportId): boolean {
    return this.#media.get(id)?.isUp ?? false
  }

  async close(): Promise<void> {
    await Promise.all([...this.#media.values()].map((medium) => medium.close()))
  }
}

/** What plugging in, or the other program's end, can mend. */
function isDeviceTrouble({ kind }: OperatorError): boolean {
  return kind === 'no-device' || kind === 'bad-device'
}

function eventsOf(deps: FleetDeps): MediumEvents {
  return {
    up: ({ spec }, transport) => deps.step({ type: 'transport-up', transport: infoOf(spec, transport) }),
    down: ({ spec }) => deps.step({ type: 'transport-down', transportId: spec.id }),
    frame: ({ spec }, from, frame) => deps.step({ type: 'frame', transportId: spec.id, from, frame }),
    frameAt: ({ spec }, from, bytes, at, length) => deps.frameAt(spec.id, from, bytes, at, length),
    batchEnd: () => deps.batchEnd(),
    fate: ({ spec }, type, to, frame) => deps.step({ type, transportId: spec.id, to, frame }),
    gone: ({ spec }, addr) => deps.step({ type: 'path-gone', transportId: spec.id, addr }),
    station: ({ spec }, addr, publicKey) => deps.heard(spec, addr, publicKey),
  }
}

function infoOf(
  spec: MediumSpec,
  transport: Transport,
): Extract<NodeInput, { type: 'transport-up' }>['transport'] {
  return {
    id: spec.id,
    kind: spec.kind,
    ...(spec.name === undefined ? {} : { name: spec.name }),
    mtu: transport.mtu,
    profile: transport.profile,
    admission: spec.admission,
  }
}
