import t from 'tap'
import { runOnDatabase } from '../fixtures/on-database.js'

// Of collections of the user's own what goes beyond the engine's suite: who may, what follows, what is enforced, and who hears of it.
await runOnDatabase(t, [
  () => import('../routes/collections/access.test.js'),
  () => import('../routes/collections/accounts.test.js'),
  () => import('../routes/collections/contract.test.js'),
  () => import('../routes/collections/feeds.test.js'),
  () => import('../routes/collections/ids.test.js'),
  () => import('../routes/collections/relations.test.js'),
])
