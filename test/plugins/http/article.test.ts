import t from 'tap'
import { withArticle } from '../../../plugins/http/article.js'

const NOUNS = {
  a: 'post user unit university use euro one ufo utility uuid house bus',
  an: 'author article event hour honor update umbrella upload item onerous uncle ulcer',
}

t.test('nouns with their articles', async (t) => {
  for (const [article, nouns] of Object.entries(NOUNS)) {
    for (const noun of nouns.split(' ')) t.equal(withArticle(noun), `${article} ${noun}`)
  }
})
