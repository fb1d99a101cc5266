import type { SeedFile } from '../../seed/parts.js'
import { placesOf, removal } from '../data-file/change.js'
import { type Decision, editFile } from '../data-file/edit.js'
import { chosenDataFile } from '../data-file/find.js'
import { findUser } from '../data-file/records.js'
import { withPrompts } from '../prompts.js'
import { count, listed, say } from '../say.js'

/** Removes a user from the data file, and does to what is theirs what deleting the account does in the server. */
export async function removeUser(
  username: string | undefined,
  flags: { readonly dataFile?: string },
): Promise<void> {
  const file = await chosenDataFile(flags.dataFile)
  const name = await withPrompts((prompts) => prompts.required('username', username))
  say(await editFile(file, (data) => userRemoval(file, data, name)))
}

/**
 * What removes a user, as deleting the account does in the server.
 * @throws Refusal
 */
export function userRemoval(file: string, data: SeedFile, username: string): Decision {
  const { users = [], articles = [], templates = [], memberships = [], dmps = [] } = data
  const { index, id } = findUser(data, username)
  const goneMemberships = placesOf(memberships, (membership) => membership.user_id === id)
  const goneDmps = placesOf(dmps, (dmp) => dmp.user === username)
  const orphanedArticles = withoutAuthor(articles, {
    user_id: id,
    'author.username': username,
  })
  const orphanedTemplates = withoutAuthor(templates, { username, user_id: username })
  const gone = [count(goneMemberships.size, 'membership'), count(goneDmps.size, 'plan')].filter(
    isSome,
  )
  const orphaned = [
    count(orphanedArticles.size, 'article'),
    count(orphanedTemplates.size, 'template'),
  ].filter(isSome)
  return {
    change: {
      users: removal(users, new Set([index])),
      articles: { fields: orphanedArticles },
      templates: { fields: orphanedTemplates },
      memberships: removal(memberships, goneMemberships),
      dmps: { removed: goneDmps },
    },
    done: [
      `removed the user "${username}" from ${file}`,
      gone.length > 0 ? `, with ${listed(gone)}` : '',
      orphaned.length > 0 ? `; without an author now: ${listed(orphaned)}` : '',
    ].join(''),
  }
}

/**
 * The records that name a user, with null in every field that does.
 * @param author what the fields are where they name the user
 */
function withoutAuthor(
  records: readonly object[],
  author: Readonly<Record<string, unknown>>,
): Map<number, { [field: string]: null }> {
  return new Map(
    records.flatMap((record, index) => {
      const named = Object.entries(record).filter(
        ([field, value]) => field in author && author[field] === value,
      )
      const nulls = Object.fromEntries(named.map(([field]) => [field, null]))
      return named.length > 0 ? [[index, nulls]] : []
    }),
  )
}

function isSome(counted: string): boolean {
  return !counted.startsWith('0 ')
}
