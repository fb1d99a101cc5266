import t from 'tap'
import { addSchemas } from '../../../cli/data-file/schemas.js'

const TEXT = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
const schemas = new Map<string, unknown>([['posts', TEXT]])

const LINE = '{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}'

t.test('schemas are written as the file is laid out', async (t) => {
  const table: readonly [before: string, after: string][] = [
    ['{"posts":[]}', `{"$collections":{"posts":{"schema":${LINE}}},"posts":[]}`],
    ['{ "posts": [] }', `{ "$collections": {"posts":{"schema":${LINE}}}, "posts": [] }`],
    [
      '{\n  // all\n  "posts": [],\n}\n',
      `{
  "$collections": {
    "posts": {
      "schema": {
        "type": "object",
        "properties": {
          "a": { "type": "string" }
        },
        "required": ["a"]
      }
    }
  },
  // all
  "posts": [],
}
`,
    ],
    [
      '{\r\n\t"$schema": "x",\r\n\t"posts": []\r\n}',
      `{
\t"$schema": "x",
\t"$collections": {
\t\t"posts": {
\t\t\t"schema": {
\t\t\t\t"type": "object",
\t\t\t\t"properties": {
\t\t\t\t\t"a": { "type": "string" }
\t\t\t\t},
\t\t\t\t"required": ["a"]
\t\t\t}
\t\t}
\t},
\t"posts": []
}`.replaceAll('\n', '\r\n'),
    ],
    [
      '{"$collections": {"posts": {"owner": "userId"}, "other": {}}, "posts": []}',
      `{"$collections": {"posts": {"owner": "userId", "schema": ${LINE}}, "other": {}}, "posts": []}`,
    ],
    [
      '{"posts": [], "$collections": {"posts": {}}}',
      `{"posts": [], "$collections": {"posts": {"schema":${LINE}}}}`,
    ],
    [
      '{"posts": [], "$collections": {}}',
      `{"posts": [], "$collections": {"posts":{"schema":${LINE}}}}`,
    ],
    [
      `{
  "$collections": {
    "posts": {
      "owner": "userId", // hers
    },
  },
  "posts": []
}`,
      `{
  "$collections": {
    "posts": {
      "owner": "userId",
      "schema": {
        "type": "object",
        "properties": {
          "a": { "type": "string" }
        },
        "required": ["a"]
      }, // hers
    },
  },
  "posts": []
}`,
    ],
    [
      `{
  "$collections": {
    "other": { "owner": "a" }
  },
  "posts": []
}`,
      `{
  "$collections": {
    "other": { "owner": "a" },
    "posts": {
      "schema": {
        "type": "object",
        "properties": {
          "a": { "type": "string" }
        },
        "required": ["a"]
      }
    }
  },
  "posts": []
}`,
    ],
  ]
  for (const [before, after] of table) t.equal(addSchemas(before, schemas), after)
})

t.test('long lists are spread, empty ones are not', async (t) => {
  const required = Array.from({ length: 12 }, (_, index) => `field number ${index}`)
  const schema = { required, properties: {}, enum: [] }
  const text = addSchemas('{\n "posts": []\n}', new Map([['posts', schema]]))
  t.match(text, '\n    "required": [\n     "field number 0",\n     "field number 1",\n')
  t.match(text, '\n    "properties": {},\n    "enum": []\n')
  t.same(JSON.parse(text), { $collections: { posts: { schema } }, posts: [] })
})
