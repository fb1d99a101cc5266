import { type Static, Type } from '@sinclair/typebox'

/** What was done, for a person. */
export const Message = Type.Object(
  { message: Type.String() },
  {
    $id: 'Message',
    additionalProperties: false,
    examples: [{ message: 'Successfully logged out.' }],
  },
)
export type Message = Static<typeof Message>
