import type { Fields } from '../access.js'
import type { Bound, Condition } from '../engine.js'
import {
  BoundReached,
  ConditionFailed,
  ReferenceViolation,
  UniqueViolation,
  VersionMismatch,
} from '../errors.js'
import { type Row, testOf } from '../predicate.js'
import type { Consequences } from './consequences.js'
import { keyOf } from './indexes.js'
import type { Schema } from './schema.js'
import type { State } from './state.js'

/** @throws ConditionFailed or VersionMismatch where a record is not as a condition has it */
export function requireCondition(
  { name }: Schema,
  row: Row,
  { where = {}, test, versions }: Condition<Row> = {},
): void {
  const isMet = hasValues(row, where) && (!test || testOf(test)(row))
  if (!isMet) throw new ConditionFailed(name)
  if (versions && !versions.includes(row.version)) throw new VersionMismatch(name)
}

/** @throws BoundReached where there are as many records with some values of an index as there may be */
export function requireRoom(state: State, { where, atMost, unless }: Bound<Row>): void {
  if (countOf(state, where) < atMost) return
  if (unless && countOf(state, unless.where) < unless.atMost) return
  throw new BoundReached(state.schema.name, Object.keys(where))
}

function countOf(state: State, where: Fields): number {
  const { plans } = state.schema
  const fields = Object.keys(where)
  const at = plans.findIndex(
    (plan) => plan.fields.length === fields.length && plan.fields.every((field) => field in where),
  )
  const plan = plans[at]
  if (!plan) throw state.schema.unanswerable(`index of ${fields.join(' and ')}`)
  return state.list(at, keyOf(where, plan.fields))?.length ?? 0
}

/** @throws UniqueViolation where another record has a key of this one */
export function requireKeys(state: State, row: Row, old?: Row): void {
  const { name, declaration } = state.schema
  for (const [at, fields] of declaration.unique.entries()) {
    const holder = state.getBy(at, row)
    if (holder && holder !== old) throw new UniqueViolation(name, fields)
  }
}

/** @throws ReferenceViolation where a record refers to one that isn't there */
export function requireTargets(
  { name, references }: Schema,
  consequences: Consequences,
  row: Row,
  old?: Row,
): void {
  for (const { field, to } of references) {
    const target = row[field]
    if (target === null || target === old?.[field]) continue
    if (typeof target !== 'number' || !consequences.has(to, target)) {
      throw new ReferenceViolation(name, field, to)
    }
  }
}

function hasValues(row: Row, values: Fields): boolean {
  for (const field in values) if (row[field] !== values[field]) return false
  return true
}
