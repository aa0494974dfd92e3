/** Growth over time: the slope of the straight line that fits samples best. */

export interface Sample {
  readonly atMs: number
  readonly value: number
}

/** Least squares, in units of the value per hour; 0 for fewer than two instants. */
export function slopePerHour(samples: readonly Sample[]): number {
  const count = samples.length
  const meanAt = samples.reduce((sum, { atMs }) => sum + atMs, 0) / count
  const mean = samples.reduce((sum, { value }) => sum + value, 0) / count
  let covariance = 0
  let variance = 0
  for (const { atMs, value } of samples) {
    covariance += (atMs - meanAt) * (value - mean)
    variance += (atMs - meanAt) ** 2
  }
  return variance === 0 ? 0 : (covariance / variance) * 3_600_000
}
