import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { MissingContent, StorageFailure, Unavailable } from '../../../store/errors.js'
import type { DatabaseOptions } from '../../../store/postgres/database.js'
import { CHUNK } from '../../../store/postgres/files/tables.js'
import { startPglite } from '../../fixtures/pglite.js'
import { NO_POSTGRES, startPostgres } from '../../fixtures/postgres.js'
import { newParts, openParts, type Parts, until } from '../../fixtures/postgres-parts.js'

const MIB = 1024 * 1024

/** A content that nothing else has. */
const bytes = (size: number) => randomBytes(size)
const sourceOf = (content: Buffer | string) => Readable.from([content], { objectMode: false })

/** Content that has arrived, and which the record with some id has. */
async function kept({ files, sql }: Parts, id: number, content: Buffer | string) {
  const { release, ...file } = await files.receive(sourceOf(content))
  await sql('insert into {scans} values ($1, 1, $2)', id, JSON.stringify(file))
  await release()
  return file
}

/** How many rows there are of each table, and how many bytes are said to be there. */
async function rowsOf({ sql }: Parts) {
  const [counts] = await sql(
    `select (select count(*) from {contents}) as contents, (select count(*) from {chunks}) as chunks,
    (select count(*) from {holds}) as holds, (select coalesce(sum(bytes), 0)::bigint from {storage}) as bytes`,
  )
  return counts
}

/** Waits until nothing is left of any content. */
async function goneAll(parts: Parts): Promise<void> {
  const nothing = JSON.stringify({ contents: 0, chunks: 0, holds: 0, bytes: 0 })
  await until(async () => JSON.stringify(await rowsOf(parts)) === nothing)
}

