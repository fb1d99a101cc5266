import t from 'tap'
import { followContractTesting } from '../fixtures/contract-testing.js'

t.test('every command of the page on contract testing does what it says', (t) =>
  followContractTesting(t),
)
