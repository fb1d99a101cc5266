import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { Renderer, type RendererOptions, RenderingFailed } from '../../documents/renderer.js'
import { documentOf, readPdf, wordText } from '../fixtures/documents.js'
import { ROOT } from '../fixtures/process.js'

const run = promisify(execFile)

/** Threads that do as the plan says. */
const folder = t.testdir({
  'worker.mjs': `
    import { parentPort, workerData } from 'node:worker_threads'
    const { plan } = workerData
    if (plan.fail) throw new Error('secret')
    if (plan.exit) process.exit(1)
    if (plan.kill) process.kill(process.pid, 'SIGKILL')
    const all = []
    while (plan.fill) all.push(new Array(1000).fill(all.length))
    while (plan.fillOutside) all.push(Buffer.alloc(1024 * 1024, 1))
    while (plan.hang) {}
    parentPort.postMessage({ docx: new Uint8Array([1]), pdf: new Uint8Array([2]) })
  `,
  'broken.mjs': 'throw new Error("this thread never begins")',
  'silent.mjs': '',
  'told.mjs': `
    import { writeFileSync } from 'node:fs'
    import { workerData } from 'node:worker_threads'
    writeFileSync(workerData.plan.told, String(process.pid))
    await import(${JSON.stringify(join(ROOT, 'dist', 'documents', 'worker.js'))})
  `,
})
const worker = join(folder, 'worker.mjs')

const GOOD = documentOf({})
const HANG = documentOf({ hang: true })

function open(t: { teardown: (close: () => Promise<void>) => void }, options: RendererOptions) {
  const renderer = new Renderer(options)
  t.teardown(() => renderer.close())
  return renderer
}

t.test('renders both formats, and answers meanwhile', async (t) => {
  const renderer = open(t, {})
  let turns = 0
  const counter = setInterval(() => turns++, 1)
  const { docx, pdf } = await renderer.render(documentOf({ title: 'Coasts', purpose: 'To learn' }))
  clearInterval(counter)
  t.match(wordText(docx), 'To learn')
  t.equal((await readPdf(pdf)).info.Title, 'Coasts')
  t.ok(turns > 0)
})

t.test('what waits for its turn is ended with the rest', async (t) => {
  const renderer = open(t, { worker, atOnce: 1 })
  const waiting = [HANG, GOOD].map((document) => renderer.render(document))
  const settled = Promise.allSettled(waiting)
  await renderer.close()
  for (const result of await settled) t.match(result, { reason: RenderingFailed })
})

t.test('after a failure the next is rendered', async (t) => {
  const cases: [object, RendererOptions, RegExp][] = [
    [{ fail: true }, {}, /^there was a fault/],
    [{ exit: true }, {}, /^there was a fault/],
    [{ kill: true }, {}, /^there was a fault/],
    [{ uncloneable: () => {} }, {}, /^there was a fault/],
    [{ hang: true }, { timeLimit: 500 }, /^it took more than 0.5 seconds$/],
    [{ fill: true }, { memoryLimit: 200 }, /^it took more memory/],
    [{ fillOutside: true }, { memoryLimit: 200 }, /^it took more memory/],
  ]
  for (const [plan, options, message] of cases) {
    const renderer = open(t, { worker, atOnce: 1, ...options })
    const failing = renderer.render(documentOf({ ...plan }))
    await t.rejects(failing, { name: 'RenderingFailed', message })
    // So short a limit is over before a process has begun, and there is a test of its own below.
    if (options.timeLimit === undefined) t.same((await renderer.render(GOOD)).pdf, [2])
    await renderer.close()
  }
})

t.test('a thread that can’t begin is a failure', async (t) => {
  for (const name of ['broken.mjs', 'silent.mjs', 'missing.mjs']) {
    const renderer = open(t, { worker: join(folder, name) })
    await t.rejects(renderer.render(GOOD), RenderingFailed)
    await t.rejects(renderer.render(GOOD), RenderingFailed)
  }
})

