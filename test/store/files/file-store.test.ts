import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import {
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { MissingContent, StorageFailure } from '../../../store/errors.js'
import { FileStore, type PendingFile } from '../../../store/files/file-store.js'
import { LOCK } from '../../../store/files/own-folder.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const MODULE = new URL('../../../store/files/file-store.ts', import.meta.url).href
const MEBIBYTE = 1024 * 1024
const NO_DESCRIPTORS = !existsSync('/proc/self/fd') && 'needs /proc'

const hashOf = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')
const sourceOf = (...chunks: Uint8Array[]) => Readable.from(chunks, { objectMode: false })

async function openStore(t: Test, parent = t.testdir()): Promise<FileStore> {
  const store = await FileStore.open(parent)
  t.teardown(() => store.close())
  return store
}

/** A folder with a name short enough for a socket in it. */
async function shortFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 's-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** What is stored in a folder. */
async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name !== LOCK)
}

async function keep(store: FileStore, content: Uint8Array): Promise<PendingFile> {
  const file = await store.receive(sourceOf(content))
  await file.keep()
  return file
}

/** The files in a folder that this process has open, deleted ones too. */
async function openFiles(folder: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd')
  const targets = await Promise.all(
    // The one that lists them is among them, and closed by now.
    descriptors.map((descriptor) => readlink(`/proc/self/fd/${descriptor}`).catch(() => '')),
  )
  return targets.filter((target) => target.startsWith(folder))
}

/** Another process that has opened a store and kept a file in it. */
async function startProcess(parent: string): Promise<{ folder: string; kill(): Promise<void> }> {
  const script = `
    import { Readable } from 'node:stream'
    const { FileStore } = await import(${JSON.stringify(MODULE)})
    const store = await FileStore.open(${JSON.stringify(parent)})
    const file = await store.receive(Readable.from(['left behind']))
    await file.keep()
    process.stdout.write(store.folder)
    setInterval(() => {}, 1_000)`
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: ROOT, env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = once(child, 'exit')
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  const [folder] = await Promise.race([
    once(child.stdout, 'data'),
    exited.then(() => Promise.reject(new Error('the process has exited'))),
  ])
  return { folder: String(folder), kill }
}

t.test('keeps what it receives, under its hash', async (t) => {
  const store = await openStore(t)
  const content = randomBytes(3 * MEBIBYTE + 17)
  const file = await store.receive(
    sourceOf(content.subarray(0, 1), content.subarray(1, 70_000), content.subarray(70_000)),
  )
  t.equal(file.sha256, hashOf(content))
  t.equal(file.size, content.length)
  await t.rejects(store.read(file.sha256), MissingContent, 'it is not kept yet')

  await file.keep()
  t.same(await filesIn(store.folder), [file.sha256])
  t.ok(content.equals(await buffer(await store.read(file.sha256))))
})

t.test('keeps an empty file', async (t) => {
  const store = await openStore(t)
  const file = await keep(store, new Uint8Array())
  t.equal(file.size, 0)
  t.equal(file.sha256, hashOf(new Uint8Array()))
  t.equal((await buffer(await store.read(file.sha256))).length, 0)
})

t.test('takes a source of text as its bytes', async (t) => {
  const store = await openStore(t)
  const file = await store.receive(Readable.from(['größer']))
  t.equal(file.size, 8)
  t.equal(file.sha256, hashOf(Buffer.from('größer')))
})

t.test('stores identical bytes once, until the last reference is released', async (t) => {
  const store = await openStore(t)
  const content = randomBytes(1_000)
  const { sha256 } = await keep(store, content)
  await keep(store, content)
  await keep(store, content)
  const other = await keep(store, randomBytes(1_000))
  t.same((await filesIn(store.folder)).sort(), [sha256, other.sha256].sort())

  for (const left of [2, 1]) {
    await store.release(sha256)
    t.ok(content.equals(await buffer(await store.read(sha256))), `${left} left`)
  }
  await store.release(sha256)
  t.same(await filesIn(store.folder), [other.sha256])
  await t.rejects(store.read(sha256), MissingContent)
  await t.rejects(store.release(sha256), { name: 'MissingContent', sha256 })

  await keep(store, content)
  t.ok(content.equals(await buffer(await store.read(sha256))), 'it can come back')
})

