import t from 'tap'
import { PostgresEngine } from '../../../store/postgres/engine.js'
import { startPglite, type TestDatabase } from '../../fixtures/pglite.js'
import { NO_POSTGRES, newSchema, startPostgres } from '../../fixtures/postgres.js'
import { testEngine } from '../engine-suite.js'
import { testFreeRecords } from '../free-suite.js'

// All in one process, which takes its time to start.
const pglite = await startPglite(t)
testAll('PGlite', () => pglite)

if (NO_POSTGRES) {
  t.test('PostgreSQL', { skip: NO_POSTGRES }, () => {})
} else {
  const postgres = await startPostgres(t)
  testAll('PostgreSQL', () => postgres)
}

function testAll(name: string, at: () => TestDatabase): void {
  const newEngine = () => new PostgresEngine({ ...at(), schema: newSchema() }, { onFault: ignore })
  testEngine(name, newEngine)
  testFreeRecords(name, newEngine)
}

/** What a listener throws, which is what a test wants. */
function ignore(): void {}
