import type { FetchOptions, FetchResponse, ParseAs } from 'openapi-fetch'
import type {
  FilterKeys,
  HttpMethod,
  MediaType,
  PathsWithMethod,
  RequiredKeysOf,
} from 'openapi-typescript-helpers'
import type { paths } from './schema.js'

/**
 * A call of an operation. `openapi-fetch` has a type of its own for it, which takes any field beside those of a body: it
 * infers the options from what is given. Here they are what the document has, and nothing else.
 */
export type Call<Method extends HttpMethod> = <
  Path extends PathsWithMethod<paths, Method>,
  As extends ParseAs = 'json',
>(
  path: Path,
  ...options: Needed<Options<Path, Method, As>>
) => Promise<Answer<NonNullable<FilterKeys<paths[Path], Method>>, As>>

type Options<
  Path extends keyof paths,
  Method extends HttpMethod,
  As extends ParseAs,
> = FetchOptions<FilterKeys<paths[Path], Method>> & { parseAs?: As }

type Answer<Operation extends object, As extends ParseAs> = FetchResponse<
  Operation,
  As extends 'json' ? object : { parseAs: As },
  MediaType
>

/** Options can be left out where none of them has to be there. */
type Needed<Options> =
  RequiredKeysOf<Options> extends never ? [options?: Options] : [options: Options]
