import { type Static, Type } from '@sinclair/typebox'

export const exampleTaskId = '019a8f2d-1c00-7a52-8b1f-3c4d5e6f7a8b'
export const examplePlanId = '019a8f2c-7b40-7c11-9d3e-5f6a2b1c0d4e'

/** A UUID of version 7, as plans and tasks have it. Not `format: uuid`: what is no UUID is as one that names nothing. */
export const PublicId = Type.String({
  maxLength: 128,
  description: 'A UUID',
  examples: [examplePlanId],
})

/** What was done, and to what. */
export const Done = Type.Object(
  { id: PublicId, ok: Type.Literal(true), msg: Type.String() },
  {
    $id: 'Done',
    additionalProperties: false,
    examples: [{ id: examplePlanId, ok: true, msg: 'DMP created' }],
  },
)

/** What a change of the record with this id is answered with. */
export function done(id: string, msg: string): Static<typeof Done> {
  return { id, ok: true, msg }
}
