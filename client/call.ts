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
 * infers the options from what is given. Here they are what the document has, and nothing else.
 */
export type Call<Paths extends object, Method extends HttpMethod> = <
  Path extends PathsWithMethod<Paths, Method>,
  As extends ParseAs = 'json',
>(
  path: Path,
  ...options: Needed<Options<Paths, Path, Method, As>>
) => Promise<Answer<NonNullable<FilterKeys<Paths[Path], Method>>, As>>

type Options<
  Paths extends object,
  Path extends keyof Paths,
  Method extends HttpMethod,
  As extends ParseAs,
> = FetchOptions<FilterKeys<Paths[Path], Method>> & { parseAs?: As }

type Answer<Operation extends object, As extends ParseAs> = FetchResponse<
  Operation,
  As extends 'json' ? object : { parseAs: As },
  MediaType
>

/** Options can be left out where none of them has to be there. */
type Needed<Options> =
  RequiredKeysOf<Options> extends never ? [options?: Options] : [options: Options]
