import { Type } from '@sinclair/typebox'

/** A number that names a record. Numbers are never given twice. */
export const Id = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'The number of the record',
  examples: [1],
})

export const IdParams = Type.Object({ id: Id })

/** A change can name the version that it starts from (RFC 9110, section 13.1.1). */
export const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      description: 'The ETag of the version to change; any other version is left as it is (412)',
    }),
  ),
})

/** A read can name the version that the client has (RFC 9110, section 13.1.2). */
export const IfNoneMatch = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({
      description:
        'The ETag of the version that you have; if it is still the latest, the answer is 304',
    }),
  ),
})
