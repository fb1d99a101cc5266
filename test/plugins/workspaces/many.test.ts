import t from 'tap'
import { fetchTo } from '../../fixtures/curl.js'
import { followFleet, writeFleet } from '../../fixtures/fleet-contract.js'
import { startProcess } from '../../fixtures/process.js'

const COUNT = 200

t.test(
  'two hundred workspaces at once follow the same contract, as if each were alone',
  async (t) => {
    const { url } = await startProcess(t, [await writeFleet(t)])
    // A contract counts on ids and names that nobody else has taken.
    t.jobs = COUNT
    for (let number = 1; number <= COUNT; number++) {
      const base = `${url}/~contract-${number}`
      t.test(base, { buffered: true }, (t) => followFleet(t, base, fetchTo(base)))
    }
    t.test('the server itself is as at the start', { buffered: false }, async (t) => {
      await followFleet(t, url, fetchTo(url))
    })
  },
)
