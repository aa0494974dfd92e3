/** What the node tells, as lines of the log. */
import { npubOf, type NodeAddr, type NodeEvent } from '../../core/index.ts'
import { shortNpub, type Names } from '../control/index.ts'
import type { Logger } from '../logger/index.ts'

export function logEvent(logger: Logger, names: Names, event: NodeEvent): void {
  const name = (addr: NodeAddr): string => names.displayName(addr)
  switch (event.type) {
    case 'peer-up':
      logger.info(`peer ${names.displayName(event.peer, event.publicKey)} is up`, {
        npub: npubOf(event.publicKey),
        link: event.linkId,
        addr: event.addr,
        dialled: event.initiator,
      })
      return
    case 'peer-down':
      logger.info(`peer ${name(event.peer)} is down: ${whyDown(event.reason)}`, { link: event.linkId })
      return
    case 'peer-refused':
      logger.debug(`refused a handshake: ${event.reason}`, {
        addr: event.addr,
        peer: event.peer === undefined ? undefined : name(event.peer),
      })
      return
    case 'rekeyed':
      logger.debug(`fresh keys with ${name(event.peer)}`)
      return
    case 'parent-changed':
      logger.info(`parent is ${name(event.parent)}`, { root: event.root, depth: event.depth })
      return
    case 'session-up':
      logger.info(`session with ${shortNpub(npubOf(event.publicKey))} is up`, { opened: event.initiator })
      return
    case 'session-down':
      logger.info(`session with ${name(event.peer)} is down: ${event.reason}`)
      return
    case 'lookup-failed':
      logger.debug(`no answer to the lookup of ${name(event.target)}`)
  }
}

/** The node's word for the end of a link, for people. */
function whyDown(reason: string): string {
  const farewell = /^peer: (.+)$/.exec(reason)?.[1]
  if (farewell !== undefined) return `it said goodbye (${farewell})`
  return reason === 'timeout' ? 'nothing was heard from it for too long' : reason
}
