import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { BaseRecord, FieldOf } from '../../store/declaration.js'
import type { Reader } from '../../store/engine.js'
import type { Query, Selection } from '../../store/query.js'
import { nextTurn } from '../../store/turns.js'
import { weightOf } from '../../store/weight.js'

/** How many records are written at once. A longer list goes out piece by piece, so that others have their turn. */
const AT_ONCE = 1_000

/** How much these may weigh together, in bytes, unless it is one alone. */
const MOST_AT_ONCE = 256 * 1024

/** How many records a piece has at most. */
const IN_PIECE = 256

/** Some records at a time, all of them in order. */
type Batches<R> = AsyncIterable<readonly R[]> | Iterable<readonly R[]>

/**
 * Answers with a list of records: with a page of it where there is a limit, else with all, however many there are.
 * @param toBody the answer with some of the records in it; those of a long list go into its last brackets
 * @param toBody.total how many match in all
 */
export async function answerList<R extends BaseRecord, G extends object, A>(
  reply: FastifyReply,
  reader: Reader<R, G>,
  selection: Selection<FieldOf<R>> | Query<FieldOf<R>>,
  toBody: (records: readonly G[], total: number) => A | Promise<A>,
): Promise<A | FastifyReply> {
  const { items, total } = await reader.find({ limit: AT_ONCE, ...selection })
  const isAll = 'limit' in selection || total <= AT_ONCE
  if (isAll && isSmall(items)) return toBody(items, total)
  const batches = isAll ? [items] : reader.stream(selection)
  return sendPieces(reply, batches, (records) => toBody(records, total))
}

/**
 * The same with a list that comes some records at a time.
 * @param toBody as of `answerList`
 */
export async function answerBatches<R extends object, A>(
  reply: FastifyReply,
  batches: AsyncIterable<readonly R[]>,
  toBody: (records: readonly R[]) => A | Promise<A>,
): Promise<A | FastifyReply> {
  const rest = batches[Symbol.asyncIterator]()
  const first: R[] = []
  while (isSmall(first)) {
    const next = await rest.next()
    if (next.done) return toBody(first)
    for (const record of next.value) first.push(record)
  }
  return sendPieces(reply, followedBy(first, rest), toBody)
}

async function* followedBy<T>(first: T, rest: AsyncIterator<T>): AsyncIterable<T> {
  yield first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}

/** Sends a list piece by piece: no more of it is in memory at any time than the piece that is sent and the next one. */
async function sendPieces<R extends object, A>(
  reply: FastifyReply,
  batches: Batches<R>,
  toBody: (records: readonly R[]) => A | Promise<A>,
): Promise<FastifyReply> {
  const write = async (records: readonly R[]) => String(reply.serialize(await toBody(records)))
  const pieces = piecesOf(await write([]), batches, write)
  return reply
    .type('application/json; charset=utf-8')
    .send(Readable.from(pieces, { highWaterMark: 1 }))
}

/**
 * The text of one list, out of those of its parts.
 * @param empty the text of an answer with nothing in the list
 */
async function* piecesOf<R extends object>(
  empty: string,
  batches: Batches<R>,
  write: (records: readonly R[]) => Promise<string>,
): AsyncIterable<Buffer> {
  const at = empty.lastIndexOf(']')
  let isFirst = true
  for await (const batch of batches) {
    for (const part of partsOf(batch)) {
      // Whoever asks for a list at the same time has a turn of their own, and all others between the two.
      await nextTurn()
      // The texts of records are remembered, but not those of copies: so many would push out those that are asked for.
      const text = await write(part.map((record) => ({ ...record })))
      // As bytes at once, and with the bracket, which becomes a comma: each text that is put together is in memory once more.
      const piece = Buffer.from(text.slice(isFirst ? 0 : at - 1, at - empty.length))
      if (!isFirst) piece.write(',')
      yield piece
      isFirst = false
    }
  }
  yield Buffer.from(empty.slice(isFirst ? 0 : at))
}

/** Whether records can be written at once. */
function isSmall(records: readonly object[]): boolean {
  return records.length <= AT_ONCE && weightOf(records, MOST_AT_ONCE) < MOST_AT_ONCE
}

/** Some records in parts that can each be written at once. */
function* partsOf<R extends object>(records: readonly R[]): Iterable<readonly R[]> {
  let part: R[] = []
  let weight = 0
  for (const record of records) {
    const more = weightOf(record, MOST_AT_ONCE)
    if (part.length > 0 && (weight + more > MOST_AT_ONCE || part.length >= IN_PIECE)) {
      yield part
      part = []
      weight = 0
    }
    part.push(record)
    weight += more
  }
  if (part.length > 0) yield part
}
