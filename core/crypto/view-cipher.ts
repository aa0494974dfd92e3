/** A cipher whose implementation takes views: the methods by offsets are made of those. */
import { TAG_SIZE, type Cipher } from './crypto.ts'

/** An implementation provides the methods that take views and inherits those that take offsets. */
export abstract class ViewCipher implements Cipher {
  abstract seal(counter: bigint, aad: Uint8Array, plaintext: Uint8Array): Uint8Array
  abstract sealInto(counter: bigint, aad: Uint8Array, plaintext: Uint8Array, output: Uint8Array): void
  abstract open(counter: bigint, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined

  sealAt(
    counter: number,
    bytes: Uint8Array,
    aadAt: number,
    aadLength: number,
    at: number,
    length: number,
  ): void {
    const sealed = bytes.subarray(at, at + length + TAG_SIZE)
    const aad = bytes.subarray(aadAt, aadAt + aadLength)
    this.sealInto(BigInt(counter), aad, sealed.subarray(0, length), sealed)
  }

  openAt(
    counter: number,
    input: Uint8Array,
    aadAt: number,
    aadLength: number,
    at: number,
    length: number,
    output: Uint8Array,
    outAt: number,
  ): boolean {
    const aad = input.subarray(aadAt, aadAt + aadLength)
    const plaintext = this.open(BigInt(counter), aad, input.subarray(at, at + length))
    if (plaintext === undefined) return false
    output.set(plaintext, outAt)
    return true
  }
}
