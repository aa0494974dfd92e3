/**
 * A microcontroller on a test mesh: begins links, with the same epoch at each start and its sender index always 1,
 * says heartbeats and reports, and ignores everything else. Its frames are injected and those for it read from the trace.
 */
import { concatBytes, decodeFrame, encodeMsg1, Identity, IkInitiator } from '../../../core/index.ts'
import { encodeHeartbeat, type FmpFrame } from '../../../core/index.ts'
import { LinkSession } from '../../../core/peer/index.ts'
import type { TestMesh, TestNode } from '../../support/mesh.ts'

const PORT = 'microcontroller'
const STOCK_TRANSPORT = 1
const INDEX = 1
const EPOCH = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)
const HEARTBEAT_MS = 10_000

export class Microcontroller {
  readonly identity: Identity
  /** Link messages it was sent since the last start, type byte first. */
  readonly heard: Uint8Array[] = []
  /** Handshakes of others, which it ignores. */
  msg1sIgnored = 0
  readonly #mesh: TestMesh
  readonly #peer: TestNode
  #noise: IkInitiator | undefined
  #session: LinkSession | undefined
  #starts = 0
  #read: number
  #heartbeatAt = Infinity
  #last: Uint8Array = new Uint8Array(0)

  constructor(mesh: TestMesh, peer: TestNode, seed: number) {
    this.identity = Identity.fromSecret(new Uint8Array(32).fill(seed))
    this.#mesh = mesh
    this.#peer = peer
    mesh.isTracing = true
    this.#read = mesh.trace.length
  }

  get isLinked(): boolean {
    return this.#session !== undefined
  }

  /** Forgets everything and begins the link. */
  start(): void {
    this.#starts += 1
    this.#session = undefined
    this.heard.length = 0
    const ephemeralSecret = new Uint8Array(32).fill(0x20 + this.#starts)
    this.#noise = new IkInitiator(
      { identity: this.identity, ephemeralSecret, epoch: EPOCH },
      this.#peer.identity.publicKey,
    )
    this.#inject(encodeMsg1(INDEX, this.#noise.writeMsg1()))
    this.#listen()
  }

  send(message: Uint8Array): void {
    const session = this.#session
    if (session === undefined) throw new Error('there is no link yet')
    this.#inject(session.seal(message, false, false, this.#mesh.now))
    this.#listen()
  }

  /** Lets time pass for the whole mesh, in steps in which it hears and answers. */
  run(durationMs: number, stepMs = 500): void {
    const end = this.#mesh.now + durationMs
    while (this.#mesh.now < end) {
      this.#mesh.run(Math.min(stepMs, end - this.#mesh.now))
      this.#listen()
      if (this.#session !== undefined && this.#mesh.now >= this.#heartbeatAt) {
        this.#heartbeatAt = this.#mesh.now + HEARTBEAT_MS
        this.send(encodeHeartbeat())
      }
    }
  }

  /** Messages of a kind it heard. */
  messages(type: number): readonly Uint8Array[] {
    return this.heard.filter((message) => message[0] === type)
  }

  #listen(): void {
    for (; this.#read < this.#mesh.trace.length; this.#read++) {
      const sent = this.#mesh.trace[this.#read]
      if (sent === undefined || sent.to !== PORT || sent.from !== this.#peer) continue
      const frame = decodeFrame(sent.frame)
      if (frame.ok) this.#frame(frame.value)
    }
  }

  #frame(frame: FmpFrame): void {
    switch (frame.type) {
      case 'msg1':
        this.msg1sIgnored += 1
        return
      case 'msg2':
        this.#msg2(frame)
        return
      case 'established': {
        const opened = this.#session?.open(frame, this.#mesh.now)
        if (opened?.type === 'opened') this.heard.push(concatBytes(opened.message))
      }
    }
  }

  #msg2(frame: Extract<FmpFrame, { type: 'msg2' }>): void {
    const result = this.#noise?.readMsg2(frame.noise)
    if (result?.ok !== true) return
    this.#session = new LinkSession({
      handshake: result.value,
      ourIndex: INDEX,
      theirIndex: frame.senderIndex,
      crypto: this.identity.crypto,
      keyEpoch: false,
      answered: undefined,
      now: this.#mesh.now,
    })
    this.#heartbeatAt = this.#mesh.now
  }

  /** The frame sent last, once more. */
  repeatLast(): void {
    this.#inject(this.#last)
  }

  #inject(frame: Uint8Array): void {
    this.#last = frame.slice()
    this.#mesh.input(this.#peer, { type: 'frame', transportId: STOCK_TRANSPORT, from: PORT, frame })
  }
}
