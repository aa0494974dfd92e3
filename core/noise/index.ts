export {
  EPOCH_SIZE,
  IK_MSG1_SIZE,
  IK_MSG2_SIZE,
  XK_MSG1_SIZE,
  XK_MSG2_SIZE,
  XK_MSG3_SIZE,
  type Established,
  type HandshakeInit,
  type HandshakeRejection,
  type RemoteIdentity,
  type TransportKeys,
} from './handshake.ts'
export { IkInitiator, IkResponder, type IkHello } from './ik.ts'
export { XkInitiator, XkResponder } from './xk.ts'
