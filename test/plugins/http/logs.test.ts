import Fastify from 'fastify'
import t from 'tap'
import { loggingFor } from '../../../plugins/http/logs.js'
import { type Run, startProcess } from '../../fixtures/process.js'
import { noTerminal, runInTerminal } from '../../fixtures/terminal.js'

/** Sends some requests, and stops the server, so that all of its log is there. */
async function logOf(run: Run & { url: string }): Promise<string[]> {
  const login = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'user', password: 'wrong' }),
  }
  for (const [path, init] of [
    ['/api/ships/1?note=secret', {}],
    ['/nope?', {}],
    ['/%zz', {}],
    ['/auth/login', login],
  ] as const) {
    await (await fetch(run.url + path, init)).text()
  }
  run.child.kill('SIGTERM')
  await run.ended
  return run.output.stdout.trim().split('\n')
}

t.test('each request is one line of JSON, where no terminal is', async (t) => {
  const lines = await logOf(await startProcess(t))
  const requests = lines.map((line) => JSON.parse(line)).filter(({ method }) => method)
  t.match(requests, [
    { method: 'GET', url: '/api/ships/1', statusCode: 200, reqId: /^req-/, responseTime: Number },
    { method: 'GET', url: '/nope', statusCode: 404, refusal: /^There is nothing at this path/ },
    { method: 'GET', url: '/%zz', statusCode: 400, refusal: /^The path has an escape/ },
    { method: 'POST', url: '/auth/login', statusCode: 401, refusal: /^The username or the/ },
  ])
  t.equal(requests.length, 4)
  t.equal('refusal' in requests[0], false)
  t.notMatch(lines.join(''), 'secret')
})

t.test('LOG_FORMAT=pretty makes it a line for a person', async (t) => {
  const lines = await logOf(await startProcess(t, [], { env: { LOG_FORMAT: 'pretty' } }))
  const [first, ...rest] = lines.filter((line) => / in [\d.]+ ms/.test(line))
  t.match(first, /^\[[\d:.]+\] INFO: GET \/api\/ships\/1 200 in [\d.]+ ms$/)
  t.match(rest.join('\n'), /GET \/nope 404 in [\d.]+ ms: There is nothing at this path/)
  t.match(
    rest.join('\n'),
    /POST \/auth\/login 401 in [\d.]+ ms: The username or the password is wr/,
  )
  t.equal(rest.length, 3)
  t.equal(lines.length, 8, 'with three lines of the start and one of the end')
})

t.test('from LOG_LEVEL=warn on, nothing is made of a request', async (t) => {
  const lines: string[] = []
  const logging = await loggingFor({ logLevel: 'warn', logFormat: 'json' })
  const stream = { write: (line: string) => lines.push(line) }
  const app = Fastify({ ...logging, logger: { level: 'warn', stream } })
  t.teardown(() => app.close())
  t.equal((await app.inject('/nope')).statusCode, 404)
  t.equal(logging.logController.disableRequestLogging, true)
  t.same(lines, [])
})

t.test('a terminal gets lines, in colours that it wants', { skip: noTerminal }, async (t) => {
  const lineOf = async (env: Record<string, string>) => {
    const run = runInTerminal(t, ['-p', '0'], { env })
    await run.answer(/listening at \S+/, '\u0003')
    await run.ended
    return run.output()
  }
  t.match(await lineOf({}), '\u001b[32mINFO\u001b[39m: ')
  t.match(await lineOf({ NO_COLOR: '1' }), /\] INFO: Slipway is listening/)
  t.match(await lineOf({ LOG_FORMAT: 'json' }), /\{"level":30.*"msg":"Slipway is listening/)
})

t.test('what could steer a terminal is written as an escape', async (t) => {
  const env = { LOG_FORMAT: 'pretty', APIS: 'fleet' }
  const run = await startProcess(t, [], { env })
  const body = JSON.stringify({ name: 'me', password: 'pass', '\u001b[2J': 1 })
  const headers = { 'content-type': 'application/json' }
  await (await fetch(`${run.url}/api/users`, { method: 'POST', headers, body })).text()
  run.child.kill('SIGTERM')
  await run.ended
  t.match(run.output.stdout, String.raw`/\u001b[2J is not known here`)
  t.notMatch(run.output.stdout, '\u001b[2J')
})
