import { formatOf, type TextFormat } from '../../seed/text-format.js'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnCollection } from './collection.js'
import type { Known } from './known.js'

/** What a text of each format can be. */
const TEXTS: Readonly<Record<TextFormat, string>> = {
  'date-time': '2026-01-05T08:00:00Z',
  date: '2026-01-05',
  email: 'ann@example.com',
  uri: 'https://example.com/',
  uuid: '01890a5d-ac96-774b-bcce-b302099a8057',
}

/**
 * A record as the document shows it: the first of the data file, or of the state that was put in. Everybody reads the document, so that of a collection which not
 * everybody may read it has the form alone, or nothing where a schema of its own may ask for more than that.
 */
export function exampleOf(
  { access, shape }: OwnCollection,
  { beginning: { first = {} } }: Known = shape.atStart,
): FreeForm | undefined {
  if (access.read === 'anyone') return first
  return shape.isGiven ? undefined : blankFields(first)
}

function blankFields(record: FreeForm): FreeForm {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, blank(value)]))
}

/** Another value of the same types and formats. */
function blank(value: unknown): unknown {
  if (typeof value === 'string') {
    const format = formatOf(value)
    return format ? TEXTS[format] : 'text'
  }
  if (typeof value === 'number') return Number.isInteger(value) ? 1 : 1.5
  if (typeof value === 'boolean') return true
  if (Array.isArray(value)) return value.slice(0, 1).map(blank)
  return typeof value === 'object' && value !== null ? blankFields({ ...value }) : value
}
