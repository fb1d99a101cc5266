import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { BaseRecord, FieldOf } from '../../store/declaration.js'
import type { Collection } from '../../store/engine.js'
import type { Query, Selection } from '../../store/query.js'

/** How many records are written at once. A longer list goes out piece by piece, so that others have their turn. */
const AT_ONCE = 1_000

/**
 * Answers with a list of records: with a page of it where there is a limit, else with all, however many there are.
 * @param toBody the answer with some of the records in it; those of a long list go into its last brackets
 * @param toBody.total how many match in all
 */
export async function answerList<R extends BaseRecord, A>(
  reply: FastifyReply,
  collection: Collection<R>,
  selection: Selection<FieldOf<R>> | Query<FieldOf<R>>,
  toBody: (records: readonly R[], total: number) => A | Promise<A>,
): Promise<A | FastifyReply> {
  const { items, total } = await collection.find({ limit: AT_ONCE, ...selection })
  if ('limit' in selection || total <= AT_ONCE) return toBody(items, total)
  const bodies = bodiesOf(collection.stream(selection), (records) => toBody(records, total))
  const pieces = piecesOf(reply.serialize(await toBody([], total)), bodies, (body) =>
    reply.serialize(body),
  )
  return reply.type('application/json; charset=utf-8').send(Readable.from(pieces))
}

async function* bodiesOf<R, A>(
  batches: AsyncIterable<readonly R[]>,
  toBody: (records: readonly R[]) => A | Promise<A>,
): AsyncIterable<A> {
  // The texts of records are remembered, but not those of copies: so many would push out those that are asked for.
  for await (const batch of batches) yield toBody(batch.map((record) => ({ ...record })))
}

type Text = ReturnType<FastifyReply['serialize']>

/**
 * The text of one list, out of those of its parts.
 * @param empty the text of an answer with nothing in the list
 */
async function* piecesOf<A>(
  empty: Text,
  bodies: AsyncIterable<A>,
  write: (body: A) => Text,
): AsyncIterable<string> {
  const frame = String(empty)
  const at = frame.lastIndexOf(']')
  let separator = ''
  yield frame.slice(0, at)
  for await (const body of bodies) {
    yield separator + String(write(body)).slice(at, at - frame.length)
    separator = ','
  }
  yield frame.slice(at)
}