function testFiles(
  name: string,
  start: (t: Test) => Promise<DatabaseOptions>,
  skip: string | false,
) {
  t.test(name, { skip }, async (t) => {
    const at = await start(t)

    t.test('what is read is what has arrived, whole or in part', async (t) => {
      const parts = await openParts(t, await newParts(t, at))
      const sizes = [0, 1, CHUNK, CHUNK + 1, 4 * CHUNK, 4 * CHUNK + 1, 9 * CHUNK + 7]
      for (const [id, size] of sizes.entries()) {
        const content = bytes(size)
        const file = await kept(parts, id, content)
        t.same(file, { sha256: createHash('sha256').update(content).digest('hex'), size })
        const read = async (range?: { start: number; end: number }) =>
          buffer(await parts.files.read(file.sha256, range))
        const wrong: string[] = []
        if (!content.equals(await read())) wrong.push('all')
        for (const start of [0, CHUNK - 1, CHUNK, 2 * CHUNK + 3]) {
          for (const end of [start, start + CHUNK, start + 3 * CHUNK, size - 1, size]) {
            if (end < start || start >= size) continue
            const part = content.subarray(start, end + 1)
            if (!part.equals(await read({ start, end }))) wrong.push(`${start} to ${end}`)
          }
        }
        t.same(wrong, [], `${size} bytes`)
      }
      await t.rejects(parts.files.read('none'), MissingContent)
      for (const [start, end] of [
        [-1, 1],
        [2, 1],
        [0.5, 1],
      ] as const) {
        await t.rejects(parts.files.read('none', { start, end }), RangeError)
      }
      await until(async () => (await rowsOf(parts))?.holds === 0)
      await parts.sql('delete from {scans}')
      await goneAll(parts)
      t.same(parts.faults, [])
    })

    t.test('equal contents are kept once, whoever brings them', async (t) => {
      const options = await newParts(t, at)
      const [one, other] = [await openParts(t, options), await openParts(t, options)]
      for (const size of [100, 6 * CHUNK]) {
        const content = bytes(size)
        const arriving = Array.from({ length: 6 }, (_, at) =>
          (at % 2 ? one : other).files.receive(sourceOf(content)),
        )
        const received = await Promise.all(arriving)
        const count = async () =>
          (await one.sql('select count(*) as n from {contents} where size > 0'))[0]?.n
        t.equal(await count(), 1)
        t.equal((await rowsOf(one))?.bytes, size)
        for (const { release } of received.slice(1)) await release()
        t.equal(await count(), 1, 'one still holds it')
        await received[0]?.release()
        await goneAll(one)
      }
    })

    t.test('content stays for as long as records refer to it, in any field', async (t) => {
      const parts = await openParts(t, await newParts(t, at))
      const { files, sql } = parts
      const file = await kept(parts, 1, 'content')
      const isThere = async () => {
        try {
          return (await text(await files.read(file.sha256))) === 'content'
        } catch (error) {
          if (error instanceof MissingContent) return false
          throw error
        }
      }
      const json = JSON.stringify(file)
      await sql(
        'insert into {scans} values (2, 1, null, $1), (3, 1, $2, null)',
        `[${json}, ${json}]`,
        'null',
      )
      await sql('delete from {scans} where id = 1')
      t.equal(await isThere(), true)
      await sql('update {scans} set more = $1 where id = 2', `[${json}]`)
      t.equal(await isThere(), true)
      await sql('update {scans} set file = more -> 0, more = null where id = 2')
      t.equal(await isThere(), true, 'moved to another field')
      await sql('insert into {scans} select id + 10, 1, file from {scans} where id = 2')
      await sql('update {scans} set version = version + 1')
      await t.rejects(
        parts.database.transaction(async (connection) => {
          await connection.query({ text: `delete from ${parts.database.qualified('scans')}` })
          throw new RangeError('no')
        }),
        RangeError,
      )
      t.equal(await isThere(), true, 'a deletion that is undone frees nothing')
      await sql('update {scans} set file = null where id = 2')
      t.equal(await isThere(), true)
      await sql('delete from {scans}')
      t.equal(await isThere(), false)
      await t.rejects(sql('insert into {scans} values (5, 1, $1)', json), {
        code: 'SW001',
        detail: file.sha256,
      })
      await goneAll(parts)
    })

    t.test('content that is only held can be referred to, and not read', async (t) => {
      const parts = await openParts(t, await newParts(t, at))
      const { release, ...file } = await parts.files.receive(sourceOf('content'))
      await t.rejects(parts.files.read(file.sha256), MissingContent)
      await t.rejects(
        parts.database.batch(
          [JSON.stringify(file), JSON.stringify({ sha256: 'none' })].map((json, id) => ({
            text: `insert into ${parts.database.qualified('scans')} values ($1, 1, $2)`,
            values: [id, json],
          })),
        ),
        { code: 'SW001' },
      )
      t.same(await parts.sql('select reference_count as n from {contents}'), [{ n: 0 }])
      await parts.sql('insert into {scans} values (1, 1, $1)', JSON.stringify(file))
      await release()
      t.equal(await text(await parts.files.read(file.sha256)), 'content')
    })

    t.test('an upload that fails leaves nothing', async (t) => {
      const parts = await openParts(t, await newParts(t, at))
      for (const pieces of [0, 1, 12]) {
        const source = Readable.from(
          (function* () {
            for (let piece = 0; piece < pieces; piece++) yield bytes(CHUNK)
            throw new Error('broken')
          })(),
        )
        await t.rejects(parts.files.receive(source), /broken/)
        t.equal(source.destroyed, true)
      }
      const early = new Readable({ read() {} })
      const receiving = parts.files.receive(early)
      early.destroy(new Error('gone'))
      await t.rejects(receiving, /gone/)
      await goneAll(parts)
      t.same(parts.faults, [])
    })

    t.test('files are bounded together, with those that arrive', async (t) => {
      const parts = await openParts(t, await newParts(t, at), 3 * MIB)
      const { files, sql } = parts
      const file = await kept(parts, 1, bytes(MIB))
      const second = await files.receive(sourceOf(bytes(2 * MIB)))
      const full = { name: 'StorageFailure', isFull: true }
      await t.rejects(files.receive(sourceOf('x')), full)
      const endless = Readable.from(
        (function* () {
          for (;;) yield bytes(CHUNK)
        })(),
      )
      await t.rejects(files.receive(endless), StorageFailure)
      t.equal(endless.destroyed, true)
      const same = await files.receive(await files.read(file.sha256))
      t.equal(same.sha256, file.sha256, 'what is there already takes no room')
      await same.release()
      await sql('delete from {scans}')
      const third = await files.receive(sourceOf(bytes(MIB)))
      await second.release()
      // So often that the sums are put together.
      for (let turn = 0; turn < 60; turn++) {
        await (await files.receive(sourceOf(`${turn}`))).release()
      }
      await t.rejects(files.receive(sourceOf(bytes(2 * MIB + 1))), StorageFailure)
      const fourth = await files.receive(sourceOf(bytes(2 * MIB)))
      for (const { release } of [third, fourth]) await release()
      await goneAll(parts)
    })

    t.test(
      'an upload is stored while it arrives, and no more of it is read than fits',
      async (t) => {
        const parts = await openParts(t, await newParts(t, at))
        let given = 0
        const source = Readable.from(
          (function* () {
            for (let piece = 0; piece < 96; piece++) {
              given++
              yield bytes(CHUNK)
            }
          })(),
          { highWaterMark: 1 },
        )
        let received: Promise<unknown> = Promise.resolve()
        await parts.database.transaction(async (connection) => {
          // Chunks can't be stored while this lasts.
          await connection.query({ text: `lock table ${parts.database.qualified('chunks')}` })
          received = parts.files.receive(source)
          for (let turn = 0; turn < 200; turn++) await connection.query({ text: 'select 1' })
        })
        t.ok(given <= 16, `${given} of 96 pieces were taken`)
        const { size } = Object(await received)
        t.equal(size, 96 * CHUNK)
      },
    )

    t.test(
      'a download is read as it is taken, and to its end though its record goes',
      async (t) => {
        const parts = await openParts(t, await newParts(t, at))
        const content = bytes(24 * CHUNK)
        const { sha256 } = await kept(parts, 1, content)
        const stream = await parts.files.read(sha256)
        const unread = await parts.files.read(sha256, { start: 5, end: 20 * CHUNK })
        await once(unread, 'readable')
        await parts.sql('delete from {scans}')
        await t.rejects(parts.files.read(sha256), MissingContent)
        await parts.sql('select {sweep_contents}()')
        t.ok(unread.readableLength <= 2 * CHUNK, 'no more is read than is taken')
        unread.destroy()
        t.ok(content.equals(await buffer(stream)))
        await goneAll(parts)
      },
    )

    t.test('what a process had goes with it', async (t) => {
      const options = await newParts(t, at)
      const [living, dead] = [await openParts(t, options), await openParts(t, options)]
      await dead.files.receive(sourceOf('held'))
      const source = new Readable({ read() {} })
      const arriving = dead.files.receive(source)
      arriving.catch(() => {})
      source.push(bytes(6 * CHUNK))
      await until(async () => Number((await rowsOf(living))?.chunks) > 1)
      await living.sql(
        `update {processes} set ends = clock_timestamp() - interval '1 second' where id = $1`,
        dead.presence.id,
      )
      await living.presence.beat()
      await goneAll(living)
      source.push(null)
      await t.rejects(arriving, Unavailable)
      await dead.presence.beat()
      const again = await dead.files.receive(sourceOf('again'))
      t.equal(again.size, 5)
    })

    t.test('a content goes some chunks at a time, however many it has', async (t) => {
      const parts = await openParts(t, await newParts(t, at))
      await kept(parts, 1, 'a content')
      // As many as 1 GiB has, without their bytes.
      await parts.sql(
        `insert into {chunks} select id, number, '' from {contents}, generate_series(1, 4095) number`,
      )
      await parts.database.transaction(async (connection) => {
        const { database } = parts
        await connection.query({ text: `delete from ${database.qualified('scans')}` })
        const sweep = { text: `select ${database.qualified('sweep_contents')}() as left` }
        t.same((await connection.query(sweep)).rows, [{ left: 'more' }])
        const count = { text: `select count(*) as n from ${database.qualified('chunks')}` }
        t.same((await connection.query(count)).rows, [{ n: 4096 - 64 }])
      })
      await goneAll(parts)
      t.same(parts.faults, [])
    })

    t.test('many contents go, though many processes sweep', async (t) => {
      const options = await newParts(t, at)
      const all = [await openParts(t, options), await openParts(t, options)]
      const [one] = all
      if (!one) return
      for (let id = 1; id <= 40; id++) await kept(one, id, `content ${id}`)
      await kept(one, 41, bytes(70 * CHUNK))
      await one.sql('delete from {scans}')
      await goneAll(one)
      t.same(
        all.flatMap(({ faults }) => faults),
        [],
      )
    })
  })
}

