import t from 'tap'
import { followContractTesting } from '../fixtures/contract-testing.js'

// What is left out compiles a program of some hundred packages: see contract-testing.long.ts.
t.test('the commands of the page on contract testing do what it says', (t) =>
  followContractTesting(t, ['A new version of the document']),
)
