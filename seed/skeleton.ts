import type { FreeForm } from '../store/free-form.js'
import { isContainer, typeOf } from './json-type.js'
import { formatOf, type TextFormat } from './text-format.js'

/** A text of each format, to stand for any other. */
const TEXTS: Readonly<Record<TextFormat, string>> = {
  'date-time': '2000-01-01T00:00:00Z',
  date: '2000-01-01',
  email: 'a@example.com',
  uri: 'https://example.com',
  uuid: '00000000-0000-4000-8000-000000000000',
}

/** A text of none. */
const TEXT = ''

/**
 * What a record has for its shape, without what it says: who learns the one learns what the other has. It is kept when the record has
 * gone, so that nothing of anybody's may be in it but the names of fields; and items of a list that are alike are there once.
 */
export function skeletonOf(record: FreeForm): FreeForm {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, bonesOf(value)]],
    ),
  )
}

function bonesOf(value: unknown): unknown {
  if (typeof value === 'string') {
    const format = formatOf(value)
    return format === undefined ? TEXT : TEXTS[format]
  }
  if (typeof value === 'number') return typeOf(value) === 'integer' ? 0 : 0.5
  if (Array.isArray(value)) {
    const items = new Map(value.map(bonesOf).map((each) => [JSON.stringify(each), each]))
    return [...items.values()]
  }
  return isContainer(value) ? skeletonOf(value) : value
}