testFiles('PGlite', startPglite, false)
testFiles('PostgreSQL', startPostgres, NO_POSTGRES)

t.test('what a killed process was receiving goes', { skip: NO_POSTGRES }, async (t) => {
  const options = await newParts(t, await startPostgres(t))
  const parts = await openParts(t, options)
  const uploading = fileURLToPath(new URL('../../fixtures/uploading.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', uploading, JSON.stringify(options)], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  await until(async () => Number((await rowsOf(parts))?.chunks) > 40)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await parts.presence.beat()
  const left = await rowsOf(parts)
  t.ok(Number(left?.chunks) > 40, 'it could still be there')
  await parts.sql(
    `update {processes} set ends = clock_timestamp() - interval '1 second' where id <> $1`,
    parts.presence.id,
  )
  await parts.presence.beat()
  await goneAll(parts)
})

t.test('what can not be released is released later', { skip: NO_POSTGRES }, async (t) => {
  const postgres = await startPostgres(t)
  const parts = await openParts(t, await newParts(t, postgres))
  const file = await kept(parts, 1, bytes(8 * CHUNK))
  const held = await parts.files.receive(sourceOf('held'))
  const stream = await parts.files.read(file.sha256)
  await once(stream, 'readable')
  // It reads ahead, and so can fail before somebody reads on.
  stream.on('error', () => {})
  await postgres.stop()
  await held.release()
  await t.rejects(buffer(stream), Unavailable)
  const arriving = parts.files.receive(sourceOf('not now'))
  await t.rejects(arriving, Unavailable)
  t.ok(parts.faults.length > 0, 'it is said')
  await postgres.start()
  await parts.presence.beat()
  await until(async () => (await rowsOf(parts))?.holds === 0)
  t.ok((await buffer(await parts.files.read(file.sha256))).length === file.size)
})