t.test('has a file kept or discarded, not both', async (t) => {
  const store = await openStore(t)
  const discarded = await store.receive(sourceOf(randomBytes(10)))
  await discarded.discard()
  t.same(await filesIn(store.folder), [])
  await discarded.discard()
  await t.rejects(discarded.keep(), /already/)

  const kept = await keep(store, randomBytes(10))
  await kept.discard()
  await t.rejects(kept.keep(), /already/)
  t.same(await filesIn(store.folder), [kept.sha256])
  await store.release(kept.sha256)
  t.same(await filesIn(store.folder), [], 'the second keep has added no reference')
})

t.test('counts no reference when the file can not be kept', async (t) => {
  const store = await openStore(t)
  const content = randomBytes(10)
  const file = await store.receive(sourceOf(content))
  for (const name of await filesIn(store.folder)) await rm(join(store.folder, name))
  await t.rejects(file.keep(), { name: 'StorageFailure', code: 'ENOENT' })
  await t.rejects(store.read(file.sha256), MissingContent)
  // A folder in its place, so that it is the rename that fails.
  await mkdir(join(store.folder, file.sha256))
  const second = await store.receive(sourceOf(content))
  await t.rejects(second.keep(), { name: 'StorageFailure', code: 'EISDIR' })
  t.same(await filesIn(store.folder), [file.sha256], 'the part is gone')
})

t.test('nothing stays of a source that fails', { skip: NO_DESCRIPTORS }, async (t) => {
  const store = await openStore(t)
  const broken = new Error('broken')
  const failing = (chunks: number, error?: Error) => {
    let left = chunks
    return new Readable({
      read() {
        if (left-- > 0) this.push(randomBytes(700_000))
        else this.destroy(error)
      },
    })
  }
  const PREMATURE = { code: 'ERR_STREAM_PREMATURE_CLOSE' }
  const rejects = async (
    name: string,
    receiving: Promise<unknown>,
    expected: typeof PREMATURE | Error,
  ) => {
    await t.rejects(receiving, expected, name)
    t.same(await filesIn(store.folder), [], `${name} leaves no file`)
    t.same(await openFiles(store.folder), [], `${name} leaves no descriptor`)
  }
  await rejects('an error half way', store.receive(failing(5, broken)), broken)
  await rejects('an error before the first byte', store.receive(failing(0, broken)), broken)
  await rejects('an early end half way', store.receive(failing(5)), PREMATURE)
  await rejects('an early end before the first byte', store.receive(failing(0)), PREMATURE)
  await rejects('an earlier error', store.receive(failing(1).destroy(broken)), broken)
  await rejects('an earlier end', store.receive(failing(1).destroy()), PREMATURE)

  const source = failing(1)
  const receiving = store.receive(source)
  source.destroy(broken)
  await rejects('an error before the file is open', receiving, broken)
})

t.test('a folder that has gone is made again', async (t) => {
  const parent = join(t.testdir(), 'tmp')
  await mkdir(parent)
  const store = await openStore(t, parent)
  const { sha256 } = await keep(store, randomBytes(10))
  await rm(parent, { recursive: true })
  await t.rejects(store.read(sha256), MissingContent)
  await store.release(sha256)

  const contents = Array.from({ length: 10 }, () => randomBytes(10))
  const kept = await Promise.all(contents.map((content) => keep(store, content)))
  t.equal((await readdir(parent)).length, 1, 'one for all')
  t.equal((await stat(store.folder)).mode & 0o777, 0o700)
  for (const [at, file] of kept.entries()) {
    t.ok(contents[at]?.equals(await buffer(await store.read(file.sha256))))
  }
  await store.close()
  t.same(await readdir(parent), [])
})

