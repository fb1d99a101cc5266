import t from 'tap'
import { runOnDatabase } from '../fixtures/elsewhere.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'

t.test('the documents are kept to on a database too', { skip: NO_POSTGRES }, async (t) => {
  const { url } = await startPostgres(t)
  runOnDatabase(t, url, [
    'contracts/fleet.test.ts',
    'contracts/forum.test.ts',
    'contracts/memes.test.ts',
    'contracts/plans.test.ts',
    'contracts/registry.test.ts',
  ])
})
