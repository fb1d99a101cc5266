import t from 'tap'
import { generateOpenapi } from '../../../cli/openapi.js'
import { API_NAMES } from '../../../config.js'
import { call, startApp } from '../../fixtures/app.js'

// What holds for the whole document, so that every tool reads it: each rule is asked of each place that it is about.

const METHODS = ['get', 'put', 'post', 'patch', 'delete']

interface Place {
  /** Where, as a JSON pointer without escapes. */
  readonly at: string
  readonly value: Readonly<Record<string, unknown>>
}

const document: Place['value'] = JSON.parse(
  JSON.stringify(await generateOpenapi({ apis: API_NAMES.join(',') })),
)

/** Keywords that have values in them, where others have more of the document. */
const VALUES = ['default', 'enum', 'example', 'examples']

/** Everything in the document that is an object, but for examples and the like. */
function* placesIn(value: unknown, at = ''): Generator<Place> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield { at, value: Object(value) }
  for (const [name, inner] of Object.entries(value)) {
    if (!VALUES.includes(name)) yield* placesIn(inner, `${at}/${name}`)
  }
}

const places = [...placesIn(document)]
const placesAt = (pattern: RegExp) => places.filter(({ at }) => pattern.test(at))

const operations = placesAt(/^\/paths\/.*\/(get|put|post|patch|delete)$/).filter(
  ({ value }) => 'operationId' in value,
)
const properties = places.flatMap(({ at, value }) =>
  at.endsWith('/properties') && !at.endsWith('/properties/properties')
    ? Object.entries(value).map(([name, schema]) => ({
        at: `${at}/${name}`,
        value: Object(schema),
      }))
    : [],
)
const schemaNames = Object.keys(Object(Object(document.components).schemas))

/** Where a rule is broken. */
const broken = (found: readonly Place[], isRight: (value: Place['value'], at: string) => unknown) =>
  found.filter(({ at, value }) => !isRight(value, at)).map(({ at }) => at)

t.test('there is something that the rules can be asked of', async (t) => {
  t.ok(operations.length > 60)
  t.ok(properties.length > 100)
  t.ok(METHODS.every((method) => operations.some(({ at }) => at.endsWith(`/${method}`))))
})

t.test('a link carries parameters, and no body', async (t) => {
  const links = placesAt(/\/links\/\w+$/)
  t.ok(links.length > 0)
  t.same(
    broken(links, (link) => !('requestBody' in link)),
    [],
  )
})

t.test('an operation has one tag', async (t) => {
  t.same(
    broken(operations, ({ tags }) => [tags].flat().length === 1),
    [],
  )
})

t.test('nothing is a constant', async (t) => {
  t.same(
    broken(places, (value) => !('const' in value)),
    [],
  )
})

t.test('JSON comes first where it is one of several', async (t) => {
  const contents = placesAt(/\/content$/).filter(({ value }) => 'application/json' in value)
  t.ok(contents.some(({ value }) => Object.keys(value).length > 1))
  t.same(
    broken(contents, (content) => Object.keys(content)[0] === 'application/json'),
    [],
  )
})

t.test('a whole number says how large it can become', async (t) => {
  const integers = places.filter(({ value }) => [value.type].flat().includes('integer'))
  const formats = new Set(integers.map(({ value }) => value.format))
  t.same([...formats].sort(), ['int32', 'int64'])
  t.same(
    broken(
      integers,
      ({ format, maximum }) =>
        format === (typeof maximum === 'number' && maximum <= 2_147_483_647 ? 'int32' : 'int64'),
    ),
    [],
  )
})

t.test('names become no constructors, and no two differ by their case alone', async (t) => {
  t.same(
    schemaNames.filter((name) => /^New[A-Z]|^(Error|Status)$/.test(name)),
    [],
  )
  const schemes = Object.keys(Object(Object(document.components).securitySchemes))
  const names = [...schemaNames, ...schemes].map((name) => name.toLowerCase())
  t.same(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  )
})

t.test(
  'no two properties of a schema have one name where names have letters and digits alone',
  async (t) => {
    const nameOf = (name: string) => name.replaceAll(/[^a-z0-9]/gi, '').toLowerCase()
    const groups = places.filter(
      ({ at }) => at.endsWith('/properties') && !at.endsWith('/properties/properties'),
    )
    t.same(
      broken(groups, (value) => {
        const names = Object.keys(value).map(nameOf)
        return new Set(names).size === names.length
      }),
      [],
    )
  },
)

