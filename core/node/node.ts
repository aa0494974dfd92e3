/** The node: takes inputs, runs what is due, and returns what the host must do. */
import type { Crypto } from '../crypto/index.ts'
import { nodeAddrOf } from '../identity/index.ts'
import type { Identity, NodeAddr } from '../identity/index.ts'
import type { TransportAddr, TransportId, TransportInfo } from '../link.ts'
import { Mesh } from '../mesh/index.ts'
import { EPOCH_SIZE } from '../noise/index.ts'
import type { Peer } from '../peer/index.ts'
import { AccessLists, SessionIndexes, linkTimerTable, noTraffic } from '../peer/index.ts'
import type { Rng } from '../random.ts'
import type { Millis } from '../time.ts'
import type { NodeInput, NodeOutput, SansIoNode } from './api.ts'
import type { NodeConfig } from './config.ts'
import { NODE } from './context.ts'
import type { IndexOwner, NodeContext, TimerKind, TimerSubject } from './context.ts'
import { createCounters } from './counters.ts'
import { DataDoor } from './data-door.ts'
import type { Counters } from './counters.ts'
import { PeerDataLink } from './data-link.ts'
import type { DataLink, LinkLayer, MeshLayer } from './layers.ts'
import { LinkHalf } from './link-half.ts'
import type { PacketSink } from './packet-sink.ts'
import { NodeStatus } from './status.ts'
import type { NodeViews } from './views.ts'
import { TimerTable } from './timers.ts'
import type { DueTimer } from './timers.ts'
import { Violations } from './violations.ts'
import { WallClock } from './wall-clock.ts'

/** What the mesh half is built from. */
export interface MeshDeps {
  readonly link: LinkLayer
  readonly identity: Identity
  readonly rng: Rng
  readonly config: NodeConfig
  readonly counters: Counters
  /** The epoch that link handshakes carry, for those of sessions. */
  readonly epoch: Uint8Array
  /** Present when the node was given a packet sink. */
  readonly dataLink?: DataLink | undefined
  readonly now: Millis
}

export interface NodeDeps {
  readonly identity: Identity
  readonly rng: Rng
  readonly config: NodeConfig
  /** Defaults to the identity's. */
  readonly crypto?: Crypto
  /** Builds the mesh half; the real one unless something else is wanted. */
  readonly mesh?: (deps: MeshDeps) => MeshLayer
  /** Where traffic leaves that comes through `frameAt` and `packetAt`; without one it all takes the way of `step`. */
  readonly sink?: PacketSink
  readonly now: Millis
}

const NO_OUTPUTS: readonly NodeOutput[] = []

export class FipsNode implements SansIoNode {
  readonly views: NodeViews
  readonly #ctx: NodeContext
  readonly #half: LinkHalf
  readonly #mesh: MeshLayer
  readonly #door: DataDoor | undefined
  readonly #wallClock: WallClock
  #outputs: NodeOutput[] = []
  #isShutDown = false

