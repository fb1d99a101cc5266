import { type TSchema, Type } from '@sinclair/typebox'
import { Email, Password } from '../seed/format.js'
import { compile } from '../store/check.js'
import { projectFields, Username } from '../store/collections.js'
import { Refusal } from './say.js'

/** Refuses a value that the server would refuse, and says why. */
function checker(label: string, schema: TSchema): (value: string) => string {
  const check = compile(schema)
  return (value) => {
    if (check(value)) return value
    const { message } = check.fault()
    // A pattern tells a user nothing.
    const fault = message.startsWith('must match')
      ? `can't have that: ${schema.description}`
      : message
    throw new Refusal(`the ${label} ${fault}`)
  }
}

/** A data file may have others, which are shown escaped. */
const PrintableEmail = Type.String({
  ...Email,
  pattern: '^\\P{Cc}*$',
  description: 'No control characters',
})

export const checkUsername = checker('username', Username)
export const checkPassword = checker('password', Password)
export const checkEmail = checker('email', PrintableEmail)
export const checkProjectName = checker("project's name", projectFields.name)
export const checkDescription = checker('description', projectFields.description)
