import t from 'tap'
import { runOnDatabase } from '../fixtures/on-database.js'

// Whom a name belongs to, and how often one has failed, is found out in a database's own way.
await runOnDatabase(t, [
  () => import('../routes/fleet/sessions.test.js'),
  () => import('../routes/names.test.js'),
])
