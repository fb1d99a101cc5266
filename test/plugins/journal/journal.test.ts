import t from 'tap'
import { bodyOf, Content, kept, MAX_CONTENT } from '../../../plugins/journal/content.js'
import { Journal, MAX_ENTRIES, Room } from '../../../plugins/journal/journal.js'
import type { Note } from '../../../plugins/journal/note.js'
import { startApp } from '../../fixtures/app.js'

async function startJournals(t: Parameters<typeof startApp>[0], room: Room, count: number) {
  const app = await startApp(t)
  return Array.from({ length: count }, () => new Journal(app.worlds.own, room))
}

function note(journal: Journal | undefined, url: string, body = ''): Note {
  if (!journal) throw new Error('There is no such journal')
  const asked = { method: 'GET', url, sentUrl: url, rawHeaders: [], operation: undefined }
  const begun = journal.begin(asked)
  begun.takeBody(body)
  journal.end(begun)
  return begun
}

const urlsOf = (journal: Journal | undefined) => [...(journal?.list() ?? [])].map(({ url }) => url)

t.test('a journal has the last thousand', async (t) => {
  const room = new Room()
  const [journal] = await startJournals(t, room, 1)
  for (let at = 1; at <= 2 * MAX_ENTRIES + 5; at++) note(journal, `/${at}`, 'body')
  const urls = urlsOf(journal)
  t.equal(urls.length, MAX_ENTRIES)
  t.equal(urls[0], `/${2 * MAX_ENTRIES + 5}`)
  t.equal(urls.at(-1), `/${MAX_ENTRIES + 6}`)
  t.equal(room.count, MAX_ENTRIES)
  t.equal(room.size, MAX_ENTRIES * 4)
  t.equal(journal?.get(MAX_ENTRIES + 5), undefined)
  t.equal(journal?.get(MAX_ENTRIES + 6)?.url, `/${MAX_ENTRIES + 6}`)
  journal?.clear()
  t.same(urlsOf(journal), [])
  t.same([room.count, room.size], [0, 0])
  note(journal, '/next')
  t.same(urlsOf(journal), ['/next'])
  t.equal(journal?.get(2 * MAX_ENTRIES + 6)?.url, '/next', 'numbers go on')
})

t.test('where bodies are too much in all, the oldest go, of whichever world', async (t) => {
  const room = new Room(1_000)
  const [one, other] = await startJournals(t, room, 2)
  const notes = Array.from({ length: 40 }, (_, at) =>
    note(at % 2 ? one : other, `/${at}`, 'x'.repeat(100)),
  )
  t.ok(room.size <= 1_000)
  t.notOk(notes[0]?.hasBodies)
  t.ok(notes.at(-1)?.hasBodies)
  t.equal(other?.get(1)?.response().body, null)
  t.equal(notes.filter(({ hasBodies }) => hasBodies).length * 100, room.size)
  t.equal(urlsOf(one).length + urlsOf(other).length, 40, 'the requests themselves stay')
})

t.test('where requests are too many in all, the oldest go', async (t) => {
  const room = new Room(1_000, 50)
  const [one, other] = await startJournals(t, room, 2)
  for (let at = 0; at < 40; at++) note(one, `/one/${at}`, 'x')
  for (let at = 0; at < 40; at++) note(other, `/other/${at}`, 'x')
  t.ok(room.count <= 50)
  t.equal(urlsOf(one).length + urlsOf(other).length, room.count)
  t.equal(urlsOf(other).length, 40)
  t.equal(urlsOf(one)[0], '/one/39')
})

t.test('one that is closed takes nothing, and its room is free', async (t) => {
  const room = new Room()
  const [journal] = await startJournals(t, room, 1)
  note(journal, '/a', 'x')
  const open = journal?.begin({
    method: 'GET',
    url: '/b',
    sentUrl: '/b',
    rawHeaders: [],
    operation: undefined,
  })
  journal?.close()
  t.same([room.count, room.size, room.journals.size], [0, 0, 0])
  open?.takeBody('x')
  if (open) journal?.end(open)
  note(journal, '/b', 'x')
  t.same([room.count, room.size], [0, 0])
  t.same(urlsOf(journal), [])
})

t.test('one that is under way when its place is taken goes on by itself', async (t) => {
  const room = new Room()
  const [journal] = await startJournals(t, room, 1)
  const asked = {
    method: 'GET',
    url: '/slow',
    sentUrl: '/slow',
    rawHeaders: [],
    operation: undefined,
  }
  const slow = journal?.begin(asked)
  for (let at = 0; at < MAX_ENTRIES; at++) note(journal, '/quick', 'x')
  t.equal(slow?.url, '/slow')
  slow?.takeBody('long')
  if (slow) journal?.end(slow)
  t.equal(room.size, MAX_ENTRIES, 'it takes no room')
  t.equal(urlsOf(journal).filter((url) => url === '/slow').length, 0)
})

t.test('of a body the first 64 KiB are kept', (t) => {
  const long = 'é'.repeat(MAX_CONTENT)
  for (const body of [long, Buffer.from(long)]) {
    const { body: text, truncated } = bodyOf(kept(body), 'text/plain')
    t.equal(text, 'é'.repeat(MAX_CONTENT / 2))
    t.equal(truncated, true)
  }
  const odd = `a${long}`
  t.equal(
    bodyOf(kept(odd), 'text/plain').body,
    `a${'é'.repeat(MAX_CONTENT / 2 - 1)}`,
    'no half character',
  )
  const content = new Content()
  for (let left = 0; left < 200; left++) content.add(Buffer.alloc(1_000, left))
  t.equal(content.size, MAX_CONTENT)
  t.ok(content.isCut)
  t.same(bodyOf(kept('x'.repeat(MAX_CONTENT))), { body: 'x'.repeat(MAX_CONTENT) })
  t.same(bodyOf(kept('')), { body: null })
  t.same(bodyOf(undefined), { body: null })
  t.end()
})

t.test('bytes that are no text are given in base64', (t) => {
  const bytes = Buffer.from([0xff, 0xfe, 0, 1, 2])
  t.same(bodyOf(kept(bytes), 'image/png'), { body: bytes.toString('base64'), encoding: 'base64' })
  const broken = Buffer.from('{"password":"abc","a":"\xff"}', 'latin1')
  const { body, encoding } = bodyOf(kept(broken), 'application/json')
  t.equal(encoding, 'base64')
  t.equal(Buffer.from(String(body), 'base64').toString('latin1'), '{"password":"***","a":"\xff"}')
  t.end()
})
