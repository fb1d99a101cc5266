import { createHash } from 'node:crypto'
import { PerWorld, type World } from '../workspaces/world.js'

/** The key of what the document says at the start. */
const START = ''

/** Names what the document of each world says: two of which say the same have one key. */
export class DocumentKeys {
  readonly #contentOf: (world: World) => unknown
  readonly #keys = new PerWorld<() => string>(() => () => START, { copy: (key) => key })

  /** @param contentOf what of the document can differ between worlds */
  constructor(contentOf: (world: World) => unknown) {
    this.#contentOf = contentOf
  }

  of(world: World): string {
    return this.#keys.of(world)()
  }

  /** To be told of each change of what the document of a world says. */
  changed(world: World): void {
    let key: string | undefined
    // Not before somebody asks, since changes come in rows.
    this.#keys.set(world, () => {
      key ??= createHash('sha1')
        .update(JSON.stringify(this.#contentOf(world)))
        .digest('base64url')
      return key
    })
  }
}

/** How many are kept, beside that of the start. */
const MAX_KEPT = 16

/** Something that is made of the document of a world when it is asked for: once for all whose documents say the same. */
export class PerDocument<T> {
  readonly #keys: DocumentKeys
  readonly #make: (world: World) => Promise<T>
  #atStart: Promise<T> | undefined
  /** Those asked for last come last. */
  readonly #others = new Map<string, Promise<T>>()

  /** @param make looks at the world at once, not later */
  constructor(keys: DocumentKeys, make: (world: World) => Promise<T>) {
    this.#keys = keys
    this.#make = make
  }

  of(world: World): Promise<T> {
    const key = this.#keys.of(world)
    if (key === START) {
      this.#atStart ??= this.#make(world)
      return this.#atStart
    }
    const others = this.#others
    const made = others.get(key) ?? this.#make(world)
    others.delete(key)
    others.set(key, made)
    const [oldest] = others.keys()
    if (others.size > MAX_KEPT && oldest !== undefined) others.delete(oldest)
    return made
  }
}
