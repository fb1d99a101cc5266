import t from 'tap'
import { surviveKills } from '../fixtures/kills.js'
import { NO_POSTGRES } from '../fixtures/postgres.js'

t.setTimeout(3_600_000)

t.test('of 200 kills none loses a write, or does one twice', { skip: NO_POSTGRES }, (t) =>
  surviveKills(t, 200),
)
