import { testOf } from '../predicate.js'
import type { Selection } from '../query.js'
import { Turns } from '../turns.js'
import { Parameters } from './condition.js'
import { BEGIN_READING, type Connection, type DatabaseRow, type Statement } from './database.js'
import { orderBy } from './ordering.js'
import { recordOf } from './projection.js'
import type { Source } from './source.js'
import { Spool } from './spool.js'

/** How many records are read at a time. */
const BATCH = 256

/** Says of a row whether it is wanted. */
type Test = (row: DatabaseRow) => boolean

/** Everything that matches, some at a time, of one moment. */
export async function* streamed<A>(
  source: Source<A>,
  selection: Selection,
): AsyncIterable<readonly A[]> {
  const { table, projection } = source
  const { cursor, isWanted } = cursorOf(source, selection)
  const { text, values = [] } = cursor
  // What is small takes one look.
  const first = await table.database.query(table.statements.of(`${text} limit ${BATCH}`, values))
  if (first.count < BATCH) {
    const rows = await filtered(first.rows, isWanted)
    if (rows.length > 0) yield rows.map(projection.read)
    return
  }
  // It is read at once, so that whoever takes it slowly holds no connection.
  const spool = new Spool()
  try {
    await scan(source, selection, (rows) => spool.add(rows))
    for await (const rows of spool.batches()) yield rows.map(projection.read)
  } finally {
    await spool.remove()
  }
}

/**
 * Looks at all that matches, of one moment.
 * @param begin called before the first, and again where all begins anew
 */
export async function scan<A>(
  source: Source<A>,
  selection: Selection,
  take: (rows: readonly DatabaseRow[]) => unknown,
  begin: () => void = () => {},
): Promise<void> {
  const { cursor, isWanted } = cursorOf(source, selection)
  await source.table.database.transaction(
    async (connection) => {
      begin()
      for await (const rows of fetched(connection, cursor)) {
        const wanted = await filtered(rows, isWanted)
        if (wanted.length > 0) await take(wanted)
      }
    },
    { begin: BEGIN_READING },
  )
}

/** What selects all that could match, and says what does; undefined where that is all. */
function cursorOf<A>(source: Source<A>, { where, sort = [] }: Selection) {
  const parameters = new Parameters()
  const { sql, isExact } = source.conditionOf(where, parameters)
  const order = orderBy(source.table, sort, parameters)
  const text = `${source.select} where ${sql} order by ${order}`
  const cursor: Statement = { text, values: parameters.values }
  const test = isExact || !where ? undefined : testOf(where)
  const isWanted: Test | undefined = test && (({ record }) => test(recordOf(record)))
  return { cursor, isWanted }
}

/** What a cursor gives, some at a time. */
async function* fetched(
  connection: Connection,
  { text, values = [] }: Statement,
): AsyncIterable<readonly DatabaseRow[]> {
  // A stall of ours, when there is much else to do, is no reason to give up.
  const declare = { text: `declare records no scroll cursor for ${text}`, values }
  const fetch = { text: `fetch ${BATCH} from records` }
  // One is on its way while another is looked at.
  const declared = connection.query(declare)
  let next = connection.query(fetch)
  await Promise.all([declared, next])
  for (;;) {
    const { rows, count } = await next
    if (count < BATCH) {
      yield rows
      return
    }
    next = connection.query(fetch)
    yield rows
  }
}

/** Those that are wanted; now and then other work has a turn. */
async function filtered(
  rows: readonly DatabaseRow[],
  isWanted: Test | undefined,
): Promise<readonly DatabaseRow[]> {
  if (!isWanted) return rows
  const wanted: DatabaseRow[] = []
  const turns = new Turns()
  for (const row of rows) {
    if (isWanted(row)) wanted.push(row)
    if (turns.isOver) await turns.next()
  }
  return wanted
}
