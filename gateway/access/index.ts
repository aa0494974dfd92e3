/** The operator's files about other nodes: their names, and who may become a peer. */
export { HOSTS_PATH, HostMap, hostNameFault, parseHosts, type HostEntry } from './host-map.ts'
export {
  parsePeerList,
  PeerLists,
  PEERS_ALLOW_PATH,
  PEERS_DENY_PATH,
  type AccessRules,
  type PeerList,
} from './peer-lists.ts'
export { faultText, WatchedFile, type FileFault } from './watched-file.ts'
