import t from 'tap'
import { startSlipway } from '../../testing/index.js'
import { chromiumMissing, startChromium } from '../fixtures/chromium.js'
import { startFrontEnd } from '../fixtures/front-end.js'

t.test(
  'a page of another origin is in the world that a header names',
  {
    skip: chromiumMissing,
  },
  async (t) => {
    await using slipway = await startSlipway({ data: { posts: [] }, strict: true })
    const world = await slipway.workspace()
    const page = await (await startChromium(t)).newPage()
    await page.setExtraHTTPHeaders({ 'X-Slipway-Workspace': world.name })
    await page.goto(await startFrontEnd(t))
    const status = await page.evaluate(async (url) => {
      const headers = { 'content-type': 'application/json' }
      return (await fetch(`${url}/posts`, { method: 'POST', headers, body: '{}' })).status
    }, slipway.url)
    t.equal(status, 201)
    t.same((await world.state()).posts, [{ id: 1 }])
    t.same((await slipway.world.state()).posts, [])
  },
)
