// The child process of `article-store.ts`: a store of articles by many users.
import { type Article, collections, newUser } from '../../store/collections.js'
import type { FieldOf } from '../../store/declaration.js'
import type { NewRecord } from '../../store/engine.js'
import { all } from '../../store/lookups.js'
import { MemoryEngine } from '../../store/memory/engine.js'
import { equal, type Query } from '../../store/query.js'
import { answerQuestions, size, timed, usedHeap } from './child.js'

const PAGE_SIZE = 10

const NEWEST = [{ path: 'postedAt', descending: true }] as const

/** How many articles each user has. */
const EACH = 100

const store = await new MemoryEngine().open(collections)
const { articles, users } = store

const authors = Math.ceil(size / EACH)
for (let author = 0; author < authors; author++) {
  await users.insert(newUser({ username: `author ${author}`, passwordHash: null }))
}
const emptyHeap = usedHeap()
for (let position = 0; position < size; position++) await articles.insert(articleAt(position))
const heapPerArticle = (usedHeap() - emptyHeap) / size

const ids = (await all(articles)).map(({ id }) => id)

answerQuestions(
  {
    /** The page that the target names: 50,000 of a million articles, 1 of a thousand. */
    page: timed(
      () => (size > 1000 ? size / 2 - PAGE_SIZE : 0),
      (offset) => pageOf({ offset }),
    ),
    'any page': timed(
      (position) => Math.max(0, position - PAGE_SIZE),
      (offset) => pageOf({ offset }),
    ),
    "a user's page": timed(authorAt, (userId) => pageOf({ where: equal({ userId }) })),
    change: timed(
      (position) => ({ position, article: articleAt(size + position) }),
      async ({ position, article }) => {
        const { id } = await articles.insert(article)
        const deleted = await articles.delete(ids[position] ?? 0)
        ids[position] = id
        return deleted
      },
    ),
    edit: timed(
      (position) => ids[position] ?? 0,
      (id) => articles.update(id, { title: 'Edited' }),
    ),
  },
  heapPerArticle,
)

/** What a request for a page asks of the store. */
async function pageOf(query: Partial<Query<FieldOf<Article>>>): Promise<object> {
  const read = articles.joined('userId')
  const { items } = await read.find({ sort: NEWEST, limit: PAGE_SIZE, ...query })
  if (items.length !== PAGE_SIZE) throw new Error('The page is not full')
  return items
}

function authorAt(position: number): number {
  return 1 + (Math.floor(position) % authors)
}

/** The first is the oldest. Each text is the article's own. */
function articleAt(position: number): NewRecord<Article> {
  return {
    title: `Title ${position}`,
    text: `The text of article ${position}`,
    userId: authorAt(position),
    postedAt: new Date(position * 1000).toISOString(),
  }
}
