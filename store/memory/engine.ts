import type { Declarations } from '../declaration.js'
import type { ForkableView, ForkingEngine } from '../engine.js'
import { FileStore } from '../files/file-store.js'
import { Account, type RoomLimits } from './ledger.js'
import { openView } from './view.js'

/** Keeps everything in this process's memory, and files in a folder of its own, until it is closed. */
export class MemoryEngine implements ForkingEngine {
  readonly #onFault: (error: unknown) => void
  readonly #account = new Account()
  readonly #storageLimit: number
  #disk: Promise<FileStore> | undefined

  /**
   * @param onFault hears of what fails when nobody waits for it: a file that can't be deleted
   * @param storageLimit how many bytes files may have together
   */
  constructor(
    onFault: (error: unknown) => void = warn,
    storageLimit: number = Number.POSITIVE_INFINITY,
  ) {
    this.#onFault = onFault
    this.#storageLimit = storageLimit
  }

  async open<D extends Declarations>(declarations: D): Promise<ForkableView<D>> {
    return openView(declarations, () => this.openFiles(), this.#onFault, this.#account)
  }

  /** Makes the folder for files, which the first file does otherwise, and begins to sweep what killed processes left. */
  openFiles(): Promise<FileStore> {
    this.#disk ??= FileStore.open(undefined, this.#storageLimit)
    return this.#disk
  }

  /** Bounds from now on what is written: what there is already is not counted. */
  limit(limits: RoomLimits): void {
    this.#account.limits = limits
  }

  async close(): Promise<void> {
    await (await this.#disk)?.close()
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}
