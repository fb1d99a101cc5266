/** What an operation asks for, and the header that it goes into. */
export interface Carrier {
  readonly kind: 'access' | 'refresh' | 'basic'
  readonly header: string
}

/** By method and path. An operation that isn't here asks for nothing. */
export type Carriers = Readonly<Record<string, Carrier>>

/** What of a server's OpenAPI document tells where credentials go. */
export interface SecurityDocument {
  readonly paths: Readonly<Record<string, object>>
  readonly components?: { readonly securitySchemes?: Readonly<Record<string, object>> }
}

/** What of an operation does. */
interface Operation {
  readonly security?: readonly object[]
}

/** Which header each operation takes its credential in: the first of those that the document names, which is its API's own. */
export function carriersOf({ paths, components = {} }: SecurityDocument): Carriers {
  const carriers: Record<string, Carrier> = {}
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { security = [] }] of Object.entries<Operation>({ ...methods })) {
      const carrier = security
        .flatMap((scheme) => Object.keys(scheme))
        .map((name) => carrierOf(name, components.securitySchemes?.[name]))
        .find((each) => each !== undefined)
      if (carrier) carriers[`${method.toUpperCase()} ${path}`] = carrier
    }
  }
  return carriers
}

/** A security scheme of Slipway's begins with the kind of its credential. */
function carrierOf(scheme: string, { name }: { name?: string } = {}): Carrier | undefined {
  const header = name ?? 'authorization'
  for (const kind of ['access', 'refresh', 'basic'] as const) {
    if (scheme.startsWith(kind)) return { kind, header }
  }
  return undefined
}
