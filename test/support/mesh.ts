/**
 * Nodes joined by a simulated network on a virtual clock. Everything follows from the seed: the keys, what is lost,
 * how long a frame takes. Nothing waits, so an hour of a mesh takes as long as its cryptography.
 *
 *   const mesh = new TestMesh({ seed: 1 })
 *   const [a, b] = [mesh.addNode(), mesh.addNode()]
 *   mesh.join(a, b, { loss: 0.1 })
 *   mesh.dial(a, b)
 *   assert(mesh.runUntil(() => mesh.isLinked(a, b), 10_000))
 */
import type {
  AdmissionPolicy,
  Crypto,
  FrameClass,
  LinkProfile,
  MeshDeps,
  MeshLayer,
  NodeAddr,
  NodeEvent,
  NodeInput,
  NodeOutput,
  PartialNodeConfig,
  TransportInfo,
} from '../../core/index.ts'
import { concatBytes, FipsNode, Identity, nodeConfig } from '../../core/index.ts'
import { ArraySink } from './array-sink.ts'
import { EventQueue } from './event-queue.ts'
import { SeededRng } from '../../boards/index.ts'

/** Wall-clock time at the virtual instant zero. */
const WALL_CLOCK_START = 1_800_000_000n
const MS_PER_S = 1000
const NEIGHBOURING_BYTES = new Uint8Array(37).fill(0xaa)

export interface TestMeshOptions {
  readonly seed: number
  readonly config?: PartialNodeConfig
  /** Largest frame of a stock link. Default 1472. */
  readonly mtu?: number
  /** Who may connect; by default everyone. */
  readonly admission?: Partial<AdmissionPolicy>
  /** The mesh half, when it shall not be the real one. */
  readonly mesh?: (deps: MeshDeps) => MeshLayer
  /** The primitives all nodes use; the portable ones when absent. */
  readonly crypto?: Crypto
  /** Frames and packets take the data path. Default false: they go through `step`. */
  readonly dataPath?: boolean
  /** Takes what nodes hand out, which is otherwise kept with each: for runs too long to keep it all. */
  readonly onOutput?: (node: TestNode, output: Exclude<NodeOutput, { type: 'send' }>) => void
}

/** A connection between two nodes, the same both ways. */
export interface Wire {
  readonly profile: LinkProfile
  readonly latencyMs: number
  /** Random delay on top, which also reorders. */
  readonly jitterMs: number
  /** Probability with which a frame is lost. */
  loss: number
  /** Nothing passes. */
  isCut: boolean
  /** The medium confirms frames: this long after it took one it tells whether that arrived. */
  readonly confirmsAfterMs: number | undefined
  /** Frames chosen to be lost. */
  drops: ((frame: Uint8Array) => boolean) | undefined
}

/** One way of a wire. */
interface Lane {
  readonly wire: Wire
  readonly receiver: TestNode
}

export interface SentFrame {
  readonly at: number
  readonly from: TestNode
  readonly to: string
  readonly frame: Uint8Array
  readonly frameClass: FrameClass
}

export interface TestNode {
  /** Its address on every transport. */
  readonly name: string
  readonly identity: Identity
  readonly addr: NodeAddr
  readonly config: PartialNodeConfig | undefined
  node: FipsNode
  /** Of the node's data path, where it has one. */
  sink: ArraySink | undefined
  /** Events and deliveries of the node since it was added. */
  readonly outputs: NodeOutput[]
  readonly events: NodeEvent[]
  isUp: boolean
}

/** A transport of each profile on every node, with the same number. */
const TRANSPORTS: Readonly<Record<LinkProfile, Omit<TransportInfo, 'admission'>>> = {
  stock: { id: 1, kind: 'udp', mtu: 1472, profile: 'stock' },
  constrained: { id: 2, kind: 'lora', mtu: 1400, profile: 'constrained' },
}

const OPEN: AdmissionPolicy = { acceptConnections: true, autoConnect: false, listedOnly: false }

type Happening =
  | { readonly type: 'wake'; readonly node: TestNode }
  | { readonly type: 'fate'; readonly node: TestNode; readonly input: NodeInput }
  | {
      readonly type: 'arrival'
      readonly to: TestNode
      readonly from: string
      readonly wire: Wire
      readonly frame: Uint8Array
    }

