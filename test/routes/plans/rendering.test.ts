import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Renderer, type RendererOptions } from '../../../documents/renderer.js'
import { Rendering, type RenderingOptions } from '../../../routes/plans/rendering.js'
import { newTask, newUser } from '../../../store/collections.js'
import { ReferenceViolation, Unavailable } from '../../../store/errors.js'
import { startApp } from '../../fixtures/app.js'
import { documentOf } from '../../fixtures/documents.js'
import { settleFiles, watchFiles } from '../../fixtures/files.js'

type Options = RendererOptions & RenderingOptions

const folder = t.testdir({
  'endless.mjs': 'for (;;) {}',
  'noting.mjs': `
    import { appendFileSync } from 'node:fs'
    import { setTimeout } from 'node:timers/promises'
    import { parentPort, workerData } from 'node:worker_threads'
    const { notes, title } = workerData.plan
    appendFileSync(notes, 'begin ' + title + ' ')
    await setTimeout(10)
    appendFileSync(notes, 'end ' + title + ' ')
    parentPort.postMessage({ docx: new Uint8Array([1]), pdf: new Uint8Array([2]) })
  `,
})

/** A thread that never comes to an end. */
const worker = join(folder, 'endless.mjs')

/** One that notes which plan it begins with, and ends with. */
const noting = join(folder, 'noting.mjs')

const dmp = '019a8f2c-7b40-7c11-9d3e-5f6a2b1c0d4e'

async function startRendering(t: Test, { maxPending, look, ...options }: Options = {}) {
  const kept = watchFiles(t)
  // Without the API, which would look for tasks itself every few seconds.
  const app = await startApp(t, { apis: 'fleet' })
  const bounds = {
    ...(maxPending === undefined ? {} : { maxPending }),
    ...(look === undefined ? {} : { look }),
  }
  const renderer = new Renderer(options)
  const rendering = new Rendering(renderer, app.log, bounds)
  t.teardown(() => rendering.close())
  const { tasks } = app.store
  const notes = join(folder, t.name)
  const start = (userId = 1, title = 'A plan', store = app.store) =>
    rendering.start(store, newTask(userId, dmp, documentOf({ title, notes })))
  const noted = () => readFile(notes, 'utf8')
  return { app, kept, noted, renderer, rendering, start, tasks }
}

t.test('a task is pending until both documents are kept', async (t) => {
  const { kept, rendering, start, tasks } = await startRendering(t)
  await start()
  t.match(await tasks.get(1), { status: 'pending', docx: null, pdf: null, reason: null })
  await rendering.settled()
  t.match(await tasks.get(1), {
    status: 'done',
    docx: { sha256: String, size: Number },
    pdf: { sha256: String, size: Number },
    reason: null,
  })
  t.equal((await kept()).length, 2)
})

t.test("a task whose plan can't be rendered ends with the reason", async (t) => {
  const { rendering, start, tasks } = await startRendering(t, { timeLimit: 1 })
  await start()
  await rendering.settled()
  const reason = 'The plan could not be rendered: it took more than 0.001 seconds.'
  t.match(await tasks.get(1), { status: 'error', reason, docx: null, pdf: null })
})

t.test('the reason names nothing of the machine', async (t) => {
  const { rendering, start, tasks } = await startRendering(t, { worker: '/none/worker.js' })
  await start()
  await rendering.settled()
  const reason = 'The plan could not be rendered: there was a fault in rendering it.'
  t.match(await tasks.get(1), { status: 'error', reason })
})

t.test("documents that can't be stored are an error", async (t) => {
  const { app, rendering, start, tasks } = await startRendering(t)
  t.intercept(app.store.files, 'receive', {
    value: async () => {
      throw new Error('the disk is full')
    },
  })
  await start()
  await rendering.settled()
  const reason = 'The documents could not be stored.'
  t.match(await tasks.get(1), { status: 'error', reason, docx: null, pdf: null })
})

t.test("what can't be stored because the database is away is rendered anew", async (t) => {
  const { app, rendering, start, tasks } = await startRendering(t)
  const receive = t.intercept(app.store.files, 'receive', {
    value: async () => {
      throw new Unavailable(new Error('no connection'))
    },
  })
  await start()
  await rendering.settled()
  t.match(await tasks.get(1), { status: 'pending', reason: null })
  receive.restore()
})

t.test('what is under way at the end waits for whoever comes next', async (t) => {
  const { rendering, start, tasks } = await startRendering(t, { worker })
  await start(1)
  await start(2)
  await rendering.close()
  const { items } = await tasks.find({ limit: 10 })
  t.match(items, [{ status: 'pending' }, { status: 'pending' }])
})

t.test('a task that another process left is found without a word', async (t) => {
  const { app, rendering, tasks } = await startRendering(t, { look: 1 })
  rendering.watch(app.store)
  await rendering.settled()
  await tasks.insert(newTask(1, dmp, documentOf({ title: 'A plan' })))
  // Looking now and then keeps no process running: this does.
  while ((await tasks.get(1))?.status === 'pending') await delay(10)
  t.match(await tasks.get(1), { status: 'done' })
})

