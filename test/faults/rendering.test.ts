import t, { type Test } from 'tap'
import { Calls, isNotNow } from '../fixtures/calls.js'
import { hostilePlans } from '../fixtures/hostile.js'
import { memoryGroup } from '../fixtures/memory-group.js'
import { startProcess } from '../fixtures/process.js'
import { type Task, untilEnded } from '../fixtures/tasks.js'

const MIB = 1024 * 1024

/** Somebody who has plans rendered. */
class Author {
  readonly #calls: Calls

  private constructor(calls: Calls) {
    this.#calls = calls
  }

  static async logIn(t: Test, url: string, username = 'user', password = 'password') {
    return new Author(await Calls.logIn(t, url, username, password))
  }

  static async register(t: Test, url: string, name: string) {
    const { status } = await post(new Calls(t, url), '/api/users', { name, password: 'secret' })
    t.equal(status, 201)
    return Author.logIn(t, url, name, 'secret')
  }

  async newPlan(plan: object): Promise<string> {
    return (await this.#json('/dmps', plan)).id
  }

  /** Posts a task. */
  order(dmp: string) {
    return post(this.#calls, '/tasks', { dmp })
  }

  /** Has a plan rendered. */
  async render(plan: object): Promise<Task> {
    const { id } = await this.#json('/tasks', { dmp: await this.newPlan(plan) })
    return untilEnded(async () => JSON.parse(String((await this.#calls.send(`/tasks/${id}`)).body)))
  }

  async countOf(status: string): Promise<number> {
    return JSON.parse(String((await this.#calls.send(`/tasks?status=${status}`)).body)).length
  }

  async #json(path: string, body: object) {
    return JSON.parse(String((await post(this.#calls, path, body)).body))
  }
}

function post(calls: Calls, path: string, body: object) {
  const headers = { 'content-type': 'application/json' }
  return calls.send(path, { method: 'POST', headers, body: JSON.stringify(body) })
}

t.test('however many wait, another has a place, and a turn before their second', async (t) => {
  const { url } = await startProcess(t)
  for (const name of ['one', 'two', 'three', 'four', 'five']) {
    const author = await Author.register(t, url, name)
    const plan = await author.newPlan({ text: 'word '.repeat(20_000) })
    t.equal((await author.order(plan)).status, 201)
    // Twice as many as may wait: some are done meanwhile.
    const answers = await Promise.all(Array.from({ length: 50 }, () => author.order(plan)))
    const refused = answers.filter(({ status }) => status !== 201)
    t.ok(refused.length > 0)
    for (const answer of refused) isNotNow(t, answer, 503)
  }
  const user = await Author.logIn(t, url)
  t.match(await user.render({}), { status: 'done' })
  const admin = await Author.logIn(t, url, 'admin', 'admin')
  t.ok((await admin.countOf('pending')) > 25, 'much of what was there before still waits')
})

t.test('a container of 512 MB goes on whatever is posted', async (t) => {
  const group = await memoryGroup(t, 512 * MIB)
  if (!group) return t.pass('skipped: only root can bound memory')
  const { url, child, ended } = await startProcess(t, [], { before: group.enter })
  const plans = hostilePlans(0.9)
  const names = ['ten thousand fields', 'a table of 4000 rows', 'one word of 1 MiB']
  const tasks = names.map(async (name) => {
    const author = await Author.register(t, url, name)
    return author.render({ name, ...plans[name] })
  })
  const user = await Author.logIn(t, url)
  t.match(await user.render({}), { status: 'done' })
  for (const task of await Promise.all(tasks)) {
    if (task.status !== 'done') t.match(task.reason, /more memory than a document may/)
  }
  t.equal(await group.kills(), 0)
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  child.kill('SIGTERM')
  t.equal(await ended, 0)
})
