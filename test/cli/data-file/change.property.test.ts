import fc from 'fast-check'
import t from 'tap'
import { editText } from '../../../cli/data-file/edit.js'
import { loadText } from '../../../cli/data-file/load.js'
import { memberAddition } from '../../../cli/member/add.js'
import { memberRemoval } from '../../../cli/member/remove.js'
import type { Operation } from '../../../cli/operation.js'
import { projectAddition } from '../../../cli/project/add.js'
import { projectRemoval } from '../../../cli/project/remove.js'
import { userAddition } from '../../../cli/user/add.js'
import { userRemoval } from '../../../cli/user/remove.js'
import type { Store } from '../../../store/collections.js'
import { newUser } from '../../../store/collections.js'
import { all } from '../../../store/lookups.js'

const FILE = 'data.json'
const HASH = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$aGFzaGhhc2hoYXNoaGFzaA'
const NAMES = ['ada', 'bob', 'cyd', 'dan', 'eve']
const PROJECTS = ['One', 'Two', 'Three', 'Four']

type Numbered<R> = R & { readonly id?: number }

/** Ids that are free, in any order, and between them records that leave theirs to be implied. */
function numbered<R extends object>(records: fc.Arbitrary<R>, most: number) {
  return fc
    .tuple(
      fc.array(records, { maxLength: most }),
      fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: most, maxLength: most }),
      fc.array(fc.boolean(), { minLength: most, maxLength: most }),
    )
    .map(([list, ids, isExplicit]) => withFreeIds(list, ids, isExplicit))
}

function withFreeIds<R extends object>(
  records: readonly R[],
  ids: readonly number[],
  isExplicit: readonly boolean[],
): Numbered<R>[] {
  const taken = new Set<number>()
  return records.map((record, index) => {
    const next = Math.max(0, ...taken) + 1
    const own = ids[index] ?? next
    const explicit = isExplicit[index] === true && !taken.has(own)
    taken.add(explicit ? own : next)
    return explicit ? { id: own, ...record } : record
  })
}

function loadedIds(records: readonly Numbered<object>[]): number[] {
  let highest = 0
  return records.map(({ id = highest + 1 }) => {
    highest = Math.max(highest, id)
    return id
  })
}

const date = '2026-01-05T08:00:00Z'

const people = fc
  .tuple(fc.shuffledSubarray(NAMES, { minLength: 1 }), fc.boolean())
  .chain(([names, isWire]) =>
    numbered(fc.constant({}), names.length).map((blanks) =>
      names.map((name, index) => ({
        ...blanks[index],
        ...(isWire ? { username: name } : { name }),
        passwordHash: HASH,
      })),
    ),
  )

const dataFiles = fc
  .tuple(
    people,
    fc.shuffledSubarray(PROJECTS, { minLength: 1 }),
    numbered(fc.constant({}), PROJECTS.length),
  )
  .chain(([users, projectNames, blanks]) => {
    const projects = projectNames.map((name, index) => ({ ...blanks[index], name }))
    const userIds = loadedIds(users)
    const names = users.map((user) => ('name' in user ? user.name : user.username))
    const pair = fc.tuple(fc.constantFrom(...userIds), fc.constantFrom(...loadedIds(projects)))
    const author = fc.nat(users.length - 1)
    return fc.record({
      users: fc.constant(users),
      projects: fc.constant(projects),
      memberships: fc
        .tuple(
          fc.uniqueArray(pair, { maxLength: 8, selector: String }),
          fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 8, maxLength: 8 }),
          fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        )
        .map(([pairs, ids, isExplicit]) =>
          withFreeIds(
            pairs.map(([user_id, project_id]) => ({ user_id, project_id })),
            ids,
            isExplicit,
          ),
        ),
      articles: numbered(
        fc.tuple(author, fc.constantFrom('id', 'name', 'both', 'none')).map(([index, by]) => ({
          title: 'An article',
          text: 'Its text',
          ...(by === 'id' || by === 'both' ? { user_id: userIds[index] } : {}),
          ...(by === 'name' || by === 'both' ? { 'author.username': names[index] } : {}),
          date_posted: date,
        })),
        5,
      ),
      templates: numbered(
        fc.tuple(author, fc.constantFrom('username', 'user_id', 'both')).map(([index, by]) => ({
          title: 'A template',
          url: 'https://example.com/x.png',
          posted: date,
          ...(by !== 'user_id' ? { username: names[index] } : {}),
          ...(by !== 'username' ? { user_id: names[index] } : {}),
        })),
        5,
      ),
      dmps: fc
        .uniqueArray(fc.tuple(fc.uuid(), author), { maxLength: 4, selector: ([id]) => id })
        .map((plans) => plans.map(([id, index]) => ({ id, user: names[index], title: 'A plan' }))),
    })
  })

