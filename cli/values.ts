import { type TSchema, Type } from '@sinclair/typebox'
import { Email, Password, seedWordsFor } from '../seed/format.js'
import { compile } from '../store/check.js'
import { projectFields, Username } from '../store/collections.js'
import { Refusal } from './say.js'

/** Refuses a value that the server would refuse, and says why. */
function checker(label: string, schema: TSchema): (value: string) => string {
  const check = compile(schema)
  return (value) => {
    if (check(value)) return value
    const fault = check.fault()
    // A pattern tells a user nothing.
    const words =
      fault.code === 'pattern' ? `can't have that: ${schema.description}` : seedWordsFor(fault)
    throw new Refusal(`the ${label} ${words}`)
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