t.test('what a document takes is bounded in native code too', async (t) => {
  const renderer = open(t, { memoryLimit: 48 })
  await t.rejects(renderer.render(GOOD), { message: 'it took more memory than a document may' })
})

t.test('a process that is killed at any moment fails its own document only', async (t) => {
  const renderer = open(t, { worker: join(folder, 'told.mjs'), atOnce: 2 })
  const dir = t.testdir()
  const render = (name: string, words: number) =>
    renderer.render(documentOf({ told: join(dir, name), text: 'word '.repeat(words) }))
  for (const after of [0, 30, 100, 300]) {
    // What is done before the kill comes shows nothing: more words take longer.
    for (let words = 200_000; ; words *= 2) {
      const name = `${after} ${words}`
      const victim = render(`victim ${name}`, words)
      const other = render(`other ${name}`, 1000)
      const settled = Promise.allSettled([victim, other])
      const pid = await untilWritten(join(dir, `victim ${name}`))
      await setTimeout(after)
      kill(pid)
      const [killed, kept] = await settled
      t.match(kept, { status: 'fulfilled' })
      if (killed.status === 'fulfilled' && words < 1_000_000) continue
      t.match(killed, { reason: RenderingFailed })
      break
    }
  }
})

/** Kills a process, unless it has ended. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (Object(error).code !== 'ESRCH') throw error
  }
}

/** Reads a number as soon as it is there. */
async function untilWritten(path: string): Promise<number> {
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => '')
    if (text !== '') return Number(text)
    await setTimeout(5)
  }
}

t.test('what exceeds its time doesn’t hold up the next', async (t) => {
  // As little time as is enough here for a document that needs none.
  for (let timeLimit = 1000; ; timeLimit *= 2) {
    const renderer = open(t, { worker, atOnce: 1, timeLimit })
    const results = await Promise.allSettled([HANG, GOOD].map((one) => renderer.render(one)))
    const [hanging, next] = results
    t.match(hanging, { reason: RenderingFailed })
    if (next?.status === 'rejected' && timeLimit < 60_000) continue
    t.match(next, { status: 'fulfilled' })
    break
  }
})

t.test('what nobody wants any more ends, waiting or not', async (t) => {
  const renderer = open(t, { worker, atOnce: 1 })
  const unwanted = new AbortController()
  const [hanging, waiting, wanted] = [
    renderer.render(HANG, unwanted.signal),
    renderer.render(GOOD, unwanted.signal),
    renderer.render(GOOD),
  ]
  const ended = Promise.allSettled([hanging, waiting])
  unwanted.abort()
  for (const result of await ended) t.match(result, { reason: RenderingFailed })
  t.same((await wanted)?.pdf, [2])
  await t.rejects(renderer.render(GOOD, unwanted.signal), RenderingFailed)
})

t.test('closing ends what is under way', async (t) => {
  const renderer = new Renderer({ worker, atOnce: 1 })
  const results = Promise.allSettled([HANG, GOOD].map((document) => renderer.render(document)))
  await Promise.all([renderer.close(), renderer.close()])
  for (const result of await results) t.match(result, { reason: { name: 'RenderingFailed' } })
  await t.rejects(renderer.render(GOOD), RenderingFailed)
  await t.resolves(new Renderer().close())
})

t.test('a process ends once its documents are rendered, and reads nothing before', async (t) => {
  const script = `
    import { Renderer } from './documents/renderer.ts'
    import { createRequire } from 'node:module'
    const { cache } = createRequire(import.meta.url)
    const loaded = () => Object.keys(cache).filter((path) => /node_modules.*(docx|typst)/.test(path))
    const renderer = new Renderer({ worker: ${JSON.stringify(worker)} })
    console.log(loaded().length)
    await renderer.render({ plan: {} })
    console.log('rendered')
  `
  const { stdout } = await run(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: ROOT },
  )
  t.equal(stdout, '0\nrendered\n')
})
