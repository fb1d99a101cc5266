import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { memoryOf } from '../fixtures/multipart.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { newParts, openParts, type Parts, until } from '../fixtures/postgres-parts.js'

const MEBIBYTE = 1024 * 1024

/** The size of the largest file, by default: UPLOAD_LIMIT. */
const LARGEST = 1024 * MEBIBYTE
const MAX_GROWTH = 64 * MEBIBYTE

const SKIP = NO_POSTGRES || (!existsSync('/proc/self/clear_refs') && 'no /proc')

/** Random bytes, and their hash once they have been taken. */
function* contentOf(size: number, hash = createHash('sha256')): Generator<Buffer, string> {
  for (let left = size; left > 0; left -= 64 * 1024) {
    const bytes = randomBytes(Math.min(left, 64 * 1024))
    hash.update(bytes)
    yield bytes
  }
  return hash.digest('hex')
}

/** Stores a file, reads it, and deletes it. */
async function storeAndRead(t: Test, { files, sql }: Parts, size: number): Promise<void> {
  const { release, ...file } = await files.receive(Readable.from(contentOf(size)))
  await sql('insert into {scans} values (1, 1, $1)', JSON.stringify(file))
  await release()
  const hash = createHash('sha256')
  for await (const bytes of await files.read(file.sha256)) hash.update(bytes)
  t.equal(hash.digest('hex'), file.sha256)
  t.equal(file.size, size)
  await sql('delete from {scans}')
  await until(async () => (await sql('select from {chunks} limit 1')).length === 0)
}

t.test('a file of 1 GiB goes in and out in little memory', { skip: SKIP }, async (t) => {
  const parts = await openParts(t, await newParts(t, await startPostgres(t)))
  await storeAndRead(t, parts, 16 * MEBIBYTE)
  await writeFile('/proc/self/clear_refs', '5')
  const idle = await memoryOf(process.pid, 'VmHWM')
  await storeAndRead(t, parts, LARGEST)
  const growth = (await memoryOf(process.pid, 'VmHWM')) - idle
  t.comment(`${Math.round(growth / MEBIBYTE)} MiB over idle`)
  t.ok(growth <= MAX_GROWTH, `${growth} bytes over idle`)
})
