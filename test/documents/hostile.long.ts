import t from 'tap'
import { hostilePlans, rendersAll } from '../fixtures/hostile.js'

for (const [name, plan] of Object.entries(hostilePlans(1))) {
  t.test(`hostile: ${name}`, (t) => rendersAll(t, plan))
}
