import { Type } from '@sinclair/typebox'

/**
 * A user's name. No colon and no control character, because HTTP Basic has no way to send them (RFC 7617, section 2),
 * and every account can log in through every API.
 */
export const Username = Type.String({
  minLength: 2,
  maxLength: 128,
  pattern: '^[^:\\x00-\\x1f\\x7f]+$',
  description: 'Two characters or more; no colon and no control characters',
})

/**
 * What no new name has, beside a plain space at its ends: a colon, control characters (those of C1 too), any other space, and
 * what is invisible or changes the direction of a text, as Unicode has it (`Default_Ignorable_Code_Point`), the blank of Braille
 * and what stands for a character that could not be read. Two names with and without them would look the same. As the characters
 * themselves, since there is no escape for them that every language has, in ranges that begin and end with none that turns a
 * text around, which Rust refuses in its files, nor with U+FEFF, which Go does.
 */
const REFUSED = [
  ':\\x00-\\x1f\\x7f-\u00a0\u00ad\u034f\u061c\u115f-\u1160\u1680\u17b4-\u17b5\u180b-\u180f\u2000-\u200f',
  '\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufefe-\uff00\uffa0\ufff0-\ufffd',
].join('')

/** What is said of a name that has something of that. */
export const NEW_NAME =
  'no colon, no control, invisible or direction-changing characters, and no space but plain ones between others'

const newName = `[^ ${REFUSED}]([^${REFUSED}]*[^ ${REFUSED}])?`

/** A name that one can log in with, of an account that is made or renamed: `isPlain` has to hold too. */
export const NEW_NAME_PATTERN = `^${newName}$`

/** The same, or nothing. */
export const NEW_NAME_OR_NONE_PATTERN = `^(${newName})?$`

/** A name of an account that is made or renamed: `isPlain` has to hold too. Accounts that are there may have others. */
export const NewUsername = Type.String({
  minLength: 2,
  maxLength: 128,
  pattern: NEW_NAME_PATTERN,
  description: `Two characters or more: ${NEW_NAME}`,
})

const PLAIN = new RegExp(NEW_NAME_PATTERN, 'u')

/**
 * Whether a name can be a new one's. It knows of characters above U+FFFF too: not every language has ranges of those in its
 * patterns.
 */
export function isPlain(name: string): boolean {
  return PLAIN.test(name) && !/\p{Default_Ignorable_Code_Point}/u.test(name)
}

/** A name in Normalization Form C (UAX #15): the same for all ways to write what looks the same. */
export function normalName(name: string): string {
  return name.normalize('NFC')
}

/** Ways to write a name that look the same: as it is, composed and decomposed. */
export function spellingsOf(name: string): readonly string[] {
  return [...new Set([name, normalName(name), name.normalize('NFD')])]
}
