import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { chromiumMissing, startChromium } from '../fixtures/chromium.js'
import { startProcess } from '../fixtures/process.js'

async function startPosts(t: Test) {
  const file = join(t.testdir(), 'db.json')
  await writeFile(file, JSON.stringify({ posts: [{ id: 1, title: 'One' }] }))
  return startProcess(t, [file])
}

const change = (url: string, method: string, path: string, body?: object) =>
  fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })

/** What the page runs, with the server's address before it: text, since it runs in the browser. */
const FOLLOW = `
  const told = []
  const source = new EventSource(api + '/posts')
  await new Promise((resolve) => { source.onopen = resolve })
  const send = (method, path, body) => fetch(api + path, {
    method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body),
  })
  const gone = new Promise((resolve) => {
    for (const name of ['created', 'updated', 'deleted']) {
      source.addEventListener(name, ({ data }) => {
        told.push([name, JSON.parse(data)])
        if (name === 'deleted') resolve()
      })
    }
  })
  await send('POST', '/posts', { title: 'Two' })
  await send('PATCH', '/posts/1', { title: 'Uno' })
  await send('DELETE', '/posts/2')
  await gone
  source.close()
  return told
`

t.test("a page's EventSource follows a collection", { skip: chromiumMissing }, async (t) => {
  const { url } = await startPosts(t)
  const browser = await startChromium(t)
  const page = await browser.newPage()
  const told = await page.evaluate(`(async (api) => {${FOLLOW}})(${JSON.stringify(url)})`)
  t.same(told, [
    ['created', { title: 'Two', id: 2 }],
    ['updated', { id: 1, title: 'Uno' }],
    ['deleted', { title: 'Two', id: 2 }],
  ])
})

t.test('curl -N follows a record, until it is deleted', async (t) => {
  const { url } = await startPosts(t)
  const header = ['-H', 'Accept: text/event-stream']
  const curl = execFile('curl', ['-sS', '-N', ...header, `${url}/posts/1`])
  let output = ''
  const isOpen = new Promise<void>((resolve) => {
    curl.stdout?.on('data', (data: string) => {
      output += data
      resolve()
    })
  })
  const ended = new Promise((resolve) => curl.once('close', resolve))
  await isOpen
  await change(url, 'PATCH', '/posts/1', { title: 'Uno' })
  await change(url, 'DELETE', '/posts/1')
  t.equal(await ended, 0)
  t.equal(
    output,
    ':\n\nevent: updated\ndata: {"id":1,"title":"Uno"}\n\nevent: deleted\ndata: {"id":1,"title":"Uno"}\n\n',
  )
})

t.test('a process that is told to stop ends its feeds at once', async (t) => {
  const { url, child, ended, output } = await startPosts(t)
  const { body } = await fetch(`${url}/posts`, { headers: { accept: 'text/event-stream' } })
  const reader = body?.getReader()
  t.same(Buffer.from((await reader?.read())?.value ?? []).toString(), ':\n\n')
  child.kill('SIGTERM')
  t.match(await reader?.read(), { done: true })
  t.equal(await ended, 0)
  t.notMatch(output.stdout, /"level":(50|60)/)
})
