import type { Wording } from '../../plugins/http/errors.js'

/** What is said of a name that breaks its pattern. */
const BAD_NAMES: Readonly<Record<string, string>> = {
  '/package_name': "package_name cannot contain '/'",
  '/tag': "tags cannot contain '/'",
}

const REQUIRED = ['/username', '/password', '/package_name', '/tag', '/file']

/** The texts of the registry's document. */
export const wording: Wording = {
  isInError: false,
  words: {
    invalid: (faults) => {
      for (const { path, code } of faults) {
        const isMissing = code === 'missing' || code === 'empty'
        if (isMissing && REQUIRED.includes(path)) return `${path.slice(1)} is required`
        if (code === 'reserved') return `${path.slice(1)} cannot be a word that paths begin with`
        if (code === 'pattern') return BAD_NAMES[path]
      }
      return undefined
    },
    taken: (fields) =>
      fields.includes('tag') ? 'the package has this tag' : 'username is already in use',
    notOwner: (action) => `You can ${action} only a package of your own.`,
    recordNotFound: (kind) => `could not locate ${kind}`,
  },
}
