/**
 * Shows the island: in place on a terminal, as plain lines where there is none. Rendering is a pure function of the
 * state, so a test can look at what a person sees.
 */
import type { IslandState } from './state.ts'

/** The whole view as lines no wider than `columns`. */
export function render(state: IslandState, columns: number): readonly string[] {
  const lines = [
    `fips-radio demo   ${clockOf(state.elapsedMs)} of radio time   channel ${percent(state.channelLoad)} busy`,
    `on air: ${state.air.frames} frames, ${state.air.bytes} bytes, ${(state.air.ms / 1000).toFixed(1)} s`,
    '',
    ...table(
      ['node', 'npub', 'on', 'parent', 'depth'],
      state.nodes.map((node) => [
        node.name,
        short(node.npub),
        node.media,
        node.parent === undefined ? '…' : node.parent === node.name ? '(root)' : node.parent,
        node.depth === undefined ? '…' : String(node.depth),
      ]),
    ),
    '',
    ...table(
      ['link', '', 'npub', 'medium', 'RSSI', 'SNR', 'up after'],
      state.links.map((link) => [
        link.from,
        `→ ${link.to}`,
        short(link.npub),
        link.medium,
        link.rssiDbm === undefined ? '' : `${link.rssiDbm.toFixed(0)} dBm`,
        link.snrDb === undefined ? '' : `${link.snrDb.toFixed(1)} dB`,
        clockOf(link.upAtMs),
      ]),
    ),
    '',
    ...table(
      ['ping', '', 'hops', 'round trip'],
      state.pings.map((ping) => [
        ping.from,
        `→ ${ping.to}`,
        ping.ok ? String(ping.hops) : '',
        ping.rttMs === null ? '…' : `${ping.rttMs.toFixed(0)} ms`,
      ]),
    ),
  ]
  return lines.map((line) => line.slice(0, columns))
}

/** Draws over the previous picture. `write` is the terminal. */
export class LiveScreen {
  readonly #write: (text: string) => void
  #height = 0

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  draw(state: IslandState, columns: number, rows: number): void {
    const lines = render(state, columns).slice(0, Math.max(1, rows - 1))
    const up = this.#height === 0 ? '' : `\u001b[${this.#height}A`
    const body = lines.map((line) => `\u001b[2K${line}\n`).join('')
    const rest = Math.max(0, this.#height - lines.length)
    this.#write(`${up}${body}${'\u001b[2K\n'.repeat(rest)}`)
    this.#height = Math.max(this.#height, lines.length)
  }
}

/** What is new in `now`, a line each, for output that cannot be redrawn. */
export function changes(before: IslandState, now: IslandState): readonly string[] {
  const at = clockOf(now.elapsedMs)
  const lines: string[] = []
  for (const link of now.links.slice(before.links.length)) {
    const signal =
      link.rssiDbm === undefined
        ? ''
        : ` (RSSI ${link.rssiDbm.toFixed(0)} dBm, SNR ${(link.snrDb ?? 0).toFixed(1)} dB)`
    lines.push(`${at} link ${link.from} → ${link.to} over ${link.medium}${signal} ${link.npub}`)
  }
  for (const [i, node] of now.nodes.entries()) {
    if (node.parent === before.nodes[i]?.parent && node.depth === before.nodes[i]?.depth) continue
    const place = node.parent === node.name ? 'is a root' : `has parent ${node.parent} at depth ${node.depth}`
    lines.push(`${at} tree ${node.name} ${place}`)
  }
  for (const [i, ping] of now.pings.entries()) {
    if (ping.rttMs === null || ping.rttMs === before.pings[i]?.rttMs) continue
    lines.push(
      `${at} ping ${ping.from} → ${ping.to}: ${ping.rttMs.toFixed(0)} ms over ${ping.hops} hops; on air so far ` +
        `${now.air.frames} frames, ${now.air.bytes} bytes, ${now.air.ms} ms`,
    )
  }
  return lines
}

/** `m:ss` */
export function clockOf(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function short(npub: string): string {
  return `${npub.slice(0, 12)}…${npub.slice(-4)}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