t.test('throws what the disk refuses, and ends the source', { skip: NO_DESCRIPTORS }, async (t) => {
  const parent = join(t.testdir(), 'missing')
  const store = await openStore(t, parent)
  t.match(store.fault, { folder: parent, reason: 'no such file or directory', isFull: false })
  const source = sourceOf(randomBytes(10))
  await t.rejects(store.receive(source), { name: 'StorageFailure', folder: parent })
  t.equal(source.destroyed, true)

  await mkdir(parent)
  t.ok(await keep(store, randomBytes(10)), 'once it can be, it is')
  await rm(parent, { recursive: true })
  await writeFile(parent, 'no folder')
  await t.rejects(store.receive(sourceOf(randomBytes(10))), StorageFailure)
  t.same(await openFiles(store.folder), [])
})

t.test('tells what a full disk refuses from what the source does', async (t) => {
  const store = await openStore(t)
  const broken = Object.assign(new Error('broken'), { code: 'ECONNRESET', syscall: 'read' })
  await t.rejects(store.receive(new PassThrough().destroy(broken)), { name: 'Error' })
  const full = Object.assign(new Error('full'), { code: 'ENOSPC', errno: -28 })
  t.match(new StorageFailure('/tmp', full), { isFull: true, reason: 'no space left on device' })
})

t.test('a reader of content that goes reads on', async (t) => {
  const store = await openStore(t)
  const content = randomBytes(5 * MEBIBYTE)
  const { sha256 } = await keep(store, content)
  const [released, closed] = [await store.read(sha256), await store.read(sha256)]
  await store.release(sha256)
  t.same(await filesIn(store.folder), [])
  t.ok(content.equals(await buffer(released)))
  await store.close()
  t.ok(content.equals(await buffer(closed)))
})

t.test('reads in chunks of a mebibyte, and closes the file after', async (t) => {
  const store = await openStore(t)
  const { sha256 } = await keep(store, randomBytes(2 * MEBIBYTE + 5))
  const lengths = []
  const stream = await store.read(sha256)
  for await (const chunk of stream) lengths.push(chunk.length)
  t.same(lengths, [...Array(8).fill(MEBIBYTE / 4), 5])

  const unread = await store.read(sha256)
  unread.destroy()
  await once(unread, 'close')
  if (!NO_DESCRIPTORS) t.same(await openFiles(store.folder), [])
})

t.test('reads ranges', async (t) => {
  const store = await openStore(t)
  const { sha256 } = await keep(store, Buffer.from('0123456789'))
  const textOf = async (start: number, end: number) =>
    String(await buffer(await store.read(sha256, { start, end })))
  t.equal(await textOf(0, 9), '0123456789')
  t.equal(await textOf(0, 0), '0')
  t.equal(await textOf(3, 5), '345')
  t.equal(await textOf(9, 9), '9')
  t.equal(await textOf(8, 100), '89')
  t.equal(await textOf(8, Number.POSITIVE_INFINITY), '89')
  t.equal(await textOf(10, 20), '')

  await t.rejects(textOf(5, 3), { name: 'RangeError' })
  await t.rejects(textOf(-1, 3), { name: 'RangeError' })
  await t.rejects(textOf(0.5, 3), { name: 'RangeError' })
  await t.rejects(textOf(0, Number.NaN), { name: 'RangeError' })
  if (!NO_DESCRIPTORS) t.same(await openFiles(store.folder), [], 'what is no range opens nothing')
})

t.test('reads nothing but content', async (t) => {
  const store = await openStore(t)
  const parent = join(store.folder, '..')
  await writeFile(join(parent, 'outside'), 'secret')
  await t.rejects(store.read('../outside'), MissingContent)
  await t.rejects(store.release('../outside'), MissingContent)
  t.equal(existsSync(join(parent, 'outside')), true)
})

t.test('lets only this user in, whatever the umask', async (t) => {
  const umask = process.umask(0)
  t.teardown(() => process.umask(umask))
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777
  const store = await openStore(t)
  t.equal(await modeOf(store.folder), 0o700)
  const file = await store.receive(sourceOf(randomBytes(10)))
  for (const name of await filesIn(store.folder)) {
    t.equal(await modeOf(join(store.folder, name)), 0o600, 'while it arrives')
  }
  await file.keep()
  t.equal(await modeOf(join(store.folder, file.sha256)), 0o600)
})

