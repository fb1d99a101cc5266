import { readdir } from 'node:fs/promises'
import fc from 'fast-check'
import t from 'tap'
import { compile } from '../../../store/check.js'
import { PackageName, TagName } from '../../../store/collections.js'
import {
  ask,
  BOUNDARY,
  chunk,
  field,
  file,
  form,
  head,
  look,
  openConnection,
  part,
  startRegistry,
  tokenOf,
  until,
} from '../../fixtures/multipart.js'

const PACKAGES = '/api/v1/packages'

const isPackageName = compile(PackageName)
const isTagName = compile(TagName)

/** Text with what the ways of writing parameters have a meaning for. */
const text = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 10 }) },
      fc.constantFrom('"', '\\', '%22', '%', ';', '=', "'", ' ', '+', '{', 'é', '船', '🚀', '"}'),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((pieces) => pieces.join(''))

const names = fc.record({
  package_name: text.filter((name) => isPackageName(name)),
  tag: text.filter((tag) => isTagName(tag)),
})
type Names = typeof names extends fc.Arbitrary<infer N> ? N : never

const jsonPart = (filename: string) =>
  part(`Content-Disposition: form-data; name="json"; ${filename}`)

/** The ways of writing the parameters. */
const WAYS = {
  fields: ({ package_name, tag }: Names) => [
    field('package_name', package_name),
    field('tag', tag),
  ],
  'a field json': (parameters: Names) => [field('json', JSON.stringify(parameters))],
  'both, and they agree': (parameters: Names) => [
    field('json', JSON.stringify(parameters)),
    field('tag', parameters.tag),
  ],
  'a filename with backslashes': (parameters: Names) => [
    jsonPart(`filename="${JSON.stringify(parameters).replace(/["\\]/g, '\\$&')}"`),
  ],
  'a filename with %22': (parameters: Names) => [
    jsonPart(`filename="${JSON.stringify(parameters).replaceAll('"', '%22')}"`),
  ],
  'a filename in UTF-8': (parameters: Names) => [
    jsonPart(`filename*=UTF-8''${encodeURIComponent(JSON.stringify(parameters))}`),
  ],
} satisfies Record<string, (parameters: Names) => Buffer[]>

const upload = fc
  .record({
    names,
    way: fc.constantFrom(
      'fields',
      'a field json',
      'both, and they agree',
      'a filename with backslashes',
      'a filename with %22',
      'a filename in UTF-8',
    ),
    /** Bytes, and what looks like the end of a part without being it. */
    content: fc
      .array(
        fc.oneof(
          fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
          fc
            .constantFrom(
              '\r\n',
              '\r',
              '\n',
              '--',
              '\r\n\r\n',
              '\r\n--',
              BOUNDARY,
              `--${BOUNDARY}`,
              `\n--${BOUNDARY}--`,
              `\r\n-${BOUNDARY}`,
              `\r\n--${BOUNDARY.slice(0, -1)}`,
              'Content-Disposition: form-data; name="tag"',
            )
            .map((look) => Buffer.from(look)),
          fc.integer({ min: 0, max: 200_000 }).map((size) => Buffer.alloc(size, '\r\n-')),
        ),
        { maxLength: 8 },
      )
      .map((pieces) => Buffer.concat(pieces))
      .filter((content) => !`\r\n${content.toString('latin1')}`.includes(`\r\n--${BOUNDARY}`)),
    /** By which the parts are sorted. */
    order: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
  })
  // A browser writes a percent sign and a backslash as they are, so that some names can't be told from others.
  .filter(
    ({ names, way }) =>
      way !== 'a filename with %22' || !/\\|%22/.test(`${names.package_name}${names.tag}`),
  )
type Upload = typeof upload extends fc.Arbitrary<infer U> ? U : never

function bodyOf({ names, way, content, order }: Upload): Buffer {
  const parts = [...WAYS[way](names), file(content)]
  const sorted = parts
    .map((part, index) => ({ part, place: order[index] ?? 0 }))
    .sort((a, b) => a.place - b.place)
  return form(...sorted.map(({ part }) => part))
}

/** Where a body is cut into chunks; none for one that is sent whole, with its length. */
const cuts = fc.option(fc.array(fc.nat(), { maxLength: 20 }))

/** A request with this body, in the chunks that the cuts make. */
function requestOf(token: string, body: Buffer, at: readonly number[] | null): Buffer[] {
  if (at === null) return [Buffer.from(head(PACKAGES, { token, length: body.length })), body]
  const places = at.map((place) => place % (body.length + 1)).sort((a, b) => a - b)
  const chunks = [0, ...places].map((start, index) => body.subarray(start, places[index]))
  return [
    Buffer.from(head(PACKAGES, { token })),
    ...chunks.filter(({ length }) => length > 0).map(chunk),
    Buffer.from('0\r\n\r\n'),
  ]
}

t.test('what is uploaded whole is there, byte for byte', async (t) => {
  const { url, folder } = await startRegistry(t)
  const token = await tokenOf(t, url)
  const property = fc.asyncProperty(upload, cuts, async (sent, at) => {
    const connection = await openConnection(t, url)
    await connection.send(...requestOf(token, bodyOf(sent), at))
    const { status, body: said } = await connection.answer()
    connection.socket.destroy()

    const path = `/api/v1/packages/${encodeURIComponent(sent.names.package_name)}`
    const download = await ask(t, url, `${path}/${encodeURIComponent(sent.names.tag)}`, {
      method: 'GET',
      token,
    })
    const deletion = await ask(t, url, path, { method: 'DELETE', token })
    if (status !== 200) throw new Error(`${status}: ${said}`)
    if (!sent.content.equals(download.body)) throw new Error(`${download.status}: other bytes`)
    if (deletion.status !== 204) throw new Error(`${deletion.status}: ${deletion.body}`)
  })
  await fc.assert(property, { numRuns: 200 })
  await until('all files are gone', async () => (await readdir(folder)).length === 0)
  t.same(await look(t, url, PACKAGES, token), { status: 200, body: [] })
})

t.test('what is cut off is refused, and leaves nothing', async (t) => {
  const { url, folder } = await startRegistry(t)
  const token = await tokenOf(t, url)
  const property = fc.asyncProperty(
    upload,
    cuts,
    fc.nat(),
    fc.boolean(),
    async (sent, at, end, isBroken) => {
      const body = bodyOf(sent)
      // Without its last line break a body is whole.
      const length = end % (body.length - 2)
      const connection = await openConnection(t, url)
      if (isBroken) {
        // As if the client had gone: the request itself has no end.
        const request = Buffer.concat(requestOf(token, body, at))
        const start = request.indexOf('\r\n\r\n') + 4
        await connection.send(request.subarray(0, start + (end % (request.length - start - 10))))
        connection.socket.end()
        await connection.next('close')
        const status = connection.received().toString('latin1').slice(9, 12)
        if (!['', '400'].includes(status)) throw new Error(String(connection.received()))
      } else {
        await connection.send(...requestOf(token, body.subarray(0, length), at))
        const { status, body: said } = await connection.answer()
        if (status !== 400) throw new Error(`${status}: ${said}`)
      }
      connection.socket.destroy()
      const { body: packages } = await ask(t, url, PACKAGES, { method: 'GET', token })
      if (String(packages) !== '[]') throw new Error(`There is ${packages}`)
      await until('no file is left', async () => (await readdir(folder)).length === 0, 200)
    },
  )
  await fc.assert(property, { numRuns: 200 })
  t.same(await look(t, url, PACKAGES, token), { status: 200, body: [] })
})
