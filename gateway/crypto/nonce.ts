/** The AEAD nonce of a cipher, written in place for each frame: 4 zero bytes and the counter as 8 bytes little-endian. */
export class Nonce {
  readonly #bytes = new Uint8Array(12)
  readonly #view = new DataView(this.#bytes.buffer)

  /** The nonce of `counter`, valid until the next call. */
  of(counter: bigint): Uint8Array {
    this.#view.setBigUint64(4, counter, true)
    return this.#bytes
  }

  /** `of` a safe integer, which makes no bigint. */
  ofNumber(counter: number): Uint8Array {
    this.#view.setUint32(4, counter, true)
    this.#view.setUint32(8, counter / 2 ** 32, true)
    return this.#bytes
  }
}
