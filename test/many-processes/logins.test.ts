import t from 'tap'
import { runOnDatabase } from '../fixtures/on-database.js'

// Whom a name belongs to is found out in a database's own way.
await runOnDatabase(t, [() => import('../routes/names.test.js')])
