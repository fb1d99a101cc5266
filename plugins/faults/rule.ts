import { type Static, Type } from '@sinclair/typebox'
import { oneOf, ref } from '../../store/schema.js'
import { RequestMatch } from '../workspaces/match.js'

/** The longest that a fault lets a request wait, in milliseconds. */
const MAX_DELAY = 60_000

/** Texts of as much: a whole number of milliseconds, or of seconds with their unit. */
const DELAY_TEXT = '^((0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|60000)(ms)?|([1-5]?[0-9]|60)s)$'
const DELAY = new RegExp(DELAY_TEXT)

const Milliseconds = Type.Integer({ minimum: 0, maximum: MAX_DELAY })

export const Consequence = Type.Object(
  {
    delay: Type.Optional(
      Type.Union(
        [
          Milliseconds,
          Type.String({ pattern: DELAY_TEXT }),
          Type.Array(Milliseconds, { minItems: 2, maxItems: 2 }),
        ],
        {
          description:
            'How long the request waits before anything else: milliseconds, a text such as `1500ms` or `2s`, or the shortest and the longest of a range; a minute at most',
          examples: [250],
        },
      ),
    ),
    status: Type.Optional(
      Type.Integer({
        minimum: 200,
        maximum: 599,
        description:
          'The status of the answer. One that the operation has in this document is answered with its example',
        examples: [503],
      }),
    ),
    headers: Type.Optional(
      Type.Unsafe<Readonly<Record<string, string>>>(
        Type.Object(
          {},
          {
            additionalProperties: Type.String({
              pattern: '^[ -~]*$',
              maxLength: 4_000,
            }),
            propertyNames: { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}$" },
            maxProperties: 50,
            description: 'Headers that the answer has then, whichever answer it is',
            examples: [{ 'Retry-After': '1' }],
          },
        ),
      ),
    ),
    body: Type.Optional(
      Type.Unknown({
        description:
          'What the answer has in it: JSON, or a text as it is where `headers` has another Content-Type',
        examples: [{ error: 'out of order' }],
      }),
    ),
    abort: Type.Optional(
      oneOf(['before', 'in the body'], {
        description:
          'Ends the connection: instead of an answer, or when a part of its body has gone. A request that would have changed something has not been carried out then',
        examples: ['before'],
      }),
    ),
  },
  {
    $id: 'FaultConsequence',
    additionalProperties: false,
    minProperties: 1,
    examples: [{ delay: 250, status: 503 }],
    description:
      'What becomes of the request. With `delay` and `headers` alone it is answered as ever; otherwise it is not carried out',
  },
)
/** What becomes of a request. */
export type Consequence = Static<typeof Consequence>

/** The contract's word. Written out as a field's name it could be meant for what makes an object a promise. */
export const THEN = 'then'

const rule = {
  match: ref(RequestMatch),
  skip: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: 'How many of the requests that are meant are let be first',
      examples: [2],
    }),
  ),
  times: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description: 'How often it happens; always without it',
      examples: [1],
    }),
  ),
  probability: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'How likely it is each time',
      examples: [0.5],
    }),
  ),
  seed: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 2 ** 31 - 1,
      description:
        'What chance follows from: the same seed, and the same requests in the same order, have the same faults. One is chosen where none is given',
      examples: [42],
    }),
  ),
  [THEN]: ref(Consequence),
}

const example = {
  match: { method: 'POST', path: '/api/ships' },
  times: 1,
  [THEN]: { delay: 250, status: 503 },
}

/** What is to go wrong, and when. */
export const FaultRule = Type.Object(rule, {
  $id: 'FaultRule',
  additionalProperties: false,
  examples: [example],
})
export type FaultRule = Static<typeof FaultRule>

/** The same once it is in force. */
export const Fault = Type.Object(
  {
    id: Type.String({ description: 'Names it', examples: ['fault-1'] }),
    fired: Type.Integer({ minimum: 0, description: 'How often it has happened', examples: [0] }),
    ...rule,
  },
  {
    $id: 'Fault',
    additionalProperties: false,
    examples: [{ id: 'fault-1', fired: 0, ...example }],
  },
)
export type Fault = Static<typeof Fault>

/** How long a text or a number lets a request wait, in milliseconds; undefined for what says nothing of the kind. */
export function delayIn(delay: string | number): number | undefined {
  if (typeof delay === 'number') return delay
  if (!DELAY.test(delay)) return undefined
  return Number.parseInt(delay, 10) * (/\ds$/.test(delay) ? 1_000 : 1)
}
