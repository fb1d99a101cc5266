import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { digestOf, type Saver, saveTo } from '../../seed/save.js'

const TEXT = '{\n  "$schema": "x",\n  "posts": [\n    { "id": 1, "a": 1 }\n  ],\n  "ships": []\n}\n'

interface Fixture {
  readonly folder: string
  readonly file: string
  readonly posts: { id: number; a: number }[]
  readonly lines: string[]
  readonly announced: string[]
  readonly saver: Saver
  /** Resolves with the next line that is said. */
  said(): Promise<string>
}

async function start(t: Test, name = 'db.json', text = TEXT): Promise<Fixture> {
  const folder = t.testdir({ [name]: text })
  const file = join(folder, name)
  const posts = [{ id: 1, a: 1 }]
  const lines: string[] = []
  const announced: string[] = []
  let wake = () => {}
  const woken = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })
  const say = (line: string) => {
    lines.push(line.replaceAll(`${folder}/`, ''))
    wake()
  }
  const announce = (digest: string) => announced.push(digest)
  const own = { read: async () => ({ posts: posts.map((each) => ({ ...each })) }) }
  const saver = await saveTo(file, text.replace(/^\uFEFF/, ''), own, { say, announce, gather: 1 })
  t.teardown(() => saver.close())
  return {
    ...{ folder, file, posts, lines, announced, saver },
    async said() {
      while (lines.length === 0) await woken()
      return lines.shift() ?? ''
    },
  }
}

t.test('changes are written in the layout of the file, many at once', async (t) => {
  const { file, folder, posts, saver, announced, lines } = await start(t)
  for (let id = 2; id <= 50; id++) {
    posts.push({ id, a: id })
    saver.changed()
  }
  await saver.close()
  const text = await readFile(file, 'utf8')
  t.ok(
    text.startsWith(
      '{\n  "$schema": "x",\n  "posts": [\n    { "id": 1, "a": 1 },\n    { "id": 2, "a": 2 },\n',
    ),
  )
  t.ok(text.endsWith('{ "id": 50, "a": 50 }\n  ],\n  "ships": []\n}\n'))
  t.same(announced, [digestOf(text)], 'one write')
  t.same(lines, [])
  t.same(await readdir(folder), ['db.json'], 'nothing is left')
})

t.test('what has not changed is not written', async (t) => {
  const { saver, announced } = await start(t)
  saver.changed()
  await saver.close()
  t.same(announced, [])
})

t.test('comments, the mark at the beginning and the attributes stay', async (t) => {
  const { file, posts, saver } = await start(t, 'db.jsonc', `\uFEFF// ours\n${TEXT}`)
  await chmod(file, 0o640)
  posts.length = 0
  saver.changed()
  await saver.close()
  t.equal(
    await readFile(file, 'utf8'),
    '\uFEFF// ours\n{\n  "$schema": "x",\n  "posts": [],\n  "ships": []\n}\n',
  )
  t.equal((await stat(file)).mode & 0o777, 0o640)
})

t.test('a file that something else has changed stays, and nothing is lost', async (t) => {
  const { file, folder, lines, posts, saver } = await start(t)
  // Not even JSON, as in the middle of somebody's work.
  await writeFile(file, '{"posts": [')
  posts.push({ id: 2, a: 2 })
  saver.changed()
  await saver.close()
  t.equal(await readFile(file, 'utf8'), '{"posts": [')
  t.equal(lines.length, 1)
  t.match(
    lines[0],
    /^db\.json has been changed by something else, and stays so: what the server has is in/,
  )
  const [, aside = ''] = / is in (\S+) from now on$/.exec(lines[0] ?? '') ?? []
  t.match(JSON.parse(await readFile(join(folder, aside), 'utf8')), {
    posts: [{ id: 1 }, { id: 2 }],
  })
})

t.test('a file that has gone is made anew', async (t) => {
  const { file, saver, posts, lines } = await start(t)
  await rm(file)
  posts.pop()
  saver.changed()
  await saver.close()
  t.match(JSON.parse(await readFile(file, 'utf8')), { $schema: 'x', posts: [] })
  t.match(lines, [/db\.json had gone: it is written anew, with what the server has$/])
})

t.test('what cannot be written is tried again, and told once', async (t) => {
  const { file, folder, posts, saver, said, lines } = await start(t)
  await rename(file, `${folder}/kept`)
  await mkdir(file)
  posts[0] = { id: 1, a: 7 }
  saver.changed()
  t.match(
    await said(),
    /can't be written \(.*EISDIR.*\); what has changed is kept, and tried again$/,
  )
  await rm(file, { recursive: true })
  await rename(`${folder}/kept`, file)
  t.match(await said(), /db\.json: can be written again$/)
  t.match(JSON.parse(await readFile(file, 'utf8')), { posts: [{ id: 1, a: 7 }] })
  t.same(lines, [])
})

t.test('at the end what cannot be written goes elsewhere', async (t) => {
  const { file, posts, saver, lines } = await start(t)
  await rm(file)
  await mkdir(file)
  posts[0] = { id: 1, a: 8 }
  saver.changed()
  await saver.close()
  const [, rescued = ''] = /what the server had is in (\S+)$/.exec(lines.at(-1) ?? '') ?? []
  t.match(JSON.parse(await readFile(rescued, 'utf8')), { posts: [{ id: 1, a: 8 }] })
  await rm(rescued)
})

t.test('only JSON can be written back', async (t) => {
  const options = { say: () => {} }
  for (const file of ['db.json5', 'db.js', 'db.mjs']) {
    await t.rejects(saveTo(file, '', { read: async () => ({}) }, options), {
      message: `${file}: is no JSON that --save could write back: save into a .json or .jsonc file`,
    })
  }
})
