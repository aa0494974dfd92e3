/** What every benchmark gives: rows of figures with what they should be, as a table to read or as JSON. */

/** A figure, or null where it was not measured. */
export type Figure = number | null

export interface Row {
  readonly id: string
  readonly what: string
  readonly unit: string
  /** By column; a column that is missing does not apply. */
  readonly figures: Readonly<Record<string, Figure>>
  readonly target?: Target
  /** Where more than the target decides whether it is well. */
  readonly passed?: boolean
  /** Why something was not measured, or how it was. */
  readonly note?: string
}

export interface Target {
  /** The column that has to meet it; all that have a figure when absent. */
  readonly column?: string
  readonly limit: number
  readonly isUpper: boolean
}

export interface Report {
  readonly bench: string
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
  /** How it was measured, a sentence each. */
  readonly method: readonly string[]
}

export function atMost(limit: number, column?: string): Target {
  return { ...(column === undefined ? {} : { column }), limit, isUpper: true }
}

export function atLeast(limit: number, column?: string): Target {
  return { ...(column === undefined ? {} : { column }), limit, isUpper: false }
}

/** Whether the target is met; null when there is none or its figure was not measured. */
export function isMet(row: Row): boolean | null {
  const { target, figures, passed } = row
  if (passed !== undefined) return passed
  if (target === undefined) return null
  const measured = target.column === undefined ? Object.values(figures) : [figures[target.column]]
  if (measured.length === 0 || measured.some((figure) => figure === undefined || figure === null)) return null
  return measured.every((figure) => (target.isUpper ? figure! <= target.limit : figure! >= target.limit))
}

/** The rows of all reports, each with its figures by the columns of its own report. */
export function toJson(reports: readonly Report[]): string {
  const rows = reports.flatMap(({ columns, rows: own }) =>
    own.map((row) => ({
      id: row.id,
      what: row.what,
      unit: row.unit,
      ...Object.fromEntries(columns.map((column) => [column, rounded(row.figures[column] ?? null)])),
      target: row.target?.limit ?? null,
      ok: isMet(row),
      ...(row.note === undefined ? {} : { note: row.note }),
    })),
  )
  return JSON.stringify({ bench: reports[0]?.bench, method: reports.flatMap(({ method }) => method), rows })
}

export function toText(report: Report): string {
  const lines = aligned(cellsOf(report)).map((row) => row.join('  ').trimEnd())
  return [...lines, '', ...remarks(report)].join('\n')
}

/** Aligned as the project's formatter would. */
export function toMarkdown(report: Report): string {
  const [head, ...body] = aligned(cellsOf(report))
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head!.map((cell, column) =>
    column === 0 ? '-'.repeat(cell.length) : `${'-'.repeat(cell.length - 1)}:`,
  )
  return [line(head!), line(rule), ...body.map(line), '', remarks(report).join(' ')].join('\n')
}

function remarks({ rows, method }: Report): string[] {
  return [...rows.flatMap(({ what, note }) => (note === undefined ? [] : [`${what}: ${note}`])), ...method]
}

const LEAST_WIDTH = 3

/** The first column to the left, figures to the right. */
function aligned(cells: readonly (readonly string[])[]): string[][] {
  const widths = cells[0]!.map((_, column) =>
    Math.max(LEAST_WIDTH, ...cells.map((row) => row[column]!.length)),
  )
  return cells.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))),
  )
}

function cellsOf({ columns, rows }: Report): string[][] {
  const head = ['', 'unit', ...columns, 'target', '']
  return [
    head,
    ...rows.map((row) => [
      row.what,
      row.unit,
      ...columns.map((column) => cell(row.figures[column])),
      row.target === undefined ? '' : `${row.target.isUpper ? '≤' : '≥'} ${cell(row.target.limit)}`,
      verdict(row),
    ]),
  ]
}

function cell(figure: Figure | undefined): string {
  if (figure === undefined) return ''
  return figure === null ? '-' : rounded(figure)!.toLocaleString('en', { useGrouping: false })
}

function verdict(row: Row): string {
  const met = isMet(row)
  if (met === null) return ''
  return met ? 'ok' : 'not met'
}

/** Three digits are as many as a benchmark knows. */
function rounded(figure: Figure): Figure {
  if (figure === null) return null
  return Math.abs(figure) >= 100 ? Math.round(figure) : Number(figure.toPrecision(3))
}
