/** Bounds of the filters. */

/**
 * Highest false-positive rate of a filter we take or send. Above it a filter says yes so often that lookups flood the
 * mesh; a neighbour could attract all traffic by setting every bit.
 */
export const MAX_FALSE_POSITIVE_RATE = 0.2
