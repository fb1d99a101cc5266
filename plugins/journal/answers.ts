import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Exchange } from './exchange.js'
import { problemsOf } from './problems.js'

/** Notes answers in the journal, as they go out: behind whatever else could change them. */
export default fp(
  async (app) => {
    if (!app.controls.isThere) return
    app.addHook('onSend', (request, reply, payload, done) => {
      // What was refused before all else is noted here.
      const exchange = request.exchange ?? app.note(request, reply)
      if (exchange) {
        if (request.refusedWith) exchange.problems = problemsOf(request.refusedWith)
        exchange.answer(reply)
        if (typeof payload === 'string' || payload instanceof Uint8Array)
          exchange.answerWith(payload)
        else if (payload instanceof Readable) takeStream(reply, exchange)
      }
      done(null, payload)
    })
  },
  { name: 'journal-answers', dependencies: ['journal'] },
)

/** Takes the beginning of a stream as it passes, at the pace of who reads it. */
function takeStream({ raw }: FastifyReply, exchange: Exchange): void {
  raw.once('pipe', (source) => {
    const take = (chunk: Buffer | string) => {
      if (!exchange.get(chunk)) source.off('data', take)
    }
    source.on('data', take)
  })
}
