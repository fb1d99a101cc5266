import { accessTo, type Fields, nameOf } from '../access.js'
import { namesOf } from '../paths.js'
import { conjunctsOf } from '../predicate.js'
import { narrowed, type Predicate, type Selection } from '../query.js'
import { type Condition, conditionOf, isNaming, type Parameters, valuesAre } from './condition.js'
import { quoted } from './database.js'
import type { Projection } from './projection.js'
import type { Table } from './table.js'

/** Which records are read: those whose reference leads to the one with a unique key. */
export interface Within {
  readonly reference: string
  readonly target: Table
  readonly key: Fields
}

/** What is read from: the records of a table, or some of them, and what is given of each. */
export class Source<A> {
  readonly table: Table
  readonly projection: Projection<A>
  readonly within: Within | undefined
  /** What selects them all, in SQL. */
  readonly select: string

  /** @param within which records there are to be read; all without it */
  constructor(table: Table, projection: Projection<A>, within?: Within) {
    this.table = table
    this.projection = projection
    this.within = within
    this.select = `select ${projection.columns} from ${table.sql} ${projection.join}`
  }

  /** A predicate in SQL, and that a record is one of those that are read. */
  conditionOf(where: Predicate | undefined, parameters: Parameters): Condition {
    const condition = conditionOf(this.table, where, parameters)
    if (!this.within) return condition
    const { reference, target, key } = this.within
    const { sql } = conditionOf(target, valuesAre(key), parameters)
    const refers = `${quoted(reference)} = (select id from ${target.sql} where ${sql})`
    return { ...condition, sql: `${refers} and (${condition.sql})` }
  }

  /** @throws Error where everything would have to be looked at, and that isn't a search, nor foreseen */
  require(selection: Selection): void {
    const { declaration } = this.table
    if (declaration.scans) return
    // Whichever record they refer to, an index has them.
    const whole = this.within ? narrowed(selection, { [this.within.reference]: 0 }) : selection
    const access = accessTo(this.table.plans, whole)
    const isNamed =
      !access.isNarrow && conjunctsOf(selection.where).some((each) => isNaming(this.table, each))
    const isUnsorted = isNamed ? nameOf(selection.sort ?? []) !== '' : access.isUnsorted
    const isSearch = access.rest.some((each) => {
      const names = 'op' in each && each.op === 'contains' ? namesOf(each.path) : []
      return names.length === 1 && declaration.searchable.includes(names[0] ?? '')
    })
    const isScan = access.rest.length > 0 && !access.isNarrow && !isNamed && !isSearch
    if (isUnsorted || isScan) {
      throw this.table.unanswerable(`index for ${JSON.stringify(selection)}`)
    }
  }
}
