import { requireConsistency } from '../consistency.js'
import type { Declarations } from '../declaration.js'
import type { Engine, View } from '../engine.js'
import type { DatabaseOptions } from './database.js'
import { type OpenView, openView, type ViewOptions } from './view.js'

const UNLIMITED = {
  storageLimit: Number.POSITIVE_INFINITY,
  revokedTokenLimit: Number.POSITIVE_INFINITY,
}

/** Keeps everything in a schema of a PostgreSQL database, which any number of processes share. */
export class PostgresEngine implements Engine {
  readonly #database: DatabaseOptions
  readonly #options: ViewOptions
  readonly #open = new Set<OpenView<Declarations>>()

  /** @param database read when a view is opened */
  constructor(database: DatabaseOptions, options: Partial<ViewOptions> = {}) {
    this.#database = database
    this.#options = { ...UNLIMITED, onFault: warn, ...options }
  }

  /**
   * Opens what is in the schema: it is as it was left.
   * @throws Unavailable, NewerSchema, and Error when the declarations contradict each other
   */
  async open<D extends Declarations>(declarations: D): Promise<View<D>> {
    return (await this.openWhole(declarations)).view
  }

  /** The same, with what else there is to know. */
  async openWhole<D extends Declarations>(declarations: D): Promise<OpenView<D>> {
    requireConsistency(declarations)
    const open = await openView(declarations, this.#database, this.#options)
    this.#open.add(open)
    return open
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((open) => open.close()))
    this.#open.clear()
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}
