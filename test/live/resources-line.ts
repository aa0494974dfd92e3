/** The line by which a node under test says what it holds. */
export const RESOURCES_MARK = 'resources '

export interface Resources {
  /** Bytes. */
  readonly rss: number
  readonly heapUsed: number
  /** Handles and timers that are open, by kind. */
  readonly open: Readonly<Record<string, number>>
}