  constructor(deps: NodeDeps) {
    const { identity, rng, config, sink, now } = deps
    this.#wallClock = new WallClock(now)
    this.#ctx = {
      identity,
      crypto: deps.crypto ?? identity.crypto,
      rng,
      config,
      linkTimers: linkTimerTable(config),
      counters: createCounters(),
      timers: new TimerTable<TimerKind, TimerSubject>(),
      transports: new Map(),
      peers: new Map(),
      indexes: new SessionIndexes<IndexOwner>(rng),
      accessLists: new AccessLists(),
      violations: new Violations(),
      epoch: rng.bytes(EPOCH_SIZE),
      wallClock: (at) => this.#wallClock.at(at),
      emit: (output) => this.#outputs.push(output),
    }
    this.#half = new LinkHalf(this.#ctx, () => this.#mesh, now)
    const { counters, epoch } = this.#ctx
    const dataLink = sink === undefined ? undefined : new PeerDataLink(this.#ctx, this.#half.frames, sink)
    const buildMesh = deps.mesh ?? ((meshDeps) => new Mesh(meshDeps))
    this.#mesh = buildMesh({
      link: this.#half.neighbours,
      identity,
      rng,
      config,
      counters,
      epoch,
      dataLink,
      now,
    })
    const { data } = this.#mesh
    if (sink !== undefined && data !== undefined) {
      this.#door = new DataDoor({
        ctx: this.#ctx,
        frames: this.#half.frames,
        sink,
        mesh: data,
        deliver: (peer, message, congested, at) => this.#half.message(peer, message, congested, at),
      })
    }
    this.views = new NodeStatus(this.#ctx, this.#half, this.#mesh)
  }

  step(input: NodeInput, now: Millis): readonly NodeOutput[] {
    if (!this.#isShutDown) {
      this.#mesh.data?.forget()
      this.#input(input, now)
    }
    return this.#takeOutputs()
  }

  frameAt(
    transportId: TransportId,
    from: TransportAddr,
    bytes: Uint8Array,
    at: number,
    length: number,
    now: Millis,
  ): readonly NodeOutput[] {
    if (this.#isShutDown) return NO_OUTPUTS
    if (this.#door?.frame(transportId, from, bytes, at, length, now) === true) return this.#takeOutputs()
    return this.step({ type: 'frame', transportId, from, frame: bytes.subarray(at, at + length) }, now)
  }

  packetAt(bytes: Uint8Array, at: number, length: number, now: Millis): readonly NodeOutput[] {
    if (this.#isShutDown) return NO_OUTPUTS
    if (this.#mesh.data?.packet(bytes, at, length, now) === true) return NO_OUTPUTS
    return this.step({ type: 'packet', packet: bytes.slice(at, at + length) }, now)
  }

  deadline(): Millis | undefined {
    if (this.#isShutDown) return undefined
    const link = this.#ctx.timers.next()
    const mesh = this.#mesh.deadline()
    if (link === undefined) return mesh
    return mesh === undefined ? link : Math.min(link, mesh)
  }

  #takeOutputs(): readonly NodeOutput[] {
    if (this.#outputs.length === 0) return NO_OUTPUTS
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }

  #input(input: NodeInput, now: Millis): void {
    switch (input.type) {
      case 'frame':
        this.#half.receive(input.frame, { transportId: input.transportId, addr: input.from }, now)
        return
      case 'frame-delivered':
      case 'frame-lost':
        this.#half.fates.told(input, now)
        return
      case 'tick':
        for (const timer of this.#ctx.timers.takeDue(now)) this.#due(timer, now)
        this.#mesh.tick(now)
        return
      case 'packet':
      case 'datagram':
      case 'identity':
      case 'probe':
        this.#mesh.input(input, now)
        return
      case 'transport-up':
        this.#transportUp(input.transport, now)
        return
      case 'transport-down':
        this.#transportDown(input.transportId, now)
        return
      case 'path-gone':
        this.#half.pathGone(input.transportId, input.addr, now)
        return
      case 'receive-drops':
        this.#half.reports.receiveDrops(input.transportId, input.isDropping)
        return
      case 'connect': {
        const { peer, paths, persistent, isOnDemand = false } = input
        this.#half.dialer.connect(nodeAddrOf(peer), peer, paths, { persistent, isOnDemand }, now)
        return
      }
      case 'disconnect':
        this.#disconnect(input.peer, now)
        return
      case 'access-lists':
        this.#accessLists(input, now)
        return
      case 'wall-clock':
        this.#wallClock.set(input.seconds, now)
        return
      case 'shutdown':
        this.#shutdown(now)
    }
  }

  #transportUp(transport: TransportInfo, now: Millis): void {
    if (this.#ctx.transports.has(transport.id)) this.#transportDown(transport.id, now)
    this.#ctx.transports.set(transport.id, {
      info: transport,
      traffic: noTraffic(),
      isDropping: false,
    })
    this.#half.dialer.transportUp(transport.id, now)
  }

  #transportDown(transportId: TransportId, now: Millis): void {
    this.#ctx.transports.delete(transportId)
    const lost = [...this.#ctx.peers.values()].filter((peer) => peer.path.transportId === transportId)
    for (const peer of lost) this.#half.links.drop(peer, 'transport down', now)
    // A peer that was only being dialled had no link to lose; its other paths are tried.
    for (const peer of lost) this.#half.dialer.attempt(peer.addr, now)
  }

  #disconnect(addr: NodeAddr, now: Millis): void {
    this.#half.dialer.forget(addr)
    const peer = this.#ctx.peers.get(addr)
    if (peer !== undefined) this.#half.liveness.disconnect(peer, 'configuration-change', now)
  }

  /** Whoever is denied from now on is told to go. */
  #accessLists(input: Extract<NodeInput, { type: 'access-lists' }>, now: Millis): void {
    const { accessLists, peers } = this.#ctx
    accessLists.replace(input)
    for (const peer of peers.values()) {
      if (accessLists.isDenied(peer.addr)) this.#disconnect(peer.addr, now)
    }
  }

  #shutdown(now: Millis): void {
    this.#mesh.shutdown(now)
    for (const plan of this.#half.dialer.plans()) this.#half.dialer.forget(plan.addr)
    // Nothing that a parting peer sets off concerns anybody any more.
    for (const peer of this.#ctx.peers.values()) this.#half.liveness.farewell(peer, 'shutdown', now)
    this.#isShutDown = true
  }

  #due(timer: DueTimer<TimerKind, TimerSubject>, now: Millis): void {
    const half = this.#half
    if (timer.kind === 'reevaluate') {
      half.tree.reevaluate(now)
      return
    }
    if (timer.subject === NODE) return
    if (timer.kind === 'dial') {
      half.dialer.attempt(timer.subject, now)
      return
    }
    const peer = this.#ctx.peers.get(timer.subject)
    if (peer !== undefined) this.#peerDue(timer.kind, peer, now)
  }

  #peerDue(kind: Exclude<TimerKind, 'reevaluate' | 'dial'>, peer: Peer, now: Millis): void {
    const half = this.#half
    switch (kind) {
      case 'handshake-resend':
        return half.initiator.resend(peer, now)
      case 'handshake-timeout':
        return half.initiator.timeOut(peer, now)
      case 'half-open':
        return half.responder.expireHalfOpen(peer, now)
      case 'rekey':
        return half.initiator.rekey(peer, now)
      case 'drain':
        return peer.keys.endDrain()
      case 'heartbeat':
        return half.liveness.heartbeatDue(peer, now)
      case 'dead':
        return half.liveness.deadDue(peer, now)
      case 'silence':
        return half.silence.due(peer, now)
      case 'tree-announce':
        return half.tree.announceDue(peer, now)
      case 'tree-resend':
        return half.tree.resendDue(peer, now)
      case 'filter-announce':
        return half.filters.announceDue(peer, now)
      case 'filter-resend':
        return half.filters.resendDue(peer, now)
      case 'report':
        return half.reports.reportDue(peer, now)
      case 'leaf':
        return half.leaves.graceOver(peer, now)
    }
  }
}
