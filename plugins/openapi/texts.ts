import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { SecurityScheme } from '../auth/carriers.js'
import { baseOf } from '../workspaces/name.js'

/** Stand in a text for what each request has another of. No document says anything like them. */
const SERVER = 'server-of-whoever-asks'
const BASE = '/base-of-whoever-asks'

/**
 * The document as a text of one format. Writing it takes longer than everything else that is done for a request, and anybody may ask
 * for it, at any name that this machine has: so each document is written once, whoever asks.
 */
export class DocumentText {
  readonly #write: (document: object) => string | Promise<string>
  readonly #written = new WeakMap<object, Promise<Written>>()
  #last: Written | undefined

  /** @param write gives the text of a document, and leaves names of letters and hyphens as they are */
  constructor(write: (document: object) => string | Promise<string>) {
    this.#write = write
  }

  /**
   * The text of the document of a request's world.
   * @param url where its server is, which has no character that a format would have to escape
   */
  async of(request: FastifyRequest, url: string): Promise<Written> {
    const { server, world } = request
    const document = await server.openapi(world)
    const written = this.#written.get(document) ?? this.#writeFor(document, server.securitySchemes)
    this.#written.set(document, written)
    const { text, digest } = await written
    const base = baseOf(request)
    const asked = digestOf(`${digest} ${url} ${base}`)
    // Answers that wait for slow readers are one text, not one each.
    if (this.#last?.digest !== asked) {
      this.#last = {
        text: text.replaceAll(SERVER, () => url).replaceAll(BASE, () => base),
        digest: asked,
      }
    }
    return this.#last
  }

  async #writeFor(
    document: object,
    schemes: Readonly<Record<string, SecurityScheme>>,
  ): Promise<Written> {
    const { components } = Object(document)
    const text = await this.#write({
      ...document,
      servers: [{ url: SERVER, description: 'This server' }],
      components: { ...components, securitySchemes: schemesInside(schemes) },
    })
    return { text, digest: digestOf(text) }
  }
}

export interface Written {
  readonly text: string
  /** Differs where the text does. */
  readonly digest: string
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}

export const json = new DocumentText((document) => JSON.stringify(document, null, 2))

/** RFC 9512 */
export const yaml = new DocumentText(async (document) => {
  const { stringify } = await import('yaml')
  return stringify(document)
})

/** The security schemes of a workspace: those who ask for tokens do so there. */
function schemesInside(schemes: Readonly<Record<string, SecurityScheme>>): object {
  const inside = Object.entries(schemes).map(([name, scheme]) => {
    if (scheme.type !== 'oauth2') return [name, scheme]
    const { tokenUrl, refreshUrl, scopes } = scheme.flows.password
    const password = { tokenUrl: BASE + tokenUrl, refreshUrl: BASE + refreshUrl, scopes }
    return [name, { ...scheme, flows: { password } }]
  })
  return Object.fromEntries(inside)
}
