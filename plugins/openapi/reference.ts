import type { FastifySwaggerUiOptions } from '@fastify/swagger-ui'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { errors, REFERENCE } from '../http/errors.js'
import { baseOf } from '../workspaces/name.js'
import { LOGIN_SCRIPT } from './reference-login.js'
import { json, yaml } from './texts.js'

/** Follows the browser into the dark: Swagger UI does so by its top bar alone, which isn't shown. */
const COLOURS = `
const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()
`

const STYLES = `
/* Each would say "No links". */
.swagger-ui .response-col_links { display: none }

/* Room for the buttons that lie over an answer's last lines. Swagger UI sets the padding on the element itself. */
.swagger-ui .live-responses-table .highlight-code > pre { padding-bottom: 48px !important }

/* Swagger UI forgot these in the dark. */
.swagger-ui table.headers td { color: inherit }

/* On a phone the path needs the room. */
@media (max-width: 640px) {
  .swagger-ui .opblock .opblock-summary-operation-id { display: none }
}
`

const OPTIONS: FastifySwaggerUiOptions = {
  routePrefix: REFERENCE,
  theme: {
    title: 'Slipway',
    css: [{ filename: 'reference.css', content: STYLES }],
    js: [
      { filename: 'colours.js', content: COLOURS },
      { filename: 'login.js', content: LOGIN_SCRIPT },
    ],
  },
  uiConfig: {
    // No top bar: it asks for the address of another document, and its logo brings a style of its own.
    layout: 'BaseLayout',
    deepLinking: true,
    displayOperationId: true,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    // It would leave tokens in localStorage, for whatever is served at this address next: on localhost, other programs.
    persistAuthorization: false,
    // Without this the page asks swagger.io to validate the document.
    validatorUrl: null,
  },
  staticCSP: {
    'default-src': ["'none'"],
    'connect-src': ["'self'"],
    // Icons in the style sheet, and pictures that the API answers with.
    'img-src': ["'self'", 'data:', 'blob:'],
    'script-src': ["'self'"],
    'style-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  },
}

export interface ReferenceOptions {
  /** Whether `/` leads here, because no API has it: but for a page that is there. */
  readonly isHome: boolean
}

/** Whether a request comes from a browser that is to show a page: such ask for HTML before all else. */
export function prefersHtml({ headers }: FastifyRequest): boolean {
  return /^\s*text\/html\s*(;|,|$)/i.test(headers.accept ?? '')
}

/** Swagger UI, in a server of its own. The page asks for the document itself. */
async function build(): Promise<FastifyInstance> {
  const { default: swaggerUi } = await import('@fastify/swagger-ui')
  const { describe } = await import('./describe.js')
  const served = await describe([], [], { tags: [], securitySchemes: {}, hasDatabase: false })
  await served.register(swaggerUi, OPTIONS)
  return served
}

/**
 * The API reference in the browser, at `/docs`. Everything it loads comes from this server. @fastify/swagger-ui serves it
 * from a server of its own, which is there when the first request comes.
 */
export default fp<ReferenceOptions>(
  async (app, { isHome }) => {
    if (isHome) {
      app.get('/', { schema: { hide: true } }, async (request, reply) => {
        return (
          (await app.pages?.answer(request, reply)) ?? reply.redirect(baseOf(request) + REFERENCE)
        )
      })
    }

    let built: Promise<FastifyInstance> | undefined
    const answer = async (request: FastifyRequest, reply: FastifyReply) => {
      const { url, headers } = request
      built ??= build()
      const answer = await (await built).inject({ url, headers })
      if (answer.statusCode === 404) throw errors.routeNotFound()
      // Those two are about the connection.
      const { connection, date, ...others } = answer.headers
      reply.code(answer.statusCode).headers(others)
      const base = baseOf(request)
      if (base === '') return reply.send(answer.rawPayload)
      if (others.location) reply.header('location', base + others.location)
      if (!String(answer.headers['content-type']).startsWith('text/html'))
        return reply.send(answer.rawPayload)
      // The page names what it loads by paths of the server.
      const text = answer.payload.replaceAll(`"${REFERENCE}/`, `"${base}${REFERENCE}/`)
      return reply.removeHeader('content-length').send(text)
    }
    const schema = { hide: true }
    app.get(REFERENCE, { schema }, answer)
    // The server of the page, by whatever name the browser knows it: a proxy may have another for it.
    const server = (request: FastifyRequest) => baseOf(request) || '/'
    app.get(`${REFERENCE}/json`, { schema }, async (request, reply) => {
      const { text } = await json.of(request, server(request))
      return reply.type('application/json; charset=utf-8').send(text)
    })
    app.get(`${REFERENCE}/yaml`, { schema }, async (request, reply) => {
      const { text } = await yaml.of(request, server(request))
      return reply.type('application/x-yaml').send(text)
    })
    app.get(`${REFERENCE}/*`, { schema }, answer)
  },
  { name: 'reference', dependencies: ['openapi'] },
)
