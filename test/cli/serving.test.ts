import t from 'tap'
import { startProcess } from '../fixtures/process.js'

t.test('--no-cors leaves pages of other origins out', async (t) => {
  for (const flag of ['--nc', '--no-cors']) {
    const { url } = await startProcess(t, [flag])
    const { headers } = await fetch(`${url}/healthz`)
    t.equal(headers.get('access-control-allow-origin'), null, flag)
  }
  const { url } = await startProcess(t)
  t.equal((await fetch(`${url}/healthz`)).headers.get('access-control-allow-origin'), '*')
})
