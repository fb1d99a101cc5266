import type { Declaration } from '../declaration.js'
import { type IndexPlan, plansOf } from './indexes.js'
import type { Row } from './predicate.js'
import { TextSearch } from './text-search.js'

/** What all views of a collection have in common. */
export class Schema {
  readonly plans: readonly IndexPlan[]
  readonly texts: ReadonlyMap<string, TextSearch<Row>>
  readonly references: readonly { field: string; to: string; deletes: boolean }[]
  readonly visible: ReadonlySet<string>

  constructor(
    readonly name: string,
    readonly declaration: Declaration,
  ) {
    const { fields, hidden, references, searchable } = declaration
    this.plans = plansOf(declaration)
    this.texts = new Map(
      searchable.map((field) => [field, new TextSearch((row) => String(row[field]))]),
    )
    this.references = Object.entries(references).flatMap(([field, reference]) =>
      reference ? [{ field, to: reference.to, deletes: reference.onDelete === 'delete' }] : [],
    )
    this.visible = new Set(fields.filter((field) => !hidden.includes(field)))
  }

  /** The error of a question that the declaration makes no provision for. */
  unanswerable(what: string): Error {
    return new Error(`${this.name} has no ${what}`)
  }
}
