import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BaseRecord } from '../../store/declaration.js'

/** A change can name the version that it starts from (RFC 9110, section 13.1.1). */
export const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      description: 'The ETag of the version to change; any other version is left as it is (412)',
      // Any version, so that the reference's first try goes well.
      examples: ['*'],
    }),
  ),
})

/** A read can name the version that the client has (RFC 9110, section 13.1.2). */
export const IfNoneMatch = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({
      description:
        'The ETag of the version that you have; if it is still the latest, the answer is 304',
      examples: ['"q3Vb0w-1"'],
    }),
  ),
})

/**
 * Names the version of the record that the answer shows, in `ETag` (RFC 9110, section 8.8.3).
 * @param other another record that the answer shows something of
 * @returns whether the client has that version already, by its `If-None-Match`: the answer is 304 then
 */
export function isKnown(
  request: FastifyRequest,
  reply: FastifyReply,
  record: BaseRecord,
  other?: BaseRecord,
): boolean {
  return isTagKnown(request, reply, tagOf(request, record, other))
}

/** The same for a tag that is made from what the answer holds. */
export function isTagKnown(request: FastifyRequest, reply: FastifyReply, tag: string): boolean {
  reply.header('etag', tag)
  const known = request.headers['if-none-match']
  if (known === undefined) return false
  // A weak tag will do: RFC 9110, section 13.1.2.
  return known.trim() === '*' || tagsIn(known).includes(tag.replace(/^W\//, ''))
}

/** Whether a change may go on, by the request's `If-Match`, of what has a tag that is made from what it holds. */
export function isTagExpected(request: FastifyRequest, tag: string): boolean {
  return expectedTags(request)?.includes(tag) ?? true
}

/** Names the version of the record that a change has made, in `ETag`. */
export function tag(
  request: FastifyRequest,
  reply: FastifyReply,
  record: BaseRecord,
  other?: BaseRecord,
): void {
  reply.header('etag', tagOf(request, record, other))
}

const PLAIN = /^"(.*)-([1-9]\d*)"$/
const COMPOSED = /^"(.*)-([1-9]\d*)(?:\.\d+)?"$/

/**
 * The versions of a record that a change may start from, by the request's `If-Match`.
 * @param isComposed whether the tags name another record's version too; a change of this one need not care for that
 * @returns undefined when any version will do
 */
export function expectedVersions(
  request: FastifyRequest,
  isComposed = false,
): number[] | undefined {
  return expectedTags(request)?.flatMap((each) => {
    const [, epoch, version] = (isComposed ? COMPOSED : PLAIN).exec(each) ?? []
    return epoch === request.store.epoch ? [Number(version)] : []
  })
}

/**
 * The tags in `If-Match` (RFC 9110, section 13.1.1). Weak ones never match, so they count for nothing.
 * @returns undefined when any will do
 */
function expectedTags({ headers }: FastifyRequest): string[] | undefined {
  const expected = headers['if-match']
  if (expected === undefined || expected.trim() === '*') return undefined
  return tagsIn(expected.replace(/W\/"[^"]*"/g, ''))
}

function tagOf({ store }: FastifyRequest, { version }: BaseRecord, other?: BaseRecord): string {
  return `"${store.epoch}-${version}${other ? `.${other.version}` : ''}"`
}

function tagsIn(list: string): string[] {
  return list.match(/"[^"]*"/g) ?? []
}
