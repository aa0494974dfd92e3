export { CoordinateCache } from './coordinate-cache.ts'
export type { CachedPosition, CoordinateCacheOptions, PositionSource, Trust } from './coordinate-cache.ts'
export { canTravel, chooseBranch, chooseRoute, classifyRoute, headerAfterHop } from './decide.ts'
export type { Hop, Route, RouteClass, RouteQuestion, TransitHeader, TreeHop } from './decide.ts'
export {
  commonAncestor,
  commonDepth,
  hasAncestor,
  remainingDistance,
  treeDistance,
  treeStep,
} from './distance.ts'
export {
  COORDINATE_CACHE_ENTRIES,
  COORDINATE_CACHE_TTL,
  ERROR_LIMITER_ENTRIES,
  ERROR_MIN_INTERVAL,
  errorLimiter,
  TRANSIT_SHARE,
} from './limits.ts'
