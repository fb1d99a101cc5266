import { type Static, Type } from '@sinclair/typebox'
import { oneOf, ref } from '../../store/schema.js'

export const ProblemDetail = Type.Object(
  {
    in: oneOf(['body', 'path', 'query', 'header'], {
      description: 'The part of the request that has the fault',
    }),
    path: Type.String({ description: 'Where in that part, as a JSON pointer (RFC 6901)' }),
    message: Type.String({ description: 'What is wrong there' }),
  },
  {
    $id: 'ProblemDetail',
    additionalProperties: false,
    examples: [{ in: 'body', path: '/crew', message: 'must be >= 1' }],
  },
)
export type ProblemDetail = Static<typeof ProblemDetail>

/** The one shape of every error that a client gets. */
export const Problem = Type.Object(
  {
    statusCode: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status again' }),
    error: Type.String({
      description:
        "The status's name; in the forum and plans APIs the message again, and of `/auth/token` what RFC 6749, section 5.2, has",
    }),
    message: Type.String({ description: 'What went wrong, for a person' }),
    details: Type.Optional(
      Type.Array(ref(ProblemDetail), {
        description:
          'The faults that validation found: all, up to a hundred, and one in a huge body',
      }),
    ),
  },
  {
    $id: 'Problem',
    additionalProperties: false,
    examples: [
      { statusCode: 404, error: 'Not Found', message: 'There is no ship with the id 99.' },
    ],
  },
)
export type Problem = Static<typeof Problem>