export class TestMesh {
  readonly nodes: TestNode[] = []
  /** Every frame sent, for tests that look at the wire. Off by default: it grows. */
  readonly trace: SentFrame[] = []
  isTracing = false
  readonly #options: TestMeshOptions
  readonly #rng: SeededRng
  /** By profile, then by the name of the sender and of the receiver. */
  readonly #wires: Readonly<Record<LinkProfile, Map<string, Map<string, Lane>>>> = {
    stock: new Map(),
    constrained: new Map(),
  }
  readonly #queue = new EventQueue<Happening>()
  readonly #wakeAt = new Map<TestNode, number>()
  #apart: TestNode | undefined
  #now = 0

  constructor(options: TestMeshOptions) {
    this.#options = options
    this.#rng = new SeededRng(options.seed)
  }

  get now(): number {
    return this.#now
  }

  addNode(
    admission: Partial<AdmissionPolicy> = this.#options.admission ?? {},
    config: PartialNodeConfig | undefined = this.#options.config,
  ): TestNode {
    const identity = Identity.fromSecret(this.#rng.bytes(32), this.#options.crypto)
    const name = `n${this.nodes.length}`
    const sink = this.#newSink()
    const node: TestNode = {
      name,
      identity,
      addr: identity.nodeAddr,
      node: this.#newNode({ identity, sink, config }),
      sink,
      config,
      outputs: [],
      events: [],
      isUp: true,
    }
    this.nodes.push(node)
    this.#start(node, admission)
    return node
  }

  addNodes(count: number): readonly TestNode[] {
    return Array.from({ length: count }, () => this.addNode())
  }

  /** Lets frames pass between two nodes. */
  join(a: TestNode, b: TestNode, wire: Partial<Wire> = {}): Wire {
    const profile = wire.profile ?? 'stock'
    const whole: Wire = {
      profile,
      latencyMs: 10,
      jitterMs: 0,
      loss: 0,
      isCut: false,
      confirmsAfterMs: undefined,
      drops: undefined,
      ...wire,
    }
    this.#lay(profile, a, b, whole)
    this.#lay(profile, b, a, whole)
    return whole
  }

  /** Makes `from` dial `to`, for ever. */
  dial(from: TestNode, to: TestNode, persistent = true): void {
    const paths = Object.values(TRANSPORTS)
      .filter(({ profile }) => this.#wires[profile].get(from.name)?.has(to.name) === true)
      .map(({ id }, priority) => ({ transportId: id, addr: to.name, priority }))
    this.input(from, { type: 'connect', peer: to.identity.publicKey, paths, persistent })
  }

  connect(a: TestNode, b: TestNode, wire: Partial<Wire> = {}): Wire {
    const joined = this.join(a, b, wire)
    this.dial(a, b)
    return joined
  }

  input(node: TestNode, input: NodeInput): void {
    const outputs = node.sink === undefined ? node.node.step(input, this.#now) : this.#byDoor(node, input)
    this.#perform(node, outputs)
  }

  /** The process is gone without a word; what arrives for it is lost. */
  crash(node: TestNode): void {
    node.isUp = false
  }

  /** A new process with the same key. */
  restart(node: TestNode, admission: Partial<AdmissionPolicy> = this.#options.admission ?? {}): void {
    node.sink = this.#newSink()
    node.node = this.#newNode(node)
    node.isUp = true
    this.#start(node, admission)
  }

  run(durationMs: number): void {
    this.runUntil(() => false, durationMs)
  }

  /** Runs until `condition` holds, checked after each event; false when `limitMs` of virtual time passed without it. */
  runUntil(condition: () => boolean, limitMs: number): boolean {
    const end = this.#now + limitMs
    while (!condition()) {
      const at = this.#queue.nextAt()
      if (at === undefined || at > end) {
        this.#now = end
        return condition()
      }
      const event = this.#queue.shift()
      this.#now = Math.max(this.#now, at)
      if (event !== undefined) this.#happen(event.value)
    }
    return true
  }

  /** Both hold the link for up. */
  isLinked(a: TestNode, b: TestNode): boolean {
    return hasPeer(a, b) && hasPeer(b, a)
  }

  /** All nodes that are up agree on one root. Who did not when last asked is asked first: mostly it does not yet. */
  hasOneRoot(): boolean {
    const root = this.nodes.find(({ isUp }) => isUp)?.node.views.tree().root
    const isApart = ({ node, isUp }: TestNode): boolean => isUp && node.views.tree().root !== root
    if (this.#apart === undefined || !isApart(this.#apart)) this.#apart = this.nodes.find(isApart)
    return root !== undefined && this.#apart === undefined
  }

  /** In [0, 1). */
  #draw(): number {
    return this.#rng.word() / 2 ** 32
  }

  #newSink(): ArraySink | undefined {
    return this.#options.dataPath === true ? new ArraySink() : undefined
  }

  /** A frame lies somewhere in the memory of its transport, so here too. */
  #byDoor({ node, sink }: TestNode, input: NodeInput): readonly NodeOutput[] {
    const memory = (bytes: Uint8Array): Uint8Array =>
      concatBytes(NEIGHBOURING_BYTES, bytes, NEIGHBOURING_BYTES)
    const at = NEIGHBOURING_BYTES.length
    const stepped = (): readonly NodeOutput[] => {
      switch (input.type) {
        case 'frame': {
          const { transportId, from, frame } = input
          return node.frameAt(transportId, from, memory(frame), at, frame.length, this.#now)
        }
        case 'packet':
          return node.packetAt(memory(input.packet), at, input.packet.length, this.#now)
        default:
          return node.step(input, this.#now)
      }
    }
    const outputs = stepped()
    return [...outputs, ...(sink?.take() ?? [])]
  }

  #lay(profile: LinkProfile, from: TestNode, to: TestNode, wire: Wire): void {
    const wires = this.#wires[profile]
    const ofNode = wires.get(from.name)
    if (ofNode === undefined) wires.set(from.name, new Map([[to.name, { wire, receiver: to }]]))
    else ofNode.set(to.name, { wire, receiver: to })
  }

  #newNode({ identity, sink, config }: Pick<TestNode, 'identity' | 'sink' | 'config'>): FipsNode {
    return new FipsNode({
      identity,
      ...(sink === undefined ? {} : { sink }),
      rng: this.#rng,
      config: nodeConfig(config),
      ...(this.#options.mesh === undefined ? {} : { mesh: this.#options.mesh }),
      now: this.#now,
    })
  }

  #start(node: TestNode, admission: Partial<AdmissionPolicy>): void {
    const seconds = WALL_CLOCK_START + BigInt(Math.floor(this.#now / MS_PER_S))
    this.input(node, { type: 'wall-clock', seconds })
    const { mtu = TRANSPORTS.stock.mtu } = this.#options
    for (const transport of [{ ...TRANSPORTS.stock, mtu }, TRANSPORTS.constrained]) {
      this.input(node, {
        type: 'transport-up',
        transport: { ...transport, admission: { ...OPEN, ...admission } },
      })
    }
  }

  #happen(event: Happening): void {
    if (event.type === 'arrival') {
      if (event.to.isUp && !event.wire.isCut) {
        const transportId = TRANSPORTS[event.wire.profile].id
        this.input(event.to, { type: 'frame', transportId, from: event.from, frame: event.frame })
      }
      return
    }
    if (event.type === 'fate') {
      if (event.node.isUp) this.input(event.node, event.input)
      return
    }
    if (this.#wakeAt.get(event.node) !== this.#now) return
    this.#wakeAt.delete(event.node)
    if (event.node.isUp) this.input(event.node, { type: 'tick' })
  }

  #perform(node: TestNode, outputs: readonly NodeOutput[]): void {
    for (const output of outputs) {
      if (output.type === 'send') this.#send(node, output)
      else if (this.#options.onOutput !== undefined) this.#options.onOutput(node, output)
      else if (output.type === 'event') node.events.push(output.event)
      else node.outputs.push(output)
    }
    const deadline = node.node.deadline()
    if (deadline === undefined) return
    const at = Math.max(deadline, this.#now)
    if ((this.#wakeAt.get(node) ?? Infinity) <= at) return
    this.#wakeAt.set(node, at)
    this.#queue.add(at, { type: 'wake', node })
  }

  #send(from: TestNode, output: Extract<NodeOutput, { type: 'send' }>): void {
    const { to, frame, frameClass, transportId } = output
    if (this.isTracing) this.trace.push({ at: this.#now, from, to, frame, frameClass })
    const profile = transportId === TRANSPORTS.stock.id ? 'stock' : 'constrained'
    const lane = this.#wires[profile].get(from.name)?.get(to)
    if (lane === undefined) return
    const { wire, receiver } = lane
    const isLost = wire.isCut || this.#draw() < wire.loss || wire.drops?.(frame) === true
    if (wire.confirmsAfterMs !== undefined) {
      const type = isLost ? 'frame-lost' : 'frame-delivered'
      const input: NodeInput = { type, transportId, to, frame: frame.slice() }
      this.#queue.add(this.#now + wire.confirmsAfterMs, { type: 'fate', node: from, input })
    }
    if (isLost) return
    const delay = wire.latencyMs + this.#draw() * wire.jitterMs
    this.#queue.add(this.#now + delay, { type: 'arrival', to: receiver, from: from.name, wire, frame })
  }
}

export function hasPeer(node: TestNode, peer: TestNode): boolean {
  return node.node.views.peers().some((view) => view.nodeAddr === peer.addr)
}
