export type { NodeEvent, NodeInput, NodeOutput, PeerPath, SansIoNode, UndeliverableReason } from './api.ts'
export { DEFAULT_NODE_CONFIG, nodeConfig } from './config.ts'
export type {
  BloomConfig,
  CacheConfig,
  DiscoveryConfig,
  EcnConfig,
  LimitsConfig,
  MmpConfig,
  MmpMode,
  NodeConfig,
  PartialNodeConfig,
  RateLimitConfig,
  RekeyConfig,
  RetryConfig,
  SessionConfig,
  TreeConfig,
} from './config.ts'
export { Driver, type DriverSinks, type SendOutput } from './driver.ts'
export { createCounters } from './counters.ts'
export type { Counters } from './counters.ts'
export type { LinkLayer, MeshLayer, Neighbour } from './layers.ts'
export { FipsNode } from './node.ts'
export type { MeshDeps, NodeDeps } from './node.ts'
export { PLACE_HEADROOM, PLACE_SIZE, type PacketSink } from './packet-sink.ts'
export type {
  BloomView,
  ConnectionView,
  CoordinateCacheEntryView,
  Direction,
  IdentityCacheEntryView,
  LinkMetricsView,
  LinkMmpView,
  LinkView,
  MeshViews,
  NodeViews,
  PeerFilterView,
  PeerView,
  ReachView,
  ReportsView,
  RetryView,
  RoutingView,
  SessionMetricsView,
  SessionView,
  StatusView,
  TrafficView,
  TransportView,
  TreePeerView,
  TreeView,
  Trend,
} from './views.ts'
