export { chooseCrypto, givesKnownAnswers, type CryptoPreference } from './choose.ts'
export { loadLibsodiumCrypto } from './libsodium-crypto.ts'
export { nodeCrypto } from './node-crypto.ts'
export { loadSodiumCrypto } from './sodium-crypto.ts'
