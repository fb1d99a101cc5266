import createFetchClient, {
  type Client,
  type ClientOptions,
  defaultBodySerializer,
  type Middleware,
} from 'openapi-fetch'
import type { Call } from './call.js'
import { type Carrier, carriersOf, type SecurityDocument } from './carriers.js'
import type { components, paths } from './schema.js'
import { carriers as shipped } from './security.js'

export type { components, operations, paths } from './schema.js'

/** What requests and answers have in them, by its name in the document: `Schemas['Ship']`. */
export type Schemas = components['schemas']

/**
 * A client whose every path, parameter, body and answer has its type from the OpenAPI document.
 * @typeParam Paths as openapi-typescript writes them of a document; of the shipped APIs without it
 */
export interface SlipwayClient<Paths extends object = paths>
  extends Pick<Client<Paths>, 'use' | 'eject'> {
  readonly GET: Call<Paths, 'get'>
  readonly PUT: Call<Paths, 'put'>
  readonly POST: Call<Paths, 'post'>
  readonly PATCH: Call<Paths, 'patch'>
  readonly DELETE: Call<Paths, 'delete'>
}

/** A value, or what gives it when a request needs it. */
type Given<T> = T | (() => T | undefined | Promise<T | undefined>)

export interface SlipwayOptions extends ClientOptions {
  /** The access token. It goes with the operations that take one, in the header that their API has for it. */
  readonly token?: Given<string>
  /** The refresh token, for the operations that take that one. */
  readonly refreshToken?: Given<string>
  /** Who logs in with HTTP Basic. */
  readonly login?: Given<{ readonly username: string; readonly password: string }>
  /** The OpenAPI document of the server, where it isn't that of the shipped APIs: it says what each operation asks for. */
  readonly document?: SecurityDocument
}

/**
 * Makes a client of a Slipway server.
 * @typeParam Paths as openapi-typescript writes them of the server's document; of the shipped APIs without it
 * @param options `baseUrl`, tokens, and all that `openapi-fetch` takes
 */
export function createClient<Paths extends object = paths>(
  options?: SlipwayOptions,
): SlipwayClient<Paths>
// An overload, since the compiler can't tell that a call's two types come to the same for every path; tests do.
export function createClient({
  token,
  refreshToken,
  login,
  document,
  ...options
}: SlipwayOptions = {}): object {
  const client = createFetchClient<paths>({ bodySerializer, ...options })
  const carriers = document ? carriersOf(document) : shipped
  const credentialOf = async ({ kind, header }: Carrier): Promise<string | undefined> => {
    if (kind === 'basic') {
      const given = await currentOf(login)
      return given && `Basic ${base64(`${given.username}:${given.password}`)}`
    }
    const given = await currentOf(kind === 'access' ? token : refreshToken)
    return given && (header === 'authorization' ? `Bearer ${given}` : given)
  }
  const middleware: Middleware = {
    onRequest: async ({ request, schemaPath }) => {
      const carrier = carriers[`${request.method} ${schemaPath}`]
      // What a call says itself goes before what the client says.
      if (!carrier || request.headers.has(carrier.header)) return
      if (request.headers.has('authorization')) return
      const credential = await credentialOf(carrier)
      if (credential) request.headers.set(carrier.header, credential)
    },
  }
  client.use(middleware)
  return client
}

/** Its type leaves out the headers that it takes. */
const serialize: (body: unknown, headers?: unknown) => FormData | string = defaultBodySerializer

/** A body with a file in it is a form, and any other is what its headers say: JSON, where they say nothing. */
function bodySerializer(body: unknown, headers?: unknown): FormData | string {
  const fields = Object.entries<unknown>(Object(body))
  if (!fields.some(([, value]) => value instanceof Blob)) return serialize(body, headers)
  const form = new FormData()
  for (const [name, value] of fields) {
    if (value instanceof Blob) form.append(name, value)
    else if (value !== undefined) form.append(name, String(value))
  }
  return form
}

async function currentOf<T extends string | object>(given?: Given<T>): Promise<T | undefined> {
  return typeof given === 'function' ? given() : given
}

/** Base64 of a text's UTF-8, which `btoa` alone can't do. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
