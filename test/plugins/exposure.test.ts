import { networkInterfaces } from 'node:os'
import t, { type Test } from 'tap'
import { startProcess } from '../fixtures/process.js'

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
)

const WARNING = /log in as (.*) with the passwords of the demo/

/** Starts the server with a data file of these users; gives what it warns of. */
async function warningOf(t: Test, host: string, users?: object[]) {
  const folder = t.testdir({ 'mine.json': JSON.stringify({ users }) })
  const { url, child, ended, output } = await startProcess(t, [
    ...(users ? [`${folder}/mine.json`] : []),
    '--host',
    host,
  ])
  // By the first answer whatever is said at the start has been said.
  await fetch(`${url}/healthz`)
  child.kill('SIGTERM')
  await ended
  return WARNING.exec(output.stdout)?.[1]
}

t.test('the demo users are warned of where other machines can reach them', async (t) => {
  t.equal(await warningOf(t, '0.0.0.0'), 'user, guest, admin')
})

t.test('on this machine alone they are not', async (t) => {
  for (const host of ['127.0.0.1', 'localhost', '127.0.0.2']) {
    t.equal(await warningOf(t, host), undefined, host)
  }
})

t.test(
  'on this machine alone by IPv6',
  { skip: !hasIPv6 && 'there is no IPv6 here' },
  async (t) => {
    t.equal(await warningOf(t, '::1'), undefined)
  },
)

t.test('users with other passwords are not', async (t) => {
  const users = [
    { name: 'user', password: 'another' },
    { name: 'guest', password: 'guest' },
  ]
  t.equal(await warningOf(t, '0.0.0.0', users), 'guest')
  t.equal(await warningOf(t, '0.0.0.0', users.slice(0, 1)), undefined)
})
