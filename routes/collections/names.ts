import pluralize from 'pluralize'

/** What a collection and its parts are called in the document. */
export interface Names {
  /** What one record is called: `post`. */
  readonly one: string
  /** The schema of a record: `Post`. */
  readonly schema: string
  /** What the ids of operations on one record, and on the collection, end in: `Post`, `Posts`. */
  readonly single: string
  readonly plural: string
}

/** What generators of clients take for something of their language, or of their own. */
const RESERVED: ReadonlySet<string> = new Set(
  'Array Boolean Date Error Function Map Number Object Promise Record Set Status String Symbol'.split(
    ' ',
  ),
)

/**
 * Names a collection's schemas and operations, each differently from all others, whatever alphabet its own name is in.
 * @param isTaken whether a schema of this name is there already
 */
export function namesOf(
  name: string,
  isSingular: boolean,
  isTaken: (schema: string) => boolean,
): Names {
  const one = isSingular ? name : pluralize.singular(name)
  const base = pascalCase(one) || 'Record'
  const isFree = (schema: string) => !RESERVED.has(schema) && !isTaken(schema)
  const candidates = [base, `${base}Record`]
  let schema = candidates.find(isFree)
  for (let count = 2; schema === undefined; count++) {
    if (isFree(`${base}${count}`)) schema = `${base}${count}`
  }
  const single = schema
  const plural = schema === base ? pascalCase(isSingular ? name : pluralize(one)) : `${schema}s`
  return { one, schema, single, plural: plural || `${schema}s` }
}

/** `blog-posts` as `BlogPosts`; letters without their accents, and what is no Latin letter left out. */
function pascalCase(text: string): string {
  const words = text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return /^\d/.test(joined) ? `Record${joined}` : joined
}
