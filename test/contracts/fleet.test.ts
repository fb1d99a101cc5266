import t from 'tap'
import { curlTo } from '../fixtures/curl.js'
import { followFleet, writeFleet } from '../fixtures/fleet-contract.js'
import { startProcess } from '../fixtures/process.js'

t.test("the fleet document's calls answer as printed", async (t) => {
  const { url } = await startProcess(t, [await writeFleet(t)])
  await followFleet(t, url, curlTo(url))
})
