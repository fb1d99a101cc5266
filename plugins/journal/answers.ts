import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Note } from './note.js'
import { problemsOf } from './problems.js'

/** Notes answers in the journal, as they go out: behind whatever else could change them. */
export default fp(
  async (app) => {
    if (!app.controls.isThere) return
    app.addHook('onSend', (request, reply, payload, done) => {
      // What was refused before all else is noted here.
      const note = request.noted ?? app.note(request, reply)
      if (note) {
        if (request.refusedWith) note.problems = problemsOf(request.refusedWith)
        note.status = reply.statusCode
        if (typeof payload === 'string' || payload instanceof Uint8Array) note.takeBody(payload)
        else if (payload instanceof Readable) takeStream(reply, note)
      }
      done(null, payload)
    })
  },
  { name: 'journal-answers', dependencies: ['journal'] },
)

/** Takes the beginning of a stream as it passes, at the pace of who reads it. */
function takeStream(reply: FastifyReply, note: Note): void {
  note.takeAnswer(reply)
  reply.raw.once('pipe', (source) => {
    const take = (chunk: Buffer | string) => {
      if (!note.takeGot(chunk)) source.off('data', take)
    }
    source.on('data', take)
  })
}