t.test('close deletes the folder, with what is being received', async (t) => {
  const parent = t.testdir()
  const store = await openStore(t, parent)
  const kept = await keep(store, randomBytes(10))
  const received = await store.receive(sourceOf(randomBytes(10)))
  const undecided = await store.receive(sourceOf(randomBytes(10)))
  const source = new PassThrough()
  source.write(randomBytes(10))
  const receiving = store.receive(source)
  receiving.catch(() => {})

  const closing = store.close()
  t.equal(store.close(), closing)
  await closing
  t.same(await readdir(parent), [])
  await t.rejects(receiving, { message: 'the file store is closed' })
  t.equal(source.destroyed, true)
  if (!NO_DESCRIPTORS) t.same(await openFiles(store.folder), [])

  await t.rejects(received.keep(), { message: 'the file store is closed' })
  await undecided.discard()
  await store.release(kept.sha256)
  await t.rejects(store.read(kept.sha256), { message: 'the file store is closed' })
  const late = sourceOf(randomBytes(10))
  await t.rejects(store.receive(late), { message: 'the file store is closed' })
  t.equal(late.destroyed, true)
  t.same(await readdir(parent), [])
})

t.test('close waits for a source that takes its time to end', async (t) => {
  const parent = t.testdir()
  const store = await openStore(t, parent)
  let end = () => {}
  const source = new Readable({
    read() {},
    destroy(error, done) {
      end = () => done(error)
    },
  })
  const receiving = store.receive(source)
  receiving.catch(() => {})
  const closing = store.close()
  for (let turn = 0; turn < 100; turn++) await setImmediate()
  t.same(await readdir(parent), [basename(store.folder)])
  end()
  await closing
  t.same(await readdir(parent), [])
  await t.rejects(receiving, { message: 'the file store is closed' })
})

t.test('close waits for the steps that are under way', async (t) => {
  const parent = t.testdir()
  const store = await openStore(t, parent)
  const { sha256 } = await keep(store, randomBytes(10))
  const files = await Promise.all(
    Array.from({ length: 20 }, () => store.receive(sourceOf(randomBytes(10)))),
  )
  const steps = [...files.map((file) => file.keep()), store.release(sha256)]
  await store.close()
  t.same(await readdir(parent), [])
  await t.resolves(Promise.all(steps))
})

t.test('sweeps what a killed process left, not what a live one has', async (t) => {
  const parent = await shortFolder(t)
  const [killed, live] = await Promise.all([startProcess(parent), startProcess(parent)])
  t.teardown(() => live.kill())
  await killed.kill()
  t.equal((await filesIn(killed.folder)).length, 1)

  const own = await openStore(t, parent)
  const store = await FileStore.open(parent)
  await store.close()
  t.same(
    (await readdir(parent)).sort(),
    [live.folder, own.folder].map((folder) => basename(folder)).sort(),
  )
  t.equal((await filesIn(live.folder)).length, 1)
})

t.test('sweeps what another process of the same id left, as in a container', async (t) => {
  const parent = await shortFolder(t)
  const { folder, kill } = await startProcess(parent)
  const own = await openStore(t, parent)
  const renamed = folder.replace(/-[0-9]+-/, `-${process.pid}-`)
  await rename(folder, renamed)
  await (await FileStore.open(parent)).close()
  t.same((await readdir(parent)).sort(), [basename(renamed), basename(own.folder)].sort())
  await kill()
  await (await FileStore.open(parent)).close()
  t.same(await readdir(parent), [basename(own.folder)])
})

t.test('where there is no lock, a process of that id has the folder', async (t) => {
  const parent = await shortFolder(t)
  const [killed, live] = await Promise.all([startProcess(parent), startProcess(parent)])
  t.teardown(() => live.kill())
  await killed.kill()
  for (const { folder } of [killed, live]) await rm(join(folder, LOCK))
  await (await FileStore.open(parent)).close()
  t.same(await readdir(parent), [basename(live.folder)])
})

t.test('makes no lock where its path is too long for one', async (t) => {
  const parent = join(await shortFolder(t), 'x'.repeat(100))
  await mkdir(parent)
  const store = await openStore(t, parent)
  t.same(await readdir(store.folder), [])
  await (await FileStore.open(parent)).close()
  t.same(await readdir(parent), [basename(store.folder)], 'its process is alive')
})

