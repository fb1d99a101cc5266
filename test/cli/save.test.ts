import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startListening, startProcess } from '../fixtures/process.js'
import { replace } from '../fixtures/replace.js'

const TEXT = `{
  // What the harbour has.
  "boats": [
    { "id": 1, "name": "Ann" },
    { "id": 2, "name": "Bob" }
  ],
  "users": [{ "id": 1, "email": "ann@example.com", "password": "a pass phrase" }]
}
`

async function send(url: string, method: string, body?: object): Promise<Response> {
  return fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
}

/** Waits until a file has what is looked for. */
async function written(file: string, isRight: (text: string) => boolean): Promise<string> {
  for (;;) {
    const text = await readFile(file, 'utf8')
    if (isRight(text)) return text
    await setTimeout(20)
  }
}

function fileWith(t: Test, text = TEXT): string {
  return `${t.testdir({ 'db.jsonc': text })}/db.jsonc`
}

t.test('every change is in the file a moment later, which keeps its layout', async (t) => {
  const file = fileWith(t)
  const { url } = await startProcess(t, [file, '--save'])
  await send(`${url}/boats/2`, 'PATCH', { name: 'Bobby' })
  await send(`${url}/boats`, 'POST', { name: 'Cy' })
  const text = await written(file, (each) => each.includes('Cy'))
  t.equal(
    text,
    TEXT.replace('"Bob"', '"Bobby"').replace(
      '"Bobby" }',
      '"Bobby" },\n    { "name": "Cy", "id": 3 }',
    ),
  )
  await send(`${url}/boats/1`, 'DELETE')
  t.notMatch(await written(file, (each) => !each.includes('Ann"')), '"id": 1, "name"')
})

t.test(
  'an account that registers is in the file with a hash, and can log in from it',
  async (t) => {
    const file = fileWith(t)
    const { url } = await startProcess(t, [file, '--save'])
    const bob = { email: 'bob@example.com', password: 'another phrase' }
    t.equal((await send(`${url}/register`, 'POST', bob)).status, 201)
    const text = await written(file, (each) => each.includes('passwordHash'))
    t.notMatch(text, 'another phrase')
    t.match(text, 'a pass phrase', 'what nobody has changed stays')

    const { url: next } = await startProcess(t, [file])
    t.equal((await send(`${next}/login`, 'POST', bob)).status, 200)
  },
)

t.test('a stop writes what is not written yet', async (t) => {
  const file = fileWith(t)
  const { url, child, ended } = await startProcess(t, [file, '--save'])
  await send(`${url}/boats`, 'POST', { name: 'Dee' })
  child.kill('SIGTERM')
  t.equal(await ended, 0)
  t.match(await readFile(file, 'utf8'), '"Dee"')
})

t.test('a program is no file to save to', async (t) => {
  const file = `${t.testdir({ 'db.mjs': 'export default { boats: [] }' })}/db.mjs`
  await t.rejects(startProcess(t, [file, '--save']), /is no JSON that --save could write back/)
})

t.test('with --watch a change of its own is no new start, and one of another is', async (t) => {
  const file = fileWith(t)
  const { url, output } = await startListening(t, [
    'serve',
    file,
    '--port',
    '0',
    '--save',
    '--watch',
  ])
  await send(`${url}/boats`, 'POST', { name: 'Eve' })
  const text = await written(file, (each) => each.includes('Eve'))
  await replace(file, text.replace('Eve', 'Eva'))
  while (!output.stderr.includes('starting anew')) await setTimeout(20)
  t.equal(output.stderr.match(/starting anew/g)?.length, 1)
})
