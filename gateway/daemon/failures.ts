/** From the error of a medium to the operator's sentence and the exit code. */
import { BoardError } from '../../boards/index.ts'
import { TransportError } from '../../transports/index.ts'
import { OperatorError, reasonOf, type ExitKind } from '../errors.ts'

const BY_TRANSPORT: Readonly<Record<TransportError['code'], ExitKind>> = {
  'address-in-use': 'in-use',
  'no-permission': 'permission',
  'not-found': 'no-device',
  'bad-config': 'config',
  io: 'no-device',
}

const BY_BOARD: Readonly<Record<BoardError['code'], ExitKind>> = {
  'no-port': 'no-device',
  'no-answer': 'no-device',
  'wrong-device': 'no-device',
  'firmware-too-old': 'bad-device',
  'refused-params': 'bad-device',
  'not-provisioned': 'bad-device',
  io: 'no-device',
}

/** `where.path` names the section of the configuration. */
export function mediumFailure(error: unknown, where: { readonly path: string }): OperatorError {
  if (error instanceof OperatorError) return error
  const message = `${where.path}: ${reasonOf(error)}`
  return new OperatorError(kindOf(error), message, { cause: error })
}

function kindOf(error: unknown): ExitKind {
  if (error instanceof TransportError) {
    return error.cause instanceof BoardError ? BY_BOARD[error.cause.code] : BY_TRANSPORT[error.code]
  }
  return error instanceof BoardError ? BY_BOARD[error.code] : 'internal'
}
