import type { FastifySwaggerUiOptions } from '@fastify/swagger-ui'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { errors, REFERENCE } from '../http/errors.js'
import { baseOf } from '../workspaces/name.js'
import { latest } from './document.js'
import { LOGIN_SCRIPT } from './reference-login.js'

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
  // The server of the page, by whatever name the browser knows it: a proxy may have another for it.
  transformSpecification: (document) => ({ ...document, servers: [{ url: '/' }] }),
  transformSpecificationClone: false,
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

    const build = async () => {
      const { default: swaggerUi } = await import('@fastify/swagger-ui')
      const described = await app.describe()
      await described.register(swaggerUi, OPTIONS)
      return described
    }
    const built = latest(app.documentRevision, build)
    const answer = async ({ url, headers }: FastifyRequest, reply: FastifyReply) => {
      const served = await built()
      const answer = await served.inject({ url, headers })
      if (answer.statusCode === 404) throw errors.routeNotFound()
      // Those two are about the connection.
      const { connection, date, ...others } = answer.headers
      return reply.code(answer.statusCode).headers(others).send(answer.rawPayload)
    }
    const schema = { hide: true }
    app.get(REFERENCE, { schema }, answer)
    app.get(`${REFERENCE}/*`, { schema }, answer)
  },
  { name: 'reference', dependencies: ['openapi'] },
)
