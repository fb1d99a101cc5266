import t from 'tap'
import { surviveKills } from '../fixtures/kills.js'
import { NO_POSTGRES } from '../fixtures/postgres.js'

t.test('what a killed process has acknowledged is there, once', { skip: NO_POSTGRES }, (t) =>
  surviveKills(t, 10),
)
