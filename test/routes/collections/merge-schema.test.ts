import { Type } from '@sinclair/typebox'
import t from 'tap'
import { mergePatchSchema } from '../../../routes/collections/merge-schema.js'
import { startApp } from '../../fixtures/app.js'

const whole = Type.Unsafe({
  type: 'object',
  required: ['title'],
  properties: {
    title: { type: 'string' },
    views: { type: ['integer', 'null'] },
    size: { enum: ['small', 'large'] },
    password: { type: 'string', writeOnly: true },
    author: {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string' }, age: { type: 'integer' } },
    },
  },
  additionalProperties: true,
})

t.test('null takes away what need not be there, at every depth', async (t) => {
  t.same(JSON.parse(JSON.stringify(mergePatchSchema(whole, true))), {
    type: 'object',
    properties: {
      title: { type: 'string' },
      views: { type: ['integer', 'null'] },
      size: { anyOf: [{ enum: ['small', 'large'] }, { type: 'null' }] },
      password: { type: 'string', writeOnly: true },
      author: {
        type: ['object', 'null'],
        properties: { name: { type: 'string' }, age: { type: ['integer', 'null'] } },
      },
    },
    additionalProperties: true,
  })
  const { properties } = mergePatchSchema(whole, false)
  t.same(properties.title, { type: ['string', 'null'] }, 'a shape that follows lets all go')
})

t.test('the document has it, and texts for forms', async (t) => {
  const app = await startApp(t, { data: { posts: [{ id: 1, title: 'a', views: 1 }] } })
  const document = JSON.parse(JSON.stringify(await app.openapi()))
  const { content } = document.paths['/posts/{id}'].patch.requestBody
  const names = Object.entries<{ schema: { $ref: string } }>(content).map(([type, { schema }]) => [
    type,
    schema.$ref.split('/').at(-1),
  ])
  t.same(Object.fromEntries(names), {
    'application/json': 'PostPatch',
    'application/x-www-form-urlencoded': 'PostPatchUpload',
    'multipart/form-data': 'PostPatchUpload',
    'application/merge-patch+json': 'PostMergePatch',
  })
  t.equal(document.components.schemas.PostPatchUpload.properties.views.type, 'string')
})
