import { createHash } from 'node:crypto'
import fp from 'fastify-plugin'
import { isTagKnown } from '../../plugins/http/conditional.js'

/** Names, by what it holds, each answer to a GET that has no ETag yet: a list, or a record with others in it. */
export const weakEtags = fp(async (app) => {
  app.addHook('onSend', async (request, reply, payload) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const isNamed = reply.hasHeader('etag')
    if (!isRead || isNamed || reply.statusCode !== 200 || typeof payload !== 'string')
      return payload
    const hash = createHash('sha1').update(payload).digest('base64url')
    if (!isTagKnown(request, reply, `W/"${hash}"`)) return payload
    reply.code(304).removeHeader('content-type').removeHeader('content-length')
    for (const name of ['link', 'x-total-count']) reply.removeHeader(name)
    return ''
  })
})
