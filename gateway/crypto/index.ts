export { chooseCrypto, givesKnownAnswers, type CryptoPreference } from './choose.ts'
export { nodeCrypto } from './node-crypto.ts'
export { loadSodiumCrypto } from './sodium-crypto.ts'
