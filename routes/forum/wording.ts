import type { Wording } from '../../plugins/http/errors.js'

/** What is said of a field that isn't there. */
const MISSING_FIELDS: Readonly<Record<string, string>> = {
  '/title': 'Article title is missing',
  '/text': 'Article text is missing',
  '/username': 'Username is missing',
  '/password': 'Password is missing',
}

/** What is said of a field that is there and breaks its constraints. */
const BAD_FIELDS: Readonly<Record<string, string>> = {
  '/username': 'Bad username format',
  '/password': 'Bad password format',
}

/** The texts of the forum's document, where its clients read them. */
export const wording: Wording = {
  isInError: true,
  words: {
    invalid: (faults) => {
      // What is empty breaks other rules too.
      const missing = new Set(
        faults.filter(({ code }) => code === 'missing' || code === 'empty').map(({ path }) => path),
      )
      for (const { path } of faults) {
        const text = missing.has(path) ? MISSING_FIELDS[path] : BAD_FIELDS[path]
        if (text !== undefined) return text
      }
      return undefined
    },
    tokenMissing: 'Access-token is missing. Log in, please',
    tokenInvalid: 'Invalid access-token. Log in please',
    credentialsWrong: 'Uncorrect username or/and password',
    taken: () => 'User with such username already exists',
    notOwner: (action) => `You can ${action} only own article`,
    recordNotFound: (kind, id) =>
      `${kind.replace(/^./, (letter) => letter.toUpperCase())} with id=${id} was not found`,
  },
}
