import fp from 'fastify-plugin'

/**
 * Reads JSON bodies. Many clients say `Content-Type: application/json` on requests without a body: those have none,
 * instead of a broken one.
 */
export default fp(
  async (app) => {
    const parse = app.getDefaultJsonParser('error', 'error')
    app.removeContentTypeParser('text/plain')
    app.addContentTypeParser<string>(
      'application/json',
      { parseAs: 'string' },
      (request, body, done) => {
        if (body === '') done(null, undefined)
        else parse(request, body, done)
      },
    )
  },
  { name: 'json' },
)
