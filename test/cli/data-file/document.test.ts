import t from 'tap'
import { changeText } from '../../../cli/data-file/document.js'

const added = { id: 2, name: 'B' }

t.test('a new record is written like its neighbour', async (t) => {
  const cases: [string, string][] = [
    // One field a line, with each kind of indentation and line break.
    [
      '{\n  "projects": [\n    {\n      "name": "A"\n    }\n  ]\n}\n',
      '{\n  "projects": [\n    {\n      "name": "A"\n    },\n    {\n      "id": 2,\n      "name": "B"\n    }\n  ]\n}\n',
    ],
    [
      '{\r\n\t"projects": [\r\n\t\t{\r\n\t\t\t"name": "A"\r\n\t\t}\r\n\t]\r\n}',
      '{\r\n\t"projects": [\r\n\t\t{\r\n\t\t\t"name": "A"\r\n\t\t},\r\n\t\t{\r\n\t\t\t"id": 2,\r\n\t\t\t"name": "B"\r\n\t\t}\r\n\t]\r\n}',
    ],
    [
      '{"projects": [{\n  "name": "A"\n}]}',
      '{"projects": [{\n  "name": "A"\n}, {\n  "id": 2,\n  "name": "B"\n}]}',
    ],
    // One record a line, or all on one.
    [
      '{\n  "projects": [\n    { "name": "A" }\n  ]\n}',
      '{\n  "projects": [\n    { "name": "A" },\n    { "id": 2, "name": "B" }\n  ]\n}',
    ],
    [
      '{\n  "projects": [\n    { "name": "0" },\n\n    { "name": "A" }\n  ]\n}',
      '{\n  "projects": [\n    { "name": "0" },\n\n    { "name": "A" },\n    { "id": 2, "name": "B" }\n  ]\n}',
    ],
    [
      '{\n  "projects": [{ "name": "A" }]\n}',
      '{\n  "projects": [{ "name": "A" }, { "id": 2, "name": "B" }]\n}',
    ],
    ['{"projects":[{"name":"A"}]}', '{"projects":[{"name":"A"},{"id":2,"name":"B"}]}'],
    [
      '{"projects":[{"name":"0"},{"name":"A"}]}',
      '{"projects":[{"name":"0"},{"name":"A"},{"id":2,"name":"B"}]}',
    ],
    // Without a neighbour, like the file.
    [
      '{\n    "projects": [ ],\n    "ships": []\n}',
      '{\n    "projects": [\n        {\n            "id": 2,\n            "name": "B"\n        }\n    ],\n    "ships": []\n}',
    ],
    ['{"projects":[]}', '{"projects":[{"id":2,"name":"B"}]}'],
    [
      '{\n  "ships": []\n}\n',
      '{\n  "ships": [],\n  "projects": [\n    {\n      "id": 2,\n      "name": "B"\n    }\n  ]\n}\n',
    ],
    ['{"ships":[]}', '{"ships":[],"projects":[{"id":2,"name":"B"}]}'],
    ['{}', '{\n  "projects": [\n    {\n      "id": 2,\n      "name": "B"\n    }\n  ]\n}'],
    // Of a name that is there twice the last counts.
    ['{"projects":[],"projects":[]}', '{"projects":[],"projects":[{"id":2,"name":"B"}]}'],
  ]
  for (const [before, after] of cases) {
    t.equal(changeText(before, { projects: { added } }), after)
  }
})

t.test('records go, and with them their commas alone', async (t) => {
  const all = '{"projects": [\n  {"name": "A"}, {"name": "B"},\n\n  {"name": "C"}\n]}'
  const cases: [number[], string][] = [
    [[0], '{"projects": [\n  {"name": "B"},\n\n  {"name": "C"}\n]}'],
    [[1], '{"projects": [\n  {"name": "A"},\n\n  {"name": "C"}\n]}'],
    [[2], '{"projects": [\n  {"name": "A"}, {"name": "B"}\n]}'],
    [[0, 1], '{"projects": [\n  {"name": "C"}\n]}'],
    [[0, 2], '{"projects": [\n  {"name": "B"}\n]}'],
    [[1, 2], '{"projects": [\n  {"name": "A"}\n]}'],
    [[0, 1, 2], '{"projects": []}'],
  ]
  for (const [removed, after] of cases) {
    t.equal(changeText(all, { projects: { removed: new Set(removed) } }), after)
  }
})

t.test('a field that is there gets another value, a new one comes first', async (t) => {
  const fields = (values: { [field: string]: number | null }) => ({
    articles: { fields: new Map([[0, values]]) },
  })
  const cases: [string, { [field: string]: number | null }, string][] = [
    ['{"articles":[{"user_id" : 1 }]}', { user_id: null }, '{"articles":[{"user_id" : null }]}'],
    ['{"articles":[{"title":"A"}]}', { id: 5 }, '{"articles":[{"id":5,"title":"A"}]}'],
    ['{"articles":[{ "title": "A" }]}', { id: 5 }, '{"articles":[{ "id": 5, "title": "A" }]}'],
    [
      '{"articles":[\n{\n  "title": "A",\n  "user_id": 1\n}]}',
      { user_id: null, id: 5 },
      '{"articles":[\n{\n  "id": 5,\n  "title": "A",\n  "user_id": null\n}]}',
    ],
    [
      '{"articles":[{"user_id":1,"user_id":2}]}',
      { user_id: null },
      '{"articles":[{"user_id":1,"user_id":null}]}',
    ],
  ]
  for (const [before, values, after] of cases) t.equal(changeText(before, fields(values)), after)
})
