import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { type Fault, missingField, unknownField } from '../../store/check.js'
import { mediaTypesOf } from '../http/bodies.js'
import { errors } from '../http/errors.js'
import { MULTIPART } from '../http/multipart.js'
import type { ProblemDetail } from '../http/problem.js'
import { failure } from './responses.js'

/**
 * The refusals that follow from what a route takes in, so that no route has to name them.
 * @param schema what it takes in
 * @param named the answers that it has beside
 */
export function impliedAnswers(
  app: Pick<FastifyInstance, 'getSchema'>,
  schema: FastifySchema,
  readsBody: boolean,
  named: Readonly<Record<string, TSchema>>,
): Record<string, TSchema> {
  const fault = faultIn(app, schema) ?? (readsBody ? EXTRA_FIELD : undefined)
  return {
    // A guard's 400, for two tokens that differ, is one more way not to be valid.
    ...(fault
      ? { 400: failure('The request is not valid', errors.invalid(...fault)) }
      : { 400: named[400] ?? failure('The request is not valid', errors.hostMissing()) }),
    ...(readsBody
      ? {
          413:
            named[413] ??
            failure(
              mediaTypesOf(schema).includes(MULTIPART)
                ? 'The body is larger than BODY_LIMIT, or its files together than UPLOAD_LIMIT'
                : 'The body is larger than BODY_LIMIT',
              errors.tooLarge(),
            ),
          415: failure(
            'The body has a media type that is not read here',
            errors.unsupportedMediaType(mediaTypesOf(schema)),
          ),
        }
      : {}),
  }
}

/** One part of a request, and what is wrong with it. */
type FaultIn = readonly [part: ProblemDetail['in'], fault: Fault]

const EXTRA_FIELD: FaultIn = ['body', unknownField('colour')]

/** A fault that validation can find in a request, as an example; undefined where it looks at nothing. */
function faultIn(
  app: Pick<FastifyInstance, 'getSchema'>,
  { body, params, querystring, headers }: FastifySchema,
): FaultIn | undefined {
  if (body) {
    const { required = [] }: TSchema = Object(app.getSchema(Object(body).$ref))
    const [missing] = required
    return missing === undefined ? EXTRA_FIELD : ['body', missingField(missing)]
  }
  for (const [part, taken] of [
    ['path', params],
    ['query', querystring],
    ['header', headers],
  ] as const) {
    const [first] = Object.entries<TSchema>(Object(taken).properties ?? {})
    if (!first) continue
    const [name, { type, maxLength }] = first
    const path = `/${name}`
    return type === 'integer'
      ? [part, { path, code: 'type', params: { type } }]
      : [part, { path, code: 'maxLength', params: { limit: maxLength } }]
  }
  return undefined
}
