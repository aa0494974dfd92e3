/** Our own TreeAnnounce, signed once for each declaration. */
import type { TreeAnnounce, TreeState } from '../stp/index.ts'
import { encodeTreeAnnounce, signDeclaration } from '../stp/index.ts'
import type { NodeContext } from './context.ts'

const SIGNATURE_AUX_BYTES = 32

export class OwnAnnounce {
  readonly #ctx: NodeContext
  readonly #state: TreeState
  #signature: Uint8Array
  /** Of the present declaration without its path, once somebody is told that. */
  #cutSignature: Uint8Array | undefined

  constructor(ctx: NodeContext, state: TreeState) {
    this.#ctx = ctx
    this.#state = state
    this.#signature = this.#sign(state.declaration)
  }

  /** Our position changed. */
  renew(): void {
    this.#signature = this.#sign(this.#state.declaration)
    this.#cutSignature = undefined
  }

  /** With the path to the root. */
  whole(): Uint8Array {
    const { declaration } = this.#state
    return encodeTreeAnnounce({ declaration, ancestry: this.#state.ancestry(), signature: this.#signature })
  }

  /** For whom the path is too long. */
  cut(): Uint8Array {
    const cut = this.#state.cut()
    this.#cutSignature ??= this.#sign(cut.declaration)
    return encodeTreeAnnounce({ ...cut, signature: this.#cutSignature })
  }

  #sign(declaration: TreeAnnounce['declaration']): Uint8Array {
    const { identity, crypto, rng } = this.#ctx
    return signDeclaration(declaration, identity, crypto, rng.bytes(SIGNATURE_AUX_BYTES))
  }
}
