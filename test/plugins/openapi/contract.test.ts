import t from 'tap'
import { Contract } from '../../../plugins/openapi/contract.js'

const properties = { moment: { type: 'string', format: 'date-time' } }

/** A document of one operation, which answers with this schema. */
const contractOf = (schema: object) =>
  new Contract({
    paths: {
      '/': { get: { responses: { 200: { content: { 'application/json': { schema } } } } } },
    },
    components: { schemas: { Moment: { type: 'object', properties } } },
  })

const faultsIn = (schema: object, body: string, value?: unknown) =>
  contractOf(schema).breachesOf(
    { path: '/', method: 'get' },
    { status: 200, headers: { 'content-type': 'Application/JSON; charset=utf-8' }, body, value },
  )

t.test('a schema that does not say whether it takes other fields takes none', async (t) => {
  const extra = '{"moment":"2026-01-31T12:00:00Z","colour":"red"}'
  const unknown = [{ place: 'body/colour', message: 'is not known here' }]
  t.same(faultsIn({ type: 'object', properties }, extra), unknown)
  t.same(faultsIn({ $ref: '#/components/schemas/Moment' }, extra), unknown)
  const list = { type: 'array', items: { $ref: '#/components/schemas/Moment' } }
  t.match(faultsIn(list, `[{},${extra}]`), [{ place: 'body/1/colour' }])
  t.same(faultsIn({ type: 'object', properties, additionalProperties: true }, extra), [])
})

t.test('formats count', async (t) => {
  const schema = { type: 'object', properties }
  t.match(faultsIn(schema, '{"moment":"yesterday"}'), [{ place: 'body/moment' }])
  t.same(faultsIn(schema, '{"moment":"2026-01-31T12:00:00.000Z"}'), [])
})

t.test('what was given counts as well as what goes out', async (t) => {
  const schema = { type: 'object', properties }
  t.match(faultsIn(schema, '{}', { colour: 'red' }), [{ place: 'value/colour' }])
  t.match(faultsIn(schema, '', {}), [{ place: 'body', message: 'is not JSON' }])
})

t.test('an operation that there is not', async (t) => {
  const answer = { status: 200, headers: {}, body: '' }
  t.match(contractOf({}).breachesOf({ path: '/boats', method: 'get' }, answer), [
    { place: 'operation' },
  ])
  t.match(contractOf({}).breachesOf({ path: '/', method: 'put' }, answer), [{ place: 'operation' }])
})
