import type { operations, Schemas } from '../client/index.js'

export type Clock = Schemas['Clock']
export type Fault = Schemas['Fault']
export type JournalEntry = Schemas['JournalEntry']
export type JournalRecord = Schemas['JournalRecord']

/** What goes wrong, and when. */
export type FaultRule = operations['createFault']['requestBody']['content']['application/json']

/** What a token is to be: an access token of now, where nothing else is said. */
export type TokenOptions = Omit<Schemas['TokenOrder'], 'username'>

type Query = NonNullable<operations['listRequests']['parameters']['query']>
type Match = Schemas['Verification']['match']

/** Where a query has text, a test has what that stands for. */
type Criteria<Filter> = Omit<Filter, 'status' | 'problem'> & {
  /** A status, or all of a class, such as `4xx`. */
  readonly status?: number | string | undefined
  /** Whether something in the request broke the OpenAPI document. */
  readonly problem?: boolean | undefined
}

/** Which requests of a journal are asked for. */
export type RequestFilter = Criteria<Query>

/** Which requests there should have been. */
export type RequestMatch = Criteria<Match>

/** How often something should have happened: exactly so often, or within bounds. */
export type Times = number | NonNullable<Schemas['Verification']['count']>

/** A part of the criteria as the server takes it. */
export function asText({ status, problem }: Criteria<object>): Pick<Query, 'status' | 'problem'> {
  const texts: Pick<Query, 'status' | 'problem'> = {}
  if (status !== undefined) texts.status = String(status)
  if (problem !== undefined) texts.problem = problem ? 'true' : 'false'
  return texts
}
