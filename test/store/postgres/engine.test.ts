import t from 'tap'
import { startPglite } from '../../fixtures/pglite.js'
import { NO_POSTGRES, startPostgres } from '../../fixtures/postgres.js'
import { emptyEngines } from '../../fixtures/postgres-engine.js'
import { testEngine } from '../engine-suite.js'
import { testFreeRecords } from '../free-suite.js'
import { testLongSteps } from '../long-suite.js'

const onPglite = emptyEngines(await startPglite(t))
testEngine('PGlite', onPglite)
testFreeRecords('PGlite', onPglite)

if (NO_POSTGRES) {
  t.test('PostgreSQL', { skip: NO_POSTGRES }, () => {})
} else {
  const onPostgres = emptyEngines(await startPostgres(t))
  testEngine('PostgreSQL', onPostgres)
  testFreeRecords('PostgreSQL', onPostgres)
  testLongSteps('PostgreSQL', onPostgres)
}
