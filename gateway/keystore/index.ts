export { writeWhole, type FileCalls, type FileToWrite } from './atomic-file.ts'
export {
  KEY_FILE,
  PUBLIC_FILE,
  generateKeyFiles,
  resolveIdentity,
  type IdentityRequest,
  type ResolvedIdentity,
} from './keystore.ts'
