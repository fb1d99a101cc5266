import { type Length, openGrowth } from './growth.js'
import type { Result } from './result.js'

/** What is done with a thousand articles again and again, and beside it with any of a million. */
const OPERATIONS = [
  { what: 'articles: page in the middle beside page 1', few: 'page, few', any: 'any page, any' },
  { what: "articles: a user's page", few: "a user's page, few", any: "a user's page, any" },
  { what: 'articles: insert and delete', few: 'change, few', any: 'change, any' },
]

/** Lists of a million articles, newest first, beside those of a thousand. */
export async function compareArticleStores(length: Length): Promise<Result[]> {
  const growth = await openGrowth('./article-records.ts', length)
  const results: Result[] = []
  for (const { what, few, any } of OPERATIONS) {
    results.push({
      what,
      target: { atMost: 1.5 },
      reached: await growth.of(few),
      aside: `any ${(await growth.of(any)).toFixed(2)}`,
    })
  }
  const edits = [await growth.of('edit, few'), await growth.of('edit, any')]
  results.push({
    what: 'articles: KiB of heap an article',
    target: { atMost: 1 },
    reached: growth.heapPerRecord / 1024,
    aside: `an edit takes ${edits.map((ratio) => ratio.toFixed(2)).join(', any ')} times as long`,
  })
  growth.close()
  return results
}
