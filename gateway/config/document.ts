/** From text to a YAML tree. Every way a file can fail to be YAML becomes one sentence with its line. */
import { LineCounter, parseDocument, type Document, type YAMLError } from 'yaml'
import type { Problem } from './problem.ts'

export interface ParsedFile {
  readonly file: string
  readonly document: Document
  /** The line of an offset into the text, 1-based. */
  lineOf(offset: number): number
}

/** A whole configuration is some kilobytes; anything larger is the wrong file. */
export const MAX_FILE_BYTES: number = 1024 * 1024

/** The tree, or what is wrong with the text. */
export function parseText(file: string, text: string): ParsedFile | readonly Problem[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true, merge: true })
  const lineOf = (offset: number): number => lines.linePos(offset).line
  if (document.errors.length === 0) return { file, document, lineOf }

  const tabLine = lineOfTabIndent(text)
  const problems = document.errors.map((error): Problem => {
    const line = isTabTrouble(error, tabLine) ? (tabLine ?? 0) : lineOf(error.pos[0])
    return {
      severity: 'error',
      place: { file, line },
      key: '',
      message: sentence(error, text, tabLine),
    }
  })
  // One slip makes the parser stumble several times; the first report is the cause.
  return problems.slice(0, 1)
}

function sentence(error: YAMLError, text: string, tabLine: number | undefined): string {
  if (isTabTrouble(error, tabLine)) {
    return 'this line is indented with a tab; YAML allows only spaces, so replace the tab by spaces'
  }
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return `the key \`${wordAt(text, error.pos[0])}\` stands twice in the same section; keep one of them`
    case 'BAD_INDENT':
      return 'the indentation does not fit the lines above; keys of one section start in the same column'
    case 'MISSING_CHAR':
      return `a character is missing here, most likely the end of a quote or the space after a colon (${error.message})`
    case 'MULTIPLE_DOCS':
      return 'a second document starts here (`---`); the file must hold one'
    case 'BAD_ALIAS':
      return `the alias refers to no anchor above it (${error.message})`
    default:
      return `this is not valid YAML: ${error.message}`
  }
}

function isTabTrouble(error: YAMLError, tabLine: number | undefined): boolean {
  return error.code === 'TAB_AS_INDENT' || (tabLine !== undefined && error.code !== 'DUPLICATE_KEY')
}

function lineOfTabIndent(text: string): number | undefined {
  const index = text.split('\n').findIndex((line) => /^ *\t\s*[^\s#]/.test(line))
  return index < 0 ? undefined : index + 1
}

function wordAt(text: string, offset: number): string {
  return /^["']?([^"':\s]+)/.exec(text.slice(offset))?.[1] ?? ''
}
