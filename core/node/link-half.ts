/** The link half put together: which part is told of what. Every decision is in the parts. */
import { copiesFor } from '../copies.ts'
import { LINK_MESSAGE_TYPES, linkMessageName } from '../fmp/index.ts'
import type { FmpFrame } from '../fmp/index.ts'
import { decodeFrame } from '../fmp/index.ts'
import type { FrameClass, TransportAddr, TransportId } from '../link.ts'
import type { LinkPath, Peer } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { NodeContext } from './context.ts'
import type { SentAnnounce } from './announces.ts'
import { Dialer } from './dialer.ts'
import { Fates } from './fates.ts'
import { Filters } from './filters.ts'
import { Frames } from './frames.ts'
import { Initiator } from './initiator.ts'
import type { MeshLayer } from './layers.ts'
import { Leaves } from './leaves.ts'
import { LinkReports } from './link-reports.ts'
import { LinkTable } from './link-table.ts'
import { Liveness } from './liveness.ts'
import { Neighbours } from './neighbours.ts'
import { Responder } from './responder.ts'
import { Silence } from './silence.ts'
import { Tree } from './tree.ts'

export class LinkHalf {
  readonly links: LinkTable
  readonly frames: Frames
  readonly initiator: Initiator
  readonly responder: Responder
  readonly dialer: Dialer
  readonly tree: Tree
  readonly filters: Filters
  readonly reports: LinkReports
  readonly liveness: Liveness
  readonly silence: Silence
  readonly leaves: Leaves
  readonly neighbours: Neighbours
  readonly fates: Fates
  readonly #ctx: NodeContext
  readonly #mesh: () => MeshLayer

  /** `mesh` is asked for when something happens, never during construction: it is built on `neighbours`. */
  constructor(ctx: NodeContext, mesh: () => MeshLayer, now: Millis) {
    this.#ctx = ctx
    this.#mesh = mesh
    this.links = new LinkTable(ctx, {
      linkUp: (peer, at) => this.#linkUp(peer, at),
      linkDown: (peer, _reason, at) => this.#linkDown(peer, at),
      keysChanged: (peer, at) => this.#keysChanged(peer, at),
      peerForgot: (peer, at) => this.#peerForgot(peer, at),
    })
    this.reports = new LinkReports(ctx, {
      sendReport: (peer, message, at) => this.frames.send(peer, message, 'report', at),
      reported: (peer, highest, missing, at) => {
        this.tree.reported(peer, highest, missing, at)
        this.filters.reported(peer, highest, missing, at)
      },
      firstMeasured: (at) => this.tree.evaluate(at),
    })
    this.frames = new Frames(ctx, this.links, this.reports, {
      message: (peer, message, congested, at) => this.message(peer, message, congested, at),
      spokeAgain: (peer, at) => this.silence.heard(peer, at),
    })
    this.tree = new Tree(
      ctx,
      {
        sendAnnounce: (peer, message, at) => this.#announce(peer, message, 'tree', at),
        measuredCost: (peer) => this.reports.measuredCost(peer),
        positionChanged: (at) => this.#mesh().coordinatesChanged(at),
        relationsChanged: (at) => this.filters.changed(at),
        peerForgot: (peer, at) => this.#peerForgot(peer, at),
        announced: (peer, at) => this.leaves.announced(peer, at),
        outOfReach: (peer, at) => this.leaves.linkUp(peer, at),
        parentTold: (peer, at) => this.filters.sendAgain(peer, at),
        violated: (peer, at) => this.#violated(peer, at),
      },
      now,
    )
    this.filters = new Filters(ctx, {
      sendAnnounce: (peer, message, at) => this.#announce(peer, message, 'filter', at),
      isTreePeer: (addr) => this.tree.isTreePeer(addr),
      isParent: (addr) => !this.tree.isRoot && this.tree.parent === addr,
    })
    this.leaves = new Leaves(ctx, { tree: this.tree, filters: this.filters, reports: this.reports })
    this.silence = new Silence(ctx, {
      reported: (peer) => this.reports.reported(peer),
      fellSilent: (peer, at) => {
        this.tree.evaluate(at)
        this.initiator.rekey(peer, at)
      },
      spokeAgain: (_, at) => this.tree.evaluate(at),
    })
    this.initiator = new Initiator(ctx, this.links, (addr, at) => this.dialer.attempt(addr, at))
    this.fates = new Fates(ctx, [this.tree, this.filters], this.initiator)
    this.dialer = new Dialer(ctx, {
      newLink: (addr, key, path, at) => this.initiator.dial(addr, key, path, at),
      otherPath: (peer, path, at) => this.initiator.tryPath(peer, path, at),
    })
    this.responder = new Responder(ctx, this.links, (addr) => this.dialer.isConfigured(addr))
    this.liveness = new Liveness(ctx, this.links, this.frames)
    const { tree, filters, frames, reports } = this
    this.neighbours = new Neighbours(ctx, {
      tree,
      filters,
      frames,
      reports,
      wanted: (addr, at) => this.dialer.wanted(addr, at),
    })
  }

