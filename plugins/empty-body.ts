import fp from 'fastify-plugin'

/** In the scope of one API: a request without a body is as one with nothing in it, so that each missing field is named. */
export default fp(
  async (app) => {
    app.addHook('preValidation', (request, _reply, done) => {
      if (request.body === undefined) request.body = {}
      done()
    })
  },
  { name: 'empty-body' },
)
