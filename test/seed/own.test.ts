import t from 'tap'
import { API_NAMES } from '../../config.js'
import { partsOf } from '../../routes/index.js'
import { divide } from '../../seed/own.js'

/** Whose the parts of a file are, by their names. */
function divided(data: unknown, choice: Parameters<typeof divide>[1], isShipped = false) {
  const content = { source: { name: 'db.json' }, data, isShipped }
  const { apis, theirs, own } = divide(content, choice, API_NAMES, partsOf)
  return { apis, theirs: Object.keys(Object(theirs)), own: [...own.keys()] }
}

t.test("a part is an API's that is mounted and has it, or else the user's own", async (t) => {
  const demo = { $schema: 'x', users: [], ships: [], articles: [] }
  const theirs = ['users', 'ships', 'articles']
  t.same(divided(demo, 'auto'), { apis: API_NAMES, theirs, own: [] })
  t.same(divided({}, 'auto'), { apis: API_NAMES, theirs: [], own: [] })
  t.same(divided({ users: [], posts: [] }, 'auto'), {
    apis: [],
    theirs: [],
    own: ['users', 'posts'],
  })
  t.same(divided(demo, []), { apis: [], theirs: [], own: theirs })
  t.same(divided({ ...demo, posts: [] }, ['fleet']), {
    apis: ['fleet'],
    theirs: ['users', 'ships'],
    own: ['articles', 'posts'],
  })
})

t.test("of the shipped data, what no mounted API has is nobody's", async (t) => {
  const demo = { users: [], ships: [], articles: [] }
  t.same(divided(demo, ['fleet'], true), { apis: ['fleet'], theirs: ['users', 'ships'], own: [] })
  t.same(divided(demo, [], true).own, ['users', 'ships', 'articles'], 'unless all are asked for')
})

t.test('what is no object has no parts', async (t) => {
  t.same(divided([1], 'auto'), { apis: API_NAMES, theirs: ['0'], own: [] })
})
