export {
  COMPRESSED_KEY_SIZE,
  HKDF_SIZE,
  SECRET_SIZE,
  SIGNATURE_SIZE,
  TAG_SIZE,
  nonceOf,
  type Cipher,
  type Crypto,
} from './crypto.ts'
export { nobleCrypto } from './noble.ts'
export { ViewCipher } from './view-cipher.ts'
