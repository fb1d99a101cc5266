import { watch } from 'node:fs'
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { finish, preloading, runCommand } from '../fixtures/process.js'

const AT_ONCE = 20

async function readJson(file: string) {
  return JSON.parse(await readFile(file, 'utf8'))
}

/** Adds projects from as many processes at once, and looks for each of them. */
async function addAtOnce(t: Test, cwd: string): Promise<void> {
  const names = Array.from({ length: AT_ONCE }, (_, index) => `Project ${index}`)
  const runs = names.map((name) => finish(t, ['project', 'add', name], { cwd }))
  for (const { code, stderr } of await Promise.all(runs)) t.equal(code, 0, stderr)
  const { projects } = await readJson(`${cwd}/data.json`)
  t.same(projects.map(({ name }: { name: string }) => name).sort(), names.sort())
  t.equal(new Set(projects.map(({ id }: { id: number }) => id)).size, AT_ONCE)
  t.same(await readdir(cwd), ['data.json'], 'nothing else stays')
}

t.test('edits at once lose none', async (t) => {
  const cwd = t.testdir({ 'data.json': '{\n  "projects": []\n}\n' })
  await addAtOnce(t, cwd)
})

t.test('of many that write the first file one wins', async (t) => {
  const cwd = t.testdir({})
  const runs = Array.from({ length: 8 }, () => finish(t, ['init'], { cwd }))
  const codes = (await Promise.all(runs)).map(({ code }) => code)
  t.same(codes.sort(), [0, 1, 1, 1, 1, 1, 1, 1])
  t.same(await readdir(cwd), ['data.json'])
})

t.test('what a killed process left is no hindrance, and goes', async (t) => {
  const cwd = t.testdir({ 'data.json': '{}' })
  // Somebody's own file, and what a write that never ended leaves.
  await writeFile(`${cwd}/.data.json.mine.slipway`, 'mine')
  await writeFile(`${cwd}/.data.json.0123456789ab.slipway`, '{"users": [')
  await mkdir(`${cwd}/data.json.lock`)
  const longAgo = new Date(Date.now() - 60_000)
  await utimes(`${cwd}/data.json.lock`, longAgo, longAgo)
  t.equal((await finish(t, ['project', 'add', 'One'], { cwd })).code, 0)
  t.same(await readdir(cwd), ['.data.json.mine.slipway', 'data.json'])
})

t.test('a kill in the middle leaves the old file or the new one', async (t) => {
  const old = { users: [{ name: 'ada', password: 'x' }], projects: [] }
  for (const moment of [/^data\.json\.lock$/, /^\.data\.json\./, /^data\.json$/]) {
    let end: number | string = 0
    // It may have ended before the signal comes, and then shows nothing.
    while (end === 0) {
      const cwd = t.testdir({ 'data.json': JSON.stringify(old) })
      const watcher = watch(cwd)
      t.teardown(() => watcher.close())
      const run = runCommand(t, ['project', 'add', 'One'], { cwd })
      watcher.on('change', (_event, name) => {
        if (moment.test(String(name))) run.child.kill('SIGKILL')
      })
      end = await run.ended
      watcher.close()
      const now = await readJson(`${cwd}/data.json`)
      t.ok(now.projects.length === 0 || now.projects[0].name === 'One', JSON.stringify(now))
      t.same(now.users, old.users)
    }
    t.equal(end, 'SIGKILL', `killed at ${moment}`)
  }
})

t.test('a signal lets a write that has begun end', async (t) => {
  const cwd = t.testdir({ 'data.json': '{"projects": []}' })
  const watcher = watch(cwd)
  const run = runCommand(t, ['project', 'add', 'One'], { cwd })
  await new Promise<void>((resolve) => {
    watcher.on('change', (_event, name) => {
      if (String(name).startsWith('.data.json.')) resolve()
    })
  })
  run.child.kill('SIGTERM')
  await run.ended
  watcher.close()
  t.same(await readdir(cwd), ['data.json'])
})

t.test('a signal that comes while the lock is taken away leaves none', async (t) => {
  const cwd = t.testdir({ 'data.json': '{"projects": []}' })
  const before = preloading(`
    import fs from "node:fs"
    const { rmdir } = fs
    fs.rmdir = (path, done) => {
      process.kill(process.pid, "SIGTERM")
      setTimeout(() => rmdir(path, done), 100)
    }
  `)
  await finish(t, ['project', 'add', 'One'], { cwd, before })
  t.same(await readdir(cwd), ['data.json'])
})
