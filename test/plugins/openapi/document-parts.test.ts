import { validate } from '@hyperjump/json-schema/openapi-3-1'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import spectral from '@stoplight/spectral-core'
import rulesets from '@stoplight/spectral-rulesets'
import t, { type Test } from 'tap'
import { generateOpenapi } from '../../../cli/openapi.js'
import { API_NAMES } from '../../../config.js'
import { startApp } from '../../fixtures/app.js'

const recommended = await createConfig({
  extends: ['recommended'],
  // The server that the document names on the command line is on one's own machine.
  rules: { 'no-server-example.com': 'off' },
})

const linter = new spectral.Spectral()
linter.setRuleset({ extends: [[{ extends: [], ...rulesets.oas }, 'recommended']] })

/** Data of one's own, with all that the document can have of it. */
const OWN = {
  posts: [
    { id: 1, title: 'Hello', authorId: 1, at: '2026-01-05T08:00:00Z', tags: ['sea'], by: null },
    { id: 'two', title: 'Sea and sand', authorId: 2, meta: { words: 2 } },
  ],
  comments: [{ id: 1, text: 'First!', postId: 1, userId: 1 }],
  authors: [],
  users: [{ id: 1, email: 'ann@example.com', password: 'a pass phrase' }],
  profile: { name: 'The harbour' },
  $collections: {
    comments: { access: { read: 'owner', create: 'user', change: 'owner' }, owner: 'userId' },
  },
}

async function ownDocument(t: Test): Promise<object> {
  return (await startApp(t, { data: OWN })).openapi()
}

for (const apis of ["one's own data", 'none', API_NAMES.join(','), ...API_NAMES]) {
  t.test(`the document of ${apis}`, async (t) => {
    const isOwn = apis === "one's own data"
    const text = JSON.stringify(isOwn ? await ownDocument(t) : await generateOpenapi({ apis }))

    const problems = await lintFromString({ source: text, config: recommended })
    const said = problems.map(
      ({ severity, ruleId, message, location: [{ pointer } = {}] }) =>
        `${severity} ${ruleId}: ${message} ${pointer}`,
    )
    t.same(said, [], "breaks none of Redocly's recommended rules")

    const results = await linter.run(JSON.parse(text))
    t.same(
      results.map(({ code, message, path }) => `${code}: ${message} ${path.join('/')}`),
      [],
      "breaks none of Spectral's rules for OpenAPI",
    )

    // With the dialect of Schema Objects, which the bare schema of 3.1 leaves open.
    const metaSchema = 'https://spec.openapis.org/oas/3.1/schema-base'
    t.same(
      await validate(metaSchema, JSON.parse(text), 'BASIC'),
      { valid: true },
      'is valid against the meta-schema of OpenAPI 3.1',
    )
  })
}

t.test('the rules and the meta-schema find what is wrong', async (t) => {
  const document = { openapi: '3.1.0', info: {}, paths: { '/': { get: { responses: {} } } } }
  const problems = await lintFromString({
    source: JSON.stringify(document),
    config: recommended,
  })
  t.ok(problems.some(({ ruleId, severity }) => ruleId === 'struct' && severity === 'error'))
  t.ok(problems.some(({ severity }) => severity === 'warn'))
  const codes = (await linter.run(document)).map(({ code }) => code)
  t.ok(codes.includes('operation-description') && codes.includes('oas3-schema'))
  const { valid } = await validate('https://spec.openapis.org/oas/3.1/schema-base', document)
  t.notOk(valid)
})
