import type { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { Renderer, type RendererOptions } from '../../../documents/renderer.js'
import { Rendering, type RenderingOptions } from '../../../routes/plans/rendering.js'
import { newTask } from '../../../store/collections.js'
import { ReferenceViolation } from '../../../store/errors.js'
import { startApp } from '../../fixtures/app.js'
import { documentOf } from '../../fixtures/documents.js'
import { settleFiles, watchFiles } from '../../fixtures/files.js'

type Options = RendererOptions & RenderingOptions

const dmp = '019a8f2c-7b40-7c11-9d3e-5f6a2b1c0d4e'

async function startRendering(t: Test, { maxPending, ...options }: Options = {}) {
  const kept = watchFiles(t)
  const app = await startApp(t)
  const bounds = maxPending === undefined ? {} : { maxPending }
  const rendering = new Rendering(new Renderer(options), app.log, bounds)
  t.teardown(() => rendering.close())
  const { tasks } = app.store
  const start = (userId = 1) =>
    rendering.start(app.store, newTask(userId, dmp, documentOf({ title: 'A plan' })))
  return { app, kept, rendering, start, tasks }
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

/** A thread that never comes to an end. */
const worker = `${t.testdir({ 'endless.mjs': 'for (;;) {}' })}/endless.mjs`

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

t.test('a full queue is 503, and no task', async (t) => {
  const { rendering, start, tasks } = await startRendering(t, { atOnce: 1, maxPending: 1 })
  await start()
  await t.rejects(start(), { message: 'Too many requests at once. Try again in a moment.' })
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

t.test('what is under way at a stop ends in error', async (t) => {
  const { rendering, start, tasks } = await startRendering(t)
  await start()
  await start()
  await rendering.close()
  const reason = 'The plan could not be rendered: the server was stopped before it was done.'
  t.match((await tasks.find({ limit: 1000 })).items, [
    { status: 'error', reason },
    { status: 'error', reason },
  ])
})
