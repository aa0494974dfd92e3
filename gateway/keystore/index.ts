export { writeWhole, type FileCalls } from './atomic-file.ts'
export { generateKeyFiles, resolveIdentity, type IdentityRequest, type ResolvedIdentity } from './keystore.ts'
