import type { FetchOptions, FetchResponse, ParseAs } from 'openapi-fetch'
import type {
  FilterKeys,
  HttpMethod,
  MediaType,
  PathsWithMethod,
  RequiredKeysOf,
} from 'openapi-typescript-helpers'

/**
 * A call of an operation. `openapi-fetch` has a type of its own for it, which takes any field beside those of a body: it
 * infers the options from what is given. Here they are what the document has, and nothing else. Inferred is only what decides
 * on the answer, on the user's own collections: whether a page is asked for in an envelope, and whether the body is a list.
 */
export type Call<Paths extends object, Method extends HttpMethod> = <
  Path extends PathsWithMethod<Paths, Method>,
  As extends ParseAs = 'json',
  PerPage = undefined,
  Item = undefined,
>(
  path: Path,
  ...options: Needed<
    Options<Paths, Path, Method, As> & Deciding<FilterKeys<Paths[Path], Method>, PerPage, Item>
  >
) => Promise<
  Without<Answer<NonNullable<FilterKeys<Paths[Path], Method>>, As>, NotAsked<Method, PerPage, Item>>
>

type Options<
  Paths extends object,
  Path extends keyof Paths,
  Method extends HttpMethod,
  As extends ParseAs,
> = FetchOptions<FilterKeys<Paths[Path], Method>> & { parseAs?: As }

type Answer<Operation extends object, As extends ParseAs> = FetchResponse<
  Operation,
  As extends 'json' ? object : { parseAs: As },
  As extends 'json' ? JsonType : MediaType
>

/** What is read as JSON: an operation can answer with other types too, such as feeds of a collection. */
type JsonType = `${string}/${string}json`

/** Options can be left out where none of them has to be there. */
type Needed<Options> =
  RequiredKeysOf<Options> extends never ? [options?: Options] : [options: Options]

/** What in the options decides on the answer. */
type Deciding<Operation, PerPage, Item> = (Operation extends {
  parameters: { query?: { _per_page?: unknown } }
}
  ? { params?: { query?: { _per_page?: PerPage } } }
  : unknown) &
  (Operation extends { requestBody?: { content: { 'application/json': infer Body } } }
    ? Extract<Body, readonly unknown[]> extends never
      ? unknown
      : { body?: Exclude<Body, readonly unknown[]> | readonly Item[] }
    : unknown)

/** What an answer is only where the options ask for it: an envelope with `_per_page`, a list of what a list has created. */
type NotAsked<Method extends HttpMethod, PerPage, Item> =
  | (Method extends 'get' ? (PerPage extends undefined ? Envelope : never) : never)
  | (Method extends 'post' ? (Item extends undefined ? readonly unknown[] : never) : never)

/** A page as lists of the user's own collections have it. */
interface Envelope {
  readonly first: number
  readonly pages: number
  readonly items: number
  readonly data: readonly unknown[]
}

type Without<Answer, Kind> = Answer extends { data: infer Data; error?: never }
  ? Omit<Answer, 'data'> & { data: Exclude<Data, Kind> }
  : Answer
