import { accessTo, type Fields, placeOfKey } from '../access.js'
import type { Declaration, Pointer } from '../declaration.js'
import { ACCOUNTS } from '../engine.js'
import { keyOfPath, readerOf } from '../paths.js'
import type { Row } from '../predicate.js'
import { textOf } from '../query.js'
import { type MemoryPlan, plansOf } from './indexes.js'
import { TextSearch } from './text-search.js'

/** A declared pointer, and how it is read. */
export interface PointerPlan extends Pointer {
  /** Its place among those declared. */
  readonly at: number
  /** What a record names by it; undefined where that is nothing, or null. */
  readonly textIn: (row: Row) => string | undefined
}

/** What all views of a collection have in common. */
export class Schema {
  readonly plans: readonly MemoryPlan[]
  /** The place of the index of all records, by id. */
  readonly planOfAll: number
  readonly texts: ReadonlyMap<string, TextSearch<Row>>
  readonly references: readonly { field: string; to: string; deletes: boolean }[]
  readonly pointers: readonly PointerPlan[]
  /** The place of each unique key that is one text, by the key of its path. */
  readonly uniqueTexts: ReadonlyMap<string, number>
  readonly visible: ReadonlySet<string>
  readonly #ownerField: string | undefined
  readonly #pointersTo = new Map<string, PointerPlan[]>()

  constructor(
    readonly name: string,
    readonly declaration: Declaration,
  ) {
    const { fields, hidden, pointers, references, searchable, texts, unique } = declaration
    this.plans = plansOf(declaration)
    this.planOfAll = accessTo(this.plans, {}).at
    this.texts = new Map(searchable.map((field) => [field, new TextSearch((row) => row[field])]))
    this.references = Object.entries(references).flatMap(([field, reference]) =>
      reference ? [{ field, to: reference.to, deletes: reference.onDelete === 'delete' }] : [],
    )
    this.#ownerField = this.references.find(({ to }) => to === ACCOUNTS)?.field
    this.pointers = pointers.map((pointer, at) => {
      const read = readerOf(pointer.path)
      return { ...pointer, at, textIn: (row) => textOf(read(row)) }
    })
    for (const pointer of this.pointers) {
      const others = this.#pointersTo.get(pointer.to)
      if (others) others.push(pointer)
      else this.#pointersTo.set(pointer.to, [pointer])
    }
    this.uniqueTexts = new Map(
      unique.flatMap(([field = '', ...others], at) =>
        others.length === 0 && texts.includes(field) ? [[keyOfPath(field), at]] : [],
      ),
    )
    this.visible = new Set(fields.filter((field) => !hidden.includes(field)))
  }

  /** The user whose a record is; undefined where it is nobody's. */
  ownerOf(row: Row): number | undefined {
    const owner = this.#ownerField === undefined ? undefined : row[this.#ownerField]
    return typeof owner === 'number' ? owner : undefined
  }

  /** The pointers that lead to a collection. */
  pointersTo(collection: string): readonly PointerPlan[] {
    return this.#pointersTo.get(collection) ?? []
  }

  /**
   * The place of the unique key that has these fields.
   * @throws Error where none is declared
   */
  placeOfKey(key: Fields): number {
    const at = placeOfKey(this.declaration, key)
    if (at < 0) throw this.unanswerable(`unique key of ${Object.keys(key).join(' and ')}`)
    return at
  }

  /** The error of a question that the declaration makes no provision for. */
  unanswerable(what: string): Error {
    return new Error(`${this.name} has no ${what}`)
  }
}
