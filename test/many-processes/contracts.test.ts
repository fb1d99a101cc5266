import t from 'tap'
import { runOnDatabase } from '../fixtures/on-database.js'

// The documents are kept to on a database too.
await runOnDatabase(t, [
  () => import('../contracts/fleet.test.js'),
  () => import('../contracts/forum.test.js'),
  () => import('../contracts/memes.test.js'),
  () => import('../contracts/plans.test.js'),
  () => import('../contracts/registry.test.js'),
])