t.test("sweeps no other machine's folders, no files and no links", async (t) => {
  const parent = t.testdir({ target: { file: 'content' } })
  const { folder, kill } = await startProcess(parent)
  await kill()
  const [, host = '', pid = ''] = basename(folder).split('-')
  t.match(host, /^[0-9a-f]{12}$/)
  const otherHost = `slipway-${'0'.repeat(12)}-${pid}-abcdef`
  const link = `slipway-${host}-${pid}-link00`
  const file = `slipway-${host}-${pid}-file00`
  const longName = `slipway-${host}-${pid}-abcdef-notes`
  const noProcess = `slipway-${host}-${'9'.repeat(20)}-abcdef`
  for (const name of [otherHost, longName, noProcess]) await mkdir(join(parent, name))
  await symlink(join(parent, 'target'), join(parent, link))
  await writeFile(join(parent, file), 'content')

  const store = await FileStore.open(parent)
  await store.close()
  t.same(
    (await readdir(parent)).sort(),
    ['target', otherHost, link, file, longName, noProcess].sort(),
  )
  t.equal(await readFile(join(parent, 'target', 'file'), 'utf8'), 'content')
})

t.test(
  "sweeps no other user's folder",
  { skip: process.getuid?.() !== 0 && 'needs root' },
  async (t) => {
    const parent = t.testdir()
    const { folder, kill } = await startProcess(parent)
    await kill()
    await chown(folder, 1, 1)
    await (await FileStore.open(parent)).close()
    t.same(await readdir(parent), [basename(folder)])
  },
)

t.test('many at once, of the same bytes and of different ones', async (t) => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const store = await openStore(t)
  const same = randomBytes(200_000)
  const [files, others] = await Promise.all([
    Promise.all(Array.from({ length: 50 }, () => keep(store, same))),
    Promise.all(Array.from({ length: 50 }, () => keep(store, randomBytes(200_000)))),
  ])
  t.equal(new Set(files.map(({ sha256 }) => sha256)).size, 1)
  t.equal((await filesIn(store.folder)).length, 51)

  // As many leave as come: it must not go between.
  const sha256 = hashOf(same)
  await Promise.all([
    ...files.map(() => keep(store, same)),
    ...files.map(() => store.release(sha256)),
    ...others.map((file) => store.release(file.sha256)),
  ])
  t.same(await filesIn(store.folder), [sha256])
  t.ok(same.equals(await buffer(await store.read(sha256))))
  await Promise.all(files.map(() => store.release(sha256)))
  t.same(await filesIn(store.folder), [])
  await setImmediate()
  t.same(warnings, [])
})

t.test('what is kept is what was not released, however the steps fall', async (t) => {
  const parent = t.testdir()
  const contents = [0, 1, 2].map((fill) => Buffer.alloc(3_000, fill))
  const life = fc.record({
    content: fc.constantFrom(...contents),
    outcome: fc.constantFrom('keep', 'discard', 'release'),
    pauses: fc.array(fc.nat(5), { minLength: 3, maxLength: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(life, { maxLength: 50 }), async (lives) => {
      const store = await FileStore.open(parent)
      await Promise.all(
        lives.map(async ({ content, outcome, pauses }) => {
          // A copy, since a failing run is run again.
          const turns = [...pauses]
          const pause = async () => {
            for (let left = turns.shift() ?? 0; left > 0; left--) await setImmediate()
          }
          await pause()
          const file = await store.receive(sourceOf(content))
          await pause()
          if (outcome === 'discard') return file.discard()
          await file.keep()
          const isWhole = content.equals(await buffer(await store.read(file.sha256)))
          if (!isWhole) throw new Error('it reads as something else')
          await pause()
          if (outcome === 'release') await store.release(file.sha256)
        }),
      )
      const kept = lives
        .filter(({ outcome }) => outcome === 'keep')
        .map(({ content }) => hashOf(content))
      const onDisk = await filesIn(store.folder)
      for (const sha256 of kept) await store.release(sha256)
      const left = await filesIn(store.folder)
      await store.close()
      return onDisk.sort().join() === [...new Set(kept)].sort().join() && left.length === 0
    }),
    { numRuns: 30 },
  )
  t.pass('30 runs')
})
