/** Numbers of a reply as people read them. Replies come from another process: every field may be missing. */
import { isRecord, type ReplyData } from '../control/index.ts'

export function textOf(data: ReplyData | undefined, name: string): string {
  const value = data?.[name]
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

export function numberOf(data: ReplyData | undefined, name: string): number | undefined {
  const value = data?.[name]
  return typeof value === 'number' ? value : undefined
}

export function recordOf(data: ReplyData | undefined, name: string): ReplyData | undefined {
  const value = data?.[name]
  return isRecord(value) ? value : undefined
}

export function rowsOf(data: ReplyData | undefined, name: string): readonly ReplyData[] {
  const value = data?.[name]
  return Array.isArray(value) ? value.filter(isRecord) : []
}

/** `1.2 ms`, `340 ms`, `2.1 s`. */
export function millis(value: number | undefined): string {
  if (value === undefined) return '-'
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`
  return value >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** `12 B`, `3.4 kB`. */
export function bytes(value: number | undefined): string {
  if (value === undefined) return '-'
  let size = value
  let unit = 0
  while (size >= 1000 && unit < SIZES.length - 1) {
    size /= 1000
    unit += 1
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${SIZES[unit] ?? ''}`
}

/** `3 d 4 h`, `2 min 5 s`. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return '-'
  const parts: readonly [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor((seconds % 86_400) / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [Math.floor(seconds % 60), 's'],
  ]
  const shown = parts.filter(([amount]) => amount > 0).slice(0, 2)
  return shown.length === 0 ? '0 s' : shown.map(([amount, unit]) => `${amount} ${unit}`).join(' ')
}

/** `0.3 %`. */
export function percent(share: number | undefined): string {
  return share === undefined ? '-' : `${(share * 100).toFixed(1)} %`
}