t.test(
  'no component has the name of one of its properties that is a list: a Python variable would be both',
  async (t) => {
    t.same(
      broken(placesAt(/^\/components\/schemas\/\w+\/properties$/), (value, at) => {
        const name = at.split('/')[3]?.toLowerCase()
        return !Object.entries(value).some(
          ([property, schema]) =>
            property.replaceAll('_', '').toLowerCase() === name && Object(schema).type === 'array',
        )
      }),
      [],
    )
  },
)

t.test('nothing holds a byte order mark, which Go refuses in the middle of a file', async (t) => {
  t.notOk(JSON.stringify(document).includes('\ufeff'))
})

t.test('media types are real ones, and headers are written as their RFCs have them', async (t) => {
  const contents = placesAt(/\/content$/)
  t.same(
    broken(contents, (content) => !Object.keys(content).some((type) => type.includes('*'))),
    [],
  )
  const names = new Set([
    ...placesAt(/\/responses\/\d+\/headers$/).flatMap(({ value }) => Object.keys(value)),
    ...places
      .filter(({ value }) => value.in === 'header' && !value.type)
      .map(({ value }) => value.name),
  ])
  t.same([...names].sort(), [
    'Accept-Ranges',
    'Cache-Control',
    'Content-Disposition',
    'Content-Range',
    'ETag',
    'If-Match',
    'If-None-Match',
    'If-Range',
    'Location',
    'Range',
    'Retry-After',
    'WWW-Authenticate',
    // The plans API's own.
    'newpassword',
  ])
})

t.test('JSON in a part of a form says what it holds', async (t) => {
  const parts = properties.filter(({ at }) => /Upload\/properties\/json$/.test(at))
  t.equal(parts.length, 3)
  t.same(
    broken(
      parts,
      ({ type, contentMediaType, contentSchema }) =>
        type === 'string' &&
        contentMediaType === 'application/json' &&
        Object(contentSchema).type === 'object',
    ),
    [],
  )
})

t.test('patterns are read alike by every engine', async (t) => {
  const patterns = places.filter(({ value }) => typeof value.pattern === 'string')
  t.ok(patterns.length > 0)
  t.same(
    // RE2 has no look-around, Go no `\u`, and what `\s`, `\w` and `\d` are differs.
    broken(patterns, ({ pattern }) => !/\(\?|\\[uswdbSWDBpP]/.test(String(pattern))),
    [],
  )
  const ruledOut = places.filter(({ value }) => 'not' in value)
  t.ok(ruledOut.length > 0)
  t.same(
    broken(
      ruledOut,
      ({ type, not }) =>
        type === 'string' && ['enum', 'pattern'].includes(Object.keys(Object(not)).join()),
    ),
    [],
  )
  // ogen merges them to one, and can't with two patterns.
  t.same(
    broken(places, (value) => !('allOf' in value)),
    [],
  )
})

t.test('every body and every header has an example at its place', async (t) => {
  const bodies = placesAt(/\/requestBody\/content\/application\/[\w-]+$|\/multipart\/form-data$/)
  t.ok(bodies.length > 0)
  t.same(
    broken(bodies, (media) => 'example' in media),
    [],
  )
  const headers = [
    ...placesAt(/\/responses\/\d+\/headers\/[^/]+$/),
    ...placesAt(/\/parameters\/\d+$/).filter(({ value }) => value.in === 'header'),
  ]
  t.same(
    broken(headers, (header) => 'example' in header),
    [],
  )
})

t.test('everything is described', async (t) => {
  const isDescribed = ({ description, $ref }: Place['value']) =>
    $ref !== undefined || (typeof description === 'string' && description.length > 1)
  const parameters = placesAt(/\/parameters\/\d+$/)
  t.same(broken([...operations, ...parameters, ...properties], isDescribed), [])
  t.match(document.info, { contact: { name: String }, license: { name: 'MIT' } })
})

t.test('the server is the one that was asked', async (t) => {
  t.match(document.servers, [{ url: 'http://localhost:3000' }])
  const app = await startApp(t, { apis: ['fleet'] })
  const serverOf = async (host: string) => {
    const { body } = await call(app, 'GET', '/openapi.json', { headers: { host } })
    return JSON.parse(body).servers[0].url
  }
  t.equal(await serverOf('demo.test:8080'), 'http://demo.test:8080')
  t.equal(await serverOf('[::1]:3000'), 'http://[::1]:3000')
  t.equal(await serverOf('evil!test'), '/', 'a host that could be more')
  const yaml = await call(app, 'GET', '/openapi.yaml', { headers: { host: 'demo.test' } })
  t.match(yaml.body, /^servers:\n {2}- url: http:\/\/demo\.test$/m)
  const reference = await call(app, 'GET', '/docs/json', { headers: { host: 'demo.test' } })
  t.match(reference.json().servers, [{ url: '/' }], "the reference's is the page's own")
})