  /** A frame as a transport delivered it. */
  receive(bytes: Uint8Array, from: LinkPath, now: Millis): void {
    const { counters, transports } = this.#ctx
    const transport = transports.get(from.transportId)
    if (transport === undefined) {
      counters.link.unknownTransport += 1
      return
    }
    transport.traffic.packetsReceived += 1
    transport.traffic.bytesReceived += bytes.length
    const decoded = decodeFrame(bytes)
    if (!decoded.ok) {
      counters.link[decoded.code === 'wrong-length' ? 'payloadLenMismatch' : 'malformed'] += 1
      return
    }
    const frame: FmpFrame = decoded.value
    switch (frame.type) {
      case 'established':
        this.frames.receive(frame, from, now)
        return
      case 'msg1':
        this.responder.msg1(frame, bytes, from, transport.info, now)
        return
      case 'msg2':
        this.initiator.msg2(frame, now)
        return
    }
  }

  pathGone(transportId: TransportId, addr: TransportAddr, now: Millis): void {
    for (const peer of this.#ctx.peers.values()) {
      if (peer.path.transportId !== transportId || peer.path.addr !== addr) continue
      this.liveness.pathGone(peer, now)
      this.silence.fall(peer, now)
    }
  }

  /** An authentic message of a peer that is up. */
  message(peer: Peer, message: Uint8Array, congested: boolean, now: Millis): void {
    const name = linkMessageName(message[0] ?? LINK_MESSAGE_TYPES.heartbeat)
    switch (name) {
      case 'tree-announce':
        this.tree.receive(peer, message, now)
        return
      case 'filter-announce':
        this.filters.receive(peer, message, now)
        return
      case 'sender-report':
        this.reports.senderReport(peer, message, now)
        return
      case 'receiver-report':
        this.reports.receiverReport(peer, message, now)
        return
      case 'disconnect':
        this.liveness.receivedDisconnect(peer, message, now)
        return
      case 'heartbeat':
        return
      case 'session-datagram':
      case 'lookup-request':
      case 'lookup-response':
        this.#mesh().linkMessage(peer.addr, message, congested, now)
        return
      case undefined:
        this.#ctx.counters.link.unknownMessage += 1
    }
  }

  #violated(peer: Peer, now: Millis): void {
    if (!this.#ctx.violations.note(peer.addr, now)) return
    this.#ctx.counters.handshake.violators += 1
    this.liveness.disconnect(peer, 'security-violation', now)
  }

  #linkUp(peer: Peer, now: Millis): void {
    this.neighbours.changed()
    this.dialer.linkUp(peer.addr)
    this.responder.linkUp(peer, now)
    this.reports.linkUp(peer)
    this.silence.linkUp(peer, now)
    this.tree.linkUp(peer, now)
    this.filters.linkUp(peer, now)
    this.leaves.linkUp(peer, now)
    this.#mesh().neighbourUp(peer.addr, peer.publicKey, now, peer.up?.epoch)
  }

  #linkDown(peer: Peer, now: Millis): void {
    const hasRestarted = this.#ctx.peers.has(peer.addr)
    this.neighbours.changed()
    this.reports.linkDown(peer.addr)
    this.filters.linkDown(peer.addr, now)
    this.tree.linkDown(peer.addr, now)
    this.#mesh().neighbourDown(peer.addr, hasRestarted, now)
    if (!hasRestarted) this.dialer.linkDown(peer.addr, now)
  }

  /** The peer follows to the new keys when it sees them used, so whoever began the rekey uses them at once. */
  #keysChanged(peer: Peer, now: Millis): void {
    this.reports.keysChanged(peer, now)
    if (peer.keys.current?.isInitiator === true) this.liveness.heartbeat(peer, now)
    // A leaf begins no rekeys: it has started again, though with the same epoch.
    else if (peer.up?.isLeaf === true) this.#mesh().neighbourUp(peer.addr, peer.publicKey, now, peer.up.epoch)
  }

  #peerForgot(peer: Peer, now: Millis): void {
    this.tree.linkUp(peer, now)
    this.filters.sendAgain(peer, now)
  }

  /** Whoever has an announce drops its copies. */
  #announce(peer: Peer, message: Uint8Array, frameClass: FrameClass, now: Millis): SentAnnounce | undefined {
    const missingBefore = this.reports.missing(peer.addr)
    const copies = copiesFor(this.reports.lossRate(peer))
    let sent: SentAnnounce | undefined
    for (let left = copies; left > 0; left--) {
      const counter = peer.keys.current?.sendCounter
      const isSent = this.frames.send(peer, message, frameClass, now)
      if (counter !== undefined && isSent) sent = { counter: BigInt(counter), missingBefore, copies }
    }
    return sent
  }
}
