/**
 * The airtime budgets of all radios, one for each sub-band, kept in a file so that a restart gives no airtime back.
 * In doubt the file says more than was sent: it is saved with a reserve ahead of what will be sent, so that a power cut
 * does not forget it, and a file that cannot be read counts as a whole hour's allowance just used.
 */
import { readFileSync } from 'node:fs'
import type { SubBand } from '../../boards/index.ts'
import type { Clock, Millis } from '../../core/index.ts'
import { SubBandBudget, type AirtimeBudget, type BudgetState } from '../../transports/index.ts'
import { unixMsOf } from '../clock.ts'
import { reasonOf, systemCode } from '../errors.ts'
import { writeWhole } from '../keystore/index.ts'
import type { Logger } from '../logger/index.ts'

export const AIRTIME_FILE = 'fips.airtime'

const FILE_MODE = 0o600
const HOUR: Millis = 3_600_000
/** Share of an hour's allowance that the file is ahead: 20 saves for each allowance used. */
const RESERVE_SHARE = 0.05
/** A file larger than this is another one: a sub-band takes some 300 bytes. */
const MAX_FILE_CHARS = 65_536

export interface AirtimeBookOptions {
  /** Undefined keeps the budgets in memory only. */
  readonly path: string | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/** Airtime of the last hour, and what the sub-band allows in one. */
export interface AirtimeUse {
  readonly usedMs: Millis
  readonly allowedMs: Millis
}

interface SavedBand {
  readonly state: BudgetState
  /** Unix time in ms. */
  readonly savedAt: number
}

interface Account {
  readonly subBand: SubBand
  readonly budget: SubBandBudget
  /** Airtime the file is ahead. */
  reserve: Millis
}

export class AirtimeBook {
  readonly #options: AirtimeBookOptions
  readonly #accounts = new Map<string, Account>()
  /** Bands of the file that no radio uses now; kept in it, for they may be used again within the hour. */
  readonly #saved: Map<string, SavedBand>
  readonly #isDamaged: boolean
  #isWarned = false

  constructor(options: AirtimeBookOptions) {
    this.#options = options
    const read = readBook(options)
    this.#saved = new Map(read)
    this.#isDamaged = read === undefined
  }

  /** The budget of a sub-band: the same one for every radio in it, and for one that is opened again. */
  budgetOf(subBand: SubBand): AirtimeBudget {
    const account = this.#accountOf(subBand)
    return {
      allow: (airtime, now) => account.budget.allow(airtime, now),
      spend: (airtime, now) => {
        account.budget.spend(airtime, now)
        account.reserve -= airtime
        if (account.reserve < reserveOf(subBand) / 2) this.#save(reserveOf)
      },
    }
  }

  use(subBand: SubBand): AirtimeUse {
    const used = this.#accounts.get(subBand.name)?.budget.used(this.#options.clock.now()) ?? 0
    return { usedMs: used, allowedMs: allowanceOf(subBand) }
  }

  /** For the end, when nothing more is sent: saved as it is, with nothing ahead. */
  close(): void {
    this.#save(() => 0)
  }

  #accountOf(subBand: SubBand): Account {
    const known = this.#accounts.get(subBand.name)
    if (known !== undefined) return known
    const now = this.#options.clock.now()
    const budget = new SubBandBudget(subBand.dutyCycle)
    const saved = this.#saved.get(subBand.name)
    if (saved !== undefined)
      budget.restore(saved.state, unixMsOf(this.#options.clock, now) - saved.savedAt, now)
    else if (this.#isDamaged) budget.spend(allowanceOf(subBand), now)
    const account = { subBand, budget, reserve: 0 }
    this.#accounts.set(subBand.name, account)
    // On disk before the first frame is on the air.
    this.#save(reserveOf)
    return account
  }

  #save(ahead: (subBand: SubBand) => Millis): void {
    const { path, clock, logger } = this.#options
    const now = clock.now()
    for (const account of this.#accounts.values()) {
      const { subBand, budget } = account
      account.reserve = ahead(subBand)
      if (subBand.dutyCycle >= 1) continue
      const state = withReserve(budget.save(now), account.reserve)
      this.#saved.set(subBand.name, { state, savedAt: unixMsOf(clock, now) })
    }
    if (path === undefined || this.#saved.size === 0) return
    try {
      const text = `${JSON.stringify(Object.fromEntries(this.#saved))}\n`
      writeWhole({ path, text, mode: FILE_MODE, intent: 'replace' })
      this.#isWarned = false
    } catch (error) {
      if (this.#isWarned) return
      this.#isWarned = true
      logger.warn(`${reasonOf(error)} The airtime budget holds, but a restart will not know of it.`)
    }
  }
}

function allowanceOf(subBand: SubBand): Millis {
  return subBand.dutyCycle * HOUR
}

function reserveOf(subBand: SubBand): Millis {
  return allowanceOf(subBand) * RESERVE_SHARE
}

function withReserve(state: BudgetState, reserve: Millis): BudgetState {
  const minutes = [...state.minutes]
  minutes.push((minutes.pop() ?? 0) + reserve)
  return { ...state, minutes }
}

/** The bands of the file: none when there is no file, undefined when it cannot be trusted. */
function readBook({ path, logger }: AirtimeBookOptions): ReadonlyMap<string, SavedBand> | undefined {
  if (path === undefined) return new Map()
  try {
    const bands = parseBook(readFileSync(path, 'utf8'))
    if (bands !== undefined) return bands
    logger.warn(
      `${path} is damaged, so the airtime of the last hour counts as used up and the radios send little for an hour; remove the file if this node has sent nothing in that time.`,
    )
    return undefined
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Map()
    logger.warn(
      `${path} cannot be read (${reasonOf(error)}), so the airtime of the last hour counts as used up and the radios send little for an hour.`,
    )
    return undefined
  }
}

function parseBook(text: string): ReadonlyMap<string, SavedBand> | undefined {
  if (text.length > MAX_FILE_CHARS) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const bands = new Map<string, SavedBand>()
  for (const [name, band] of Object.entries(value)) {
    if (!isSavedBand(band)) return undefined
    bands.set(name, band)
  }
  return bands
}

function isSavedBand(value: unknown): value is SavedBand {
  if (!hasKeys(value, 'state', 'savedAt') || typeof value['savedAt'] !== 'number') return false
  const { state } = value
  if (!hasKeys(state, 'minutes', 'age') || typeof state['age'] !== 'number') return false
  const { minutes } = state
  return Array.isArray(minutes) && minutes.every((minute) => typeof minute === 'number')
}

function hasKeys<Name extends string>(
  value: unknown,
  ...names: readonly Name[]
): value is Readonly<Record<Name, unknown>> {
  return typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name))
}
