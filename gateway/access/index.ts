/** The operator's files about other nodes: their names, and who may become a peer. */
export { HostMap, hostNameFault, parseHosts, type HostEntry } from './host-map.ts'
export { parsePeerList, PeerLists } from './peer-lists.ts'
export { faultText, WatchedFile } from './watched-file.ts'