/** Everything in a store but what each load makes anew. */
async function contents(store: Store): Promise<unknown> {
  const { users, projects, memberships, articles, templates, dmps } = store
  const unversioned = (records: readonly object[]) =>
    records.map((record) => ({ ...record, version: 0 }))
  return {
    users: unversioned(await all(users)).map((user) => ({
      ...user,
      publicId: '',
      registeredAt: '',
    })),
    projects: unversioned(await all(projects)),
    memberships: unversioned(await all(memberships)),
    articles: unversioned(await all(articles)),
    templates: unversioned(await all(templates)),
    // Plans are known by their public ids alone.
    dmps: unversioned(await all(dmps)).map((dmp) => ({ ...dmp, id: 0 })),
  }
}

/** What a command does, and what the same is in a store. */
interface Command {
  readonly operation: Operation
  readonly apply: (store: Store) => Promise<unknown>
}

async function idsIn(store: Store, username: string, project: string) {
  const user = await store.users.getBy({ username })
  const its = await store.projects.getBy({ name: project })
  return { userId: user?.id ?? 0, projectId: its?.id ?? 0 }
}

function commandsFor(username: string, project: string): Record<string, Command> {
  const account = { username: 'zoe', passwordHash: HASH, email: 'zoe@example.com', admin: true }
  return {
    'user add': {
      operation: userAddition(FILE, account),
      apply: (store) => store.users.insert(newUser(account)),
    },
    'user remove': {
      operation: userRemoval(FILE, username),
      apply: async (store) => store.users.delete((await idsIn(store, username, '')).userId),
    },
    'project add': {
      operation: projectAddition(FILE, { name: 'New', description: undefined }),
      apply: (store) => store.projects.insert({ name: 'New', description: null }),
    },
    'project remove': {
      operation: projectRemoval(FILE, project),
      apply: async (store) => store.projects.delete((await idsIn(store, '', project)).projectId),
    },
    'member add': {
      operation: memberAddition(username, project),
      apply: async (store) => store.memberships.insert(await idsIn(store, username, project)),
    },
    'member remove': {
      operation: memberRemoval(username, project),
      apply: async (store) => {
        const membership = await store.memberships.getBy(await idsIn(store, username, project))
        return store.memberships.delete(membership?.id ?? 0)
      },
    },
  }
}

for (const name of Object.keys(commandsFor('', ''))) {
  t.test(`${name} does to the file what the server does to its store`, async (t) => {
    await fc.assert(
      fc.asyncProperty(
        dataFiles,
        fc.nat(),
        fc.nat(),
        fc.constantFrom(undefined, 2, '\t'),
        async (data, user, project, indent) => {
          const text = JSON.stringify(data, null, indent)
          const load = () => loadText({ name: FILE, text })
          const loaded = await load()
          const { users = [], projects = [] } = loaded.data
          const [chosen, of] = [users[user % users.length], projects[project % projects.length]]
          if (!chosen || !of) throw new Error('there is always one')
          const username = chosen.username ?? chosen.name ?? ''
          const command = commandsFor(username, of.name)[name]
          if (!command) throw new Error(name)
          const ids = await idsIn(loaded.store, username, of.name)
          const isMember = await loaded.store.memberships.getBy(ids)
          fc.pre(name === 'member add' ? !isMember : name !== 'member remove' || Boolean(isMember))

          const { text: after } = await editText({ name: FILE, text }, loaded, command.operation)
          const expected = await load()
          await command.apply(expected.store)
          const actual = await loadText({ name: FILE, text: after })
          t.strictSame(await contents(actual.store), await contents(expected.store))
          // What was not laid out anew is laid out as it was.
          t.equal(after.includes('\n'), indent !== undefined)
          if (indent !== undefined && name.endsWith('add')) {
            t.equal(after, JSON.stringify(JSON.parse(after), null, indent))
          }
        },
      ),
      { numRuns: 60 },
    )
  })
}
