import { type Static, Type } from '@sinclair/typebox'
import { oneOf } from '../../store/schema.js'
import { matcher, RequestMatch } from '../workspaces/match.js'
import type { Exchange } from './exchange.js'
import { MAX_ENTRIES } from './journal.js'

const { method, path, operation } = RequestMatch.properties

const Status = Type.String({
  pattern: '^[1-5]([0-9]{2}|xx)$',
  description: 'The status of the answer, or all of a class',
  examples: ['404'],
})

const moment = (description: string) =>
  Type.Optional(
    Type.String({
      format: 'date-time',
      description: `${description} (ISO 8601), by the clock of the world`,
      examples: ['2026-01-05T08:00:00.000Z'],
    }),
  )

/** Which requests of the journal are asked for. */
export const RequestFilter = Type.Object(
  {
    method,
    path,
    operation,
    status: Type.Optional(Status),
    problem: Type.Optional(
      oneOf(['true', 'false'], {
        description: 'Whether something in them broke the document',
        examples: ['true'],
      }),
    ),
    since: moment('Not before'),
    until: moment('Before'),
  },
  { additionalProperties: false },
)
export type RequestFilter = Static<typeof RequestFilter>

/** The same, and how many. */
export const RequestQuery = Type.Object(
  {
    ...RequestFilter.properties,
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_ENTRIES,
        description: 'How many at most: all without it',
        examples: [10],
      }),
    ),
  },
  { additionalProperties: false },
)
export type RequestQuery = Static<typeof RequestQuery>

/** Says of requests whether they are asked for. */
export function filter({
  status,
  problem,
  since,
  until,
  ...match
}: RequestFilter): (exchange: Exchange) => boolean {
  const matches = matcher(match)
  const hasStatus = statusMatcher(status)
  const from = since === undefined ? Number.NEGATIVE_INFINITY : timeOf(since)
  const to = until === undefined ? Number.POSITIVE_INFINITY : timeOf(until)
  return (exchange) =>
    exchange.startedAt >= from &&
    exchange.startedAt < to &&
    hasStatus(exchange.status) &&
    (problem === undefined || String(exchange.problems.length > 0) === problem) &&
    matches(exchange)
}

/** @param wanted a status, or a class of them such as `4xx` */
export function statusMatcher(wanted: string | undefined): (status: number | undefined) => boolean {
  if (wanted === undefined) return () => true
  const beginning = wanted.replace('xx', '')
  return (status) => status !== undefined && String(status).startsWith(beginning)
}

/** A moment in milliseconds since 1970. RFC 3339 has small letters too, a space for the `T`, and seconds that JavaScript hasn't. */
function timeOf(text: string): number {
  return Date.parse(
    text
      .toUpperCase()
      .replace(' ', 'T')
      .replace(/:60(?=[.Z+-])/, ':59'),
  )
}
