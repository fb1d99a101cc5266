import { type TSchema, Type } from '@sinclair/typebox'
import { Email, Password, seedWordsFor } from '../seed/format.js'
import { compile } from '../store/check.js'
import { projectFields } from '../store/collections.js'
import { isPlain, NEW_NAME, NewUsername } from '../store/names.js'
import { Refusal } from './say.js'

/** Refuses a value that the server would refuse, and says why. */
function checker(label: string, schema: TSchema): (value: string) => string {
  const check = compile(schema)
  return (value) => {
    if (check(value)) return value
    throw new Refusal(`the ${label} ${seedWordsFor(check.fault())}`)
  }
}

/** A data file may have others, which are shown escaped. */
const PrintableEmail = Type.String({
  ...Email,
  pattern: '^\\P{Cc}*$',
  description: 'No control characters',
})

const checkForm = checker('username', NewUsername)

/** A data file may have others, of users who are there already. */
export function checkUsername(value: string): string {
  if (isPlain(checkForm(value))) return value
  throw new Refusal(`the username can't have that: ${NEW_NAME}`)
}

export const checkPassword = checker('password', Password)
export const checkEmail = checker('email', PrintableEmail)
export const checkProjectName = checker("project's name", projectFields.name)
export const checkDescription = checker('description', projectFields.description)
