import { countOf } from '../../store/lookups.js'
import { equal } from '../../store/query.js'
import { findUser, type Operation } from '../operation.js'
import { withPrompts } from '../prompts.js'
import { count, listed, say } from '../say.js'
import { editedTarget, type TargetFlags } from '../target.js'

/** Removes a user, and does to what is theirs what deleting the account does in the server. */
export async function removeUser(username: string | undefined, flags: TargetFlags): Promise<void> {
  const target = await editedTarget(flags)
  const name = await withPrompts((prompts) => prompts.required('username', username))
  say(await target.edit(userRemoval(target.name, name)))
}

/** Removes a user. */
export function userRemoval(target: string, username: string): Operation {
  return async (store) => {
    const { id } = await findUser(store, username)
    const theirs = { where: equal({ userId: id }) }
    const gone = countsOf([
      [await countOf(store.memberships, theirs), 'membership'],
      [await countOf(store.dmps, theirs), 'plan'],
    ])
    const orphaned = countsOf([
      [await countOf(store.articles, theirs), 'article'],
      [await countOf(store.templates, theirs), 'template'],
    ])
    await store.users.delete(id)
    return {
      done: [
        `removed the user "${username}" from ${target}`,
        gone && `, with ${gone}`,
        orphaned && `; without an author now: ${orphaned}`,
      ].join(''),
    }
  }
}

/** Things in a row, as far as there are any. */
function countsOf(things: readonly [number, string][]): string {
  return listed(things.flatMap(([number, thing]) => (number > 0 ? [count(number, thing)] : [])))
}