t.test('what is rendered for a user who goes is ended, and nothing of it stays', async (t) => {
  const { app, kept, rendering, start, tasks } = await startRendering(t, { worker, atOnce: 1 })
  for (let count = 0; count < 3; count++) await start()
  await app.store.users.delete(1)
  // Would wait for ever otherwise.
  await rendering.settled()
  t.equal((await tasks.find({ limit: 1000 })).total, 0)
  await settleFiles(app)
  t.same(await kept(), [])
})

t.test('a task that goes just before its documents are kept leaves none', async (t) => {
  const { app, kept, rendering, start, tasks } = await startRendering(t)
  await start()
  const { files } = app.store
  const { receive } = files
  t.intercept(files, 'receive', {
    value: async (source: Readable) => {
      await app.store.users.delete(1)
      return receive.call(files, source)
    },
  })
  await rendering.settled()
  t.equal((await tasks.find({ limit: 1000 })).total, 0)
  await settleFiles(app)
  t.same(await kept(), [])
})

t.test('one user leaves room in the queue for others', async (t) => {
  const { start, tasks } = await startRendering(t, { worker, atOnce: 1 })
  const answers = await Promise.allSettled(Array.from({ length: 40 }, () => start(1)))
  t.equal(answers.filter(({ status }) => status === 'fulfilled').length, 25)
  for (const answer of answers.slice(25)) t.match(answer, { reason: { statusCode: 503 } })
  await start(2)
  t.equal((await tasks.find({ limit: 1000 })).total, 26)
})

t.test("however many wait, there is a place for everybody's first", async (t) => {
  const { app, start, tasks } = await startRendering(t, { worker, atOnce: 1, maxPending: 2 })
  for (let id = 4; id <= 10; id++) await app.store.users.insert(nobody(id))
  for (let id = 1; id <= 10; id++) {
    await start(id)
    if (id > 1) await t.rejects(start(id), { code: 'tooManyWait' })
  }
  t.equal((await tasks.find({ limit: 1000 })).total, 10)
})

function nobody(id: number) {
  return newUser({ id, username: `nobody ${id}`, passwordHash: null })
}

t.test('users take turns, and so do workspaces', async (t) => {
  const { app, noted, rendering, start } = await startRendering(t, { worker: noting, atOnce: 1 })
  const other = await app.worlds.own.fork()
  t.teardown(() => other.close())
  for (const title of ['a1', 'a2', 'a3']) await start(1, title)
  for (const title of ['b1', 'b2']) await start(2, title)
  for (const title of ['c1', 'c2']) await start(1, title, other)
  await rendering.settled()
  t.same((await noted()).match(/(?<=begin )\w+/g), ['a1', 'b1', 'c1', 'a2', 'c2', 'b2', 'a3'])
})

t.test('of one user one plan is rendered at a time, and another has the next place', async (t) => {
  const { noted, rendering, start } = await startRendering(t, { worker: noting, atOnce: 2 })
  for (const title of ['a1', 'a2', 'a3']) await start(1, title)
  await start(2, 'b1')
  await rendering.settled()
  const notes = await noted()
  t.same(notes.match(/\w+ a\d/g)?.join(' '), 'begin a1 end a1 begin a2 end a2 begin a3 end a3')
  t.match(notes, /begin b1.*begin a2/)
})

t.test('who is refused hears how long it takes until one of theirs is done', async (t) => {
  const { renderer, start } = await startRendering(t, { worker, atOnce: 1 })
  t.intercept(renderer, 'pace', { get: () => 9001 })
  const refused = async (seconds: number) => {
    const refusal: unknown = await start(1).catch((error) => error)
    t.match(refusal, { statusCode: 503, headers: { 'retry-after': String(seconds) } })
  }
  for (let count = 0; count < 25; count++) await start(1)
  await refused(10)
  await start(2)
  await start(2)
  // At most two others, and then the next of one's own.
  await refused(28)
})

t.test('a full queue is 503, and no task', async (t) => {
  const { rendering, start, tasks } = await startRendering(t, { atOnce: 1, maxPending: 1 })
  await start()
  await t.rejects(start(), { statusCode: 503, code: 'tooManyWait' })
  t.equal((await tasks.find({ limit: 1000 })).total, 1)
  await rendering.settled()
  t.match(await tasks.get(1), { status: 'done' })
})

t.test('a task of a user who has gone is not begun', async (t) => {
  // One place: what was begun for nobody would have it.
  const options = { atOnce: 1, maxPending: 1 }
  const { rendering, start, tasks } = await startRendering(t, options)
  await t.rejects(start(99), ReferenceViolation)
  t.equal((await tasks.find({ limit: 1000 })).total, 0)
  await start(1)
  await rendering.settled()
  t.match((await tasks.find({ limit: 1000 })).items, [{ status: 'done' }])
})
