import type { Locator } from 'playwright-core'
import t, { type Test } from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { chromiumMissing, startChromium } from '../../fixtures/chromium.js'
import {
  authorize,
  executeButton,
  logInThere,
  open,
  openReference,
} from '../../fixtures/reference.js'

t.test('the page may load from this server alone, and runs nothing inline', async (t) => {
  const { statusCode, headers, body } = await call(await startApp(t), 'GET', '/docs')
  t.equal(statusCode, 200)
  t.match(headers['content-type'], /^text\/html/)
  t.match(body, '<title>Slipway</title>')
  t.notMatch(body, /\b(src|href)="(https?:)?\/\//)

  const policy = String(headers['content-security-policy'])
  t.match(policy, "default-src 'none'; ")
  t.match(policy, "script-src 'self'; ")
  t.match(policy, "style-src 'self'; ")
  t.notMatch(policy, /unsafe|https?:|\*/)
})

t.test('what the page loads is cached, and first asked for by many at once', async (t) => {
  const app = await startApp(t)
  const url = '/docs/static/swagger-ui.css'
  const answers = await Promise.all([url, url, '/docs/'].map((each) => call(app, 'GET', each)))
  t.same(
    answers.map(({ statusCode }) => statusCode),
    [200, 200, 200],
  )
  const { etag = '', ...headers } = answers[0]?.headers ?? {}
  t.match(headers, {
    'content-type': /^text\/css/,
    'last-modified': String,
    'accept-ranges': 'bytes',
    'content-security-policy': /default-src 'none'/,
  })
  const known = await call(app, 'GET', url, { headers: { 'if-none-match': etag } })
  t.equal(known.statusCode, 304)
  const head = await call(app, 'HEAD', url)
  t.match(head, { statusCode: 200, body: '' })
  t.equal(head.headers['content-length'], headers['content-length'])

  isError(t, await call(app, 'GET', '/docs/static/none.css'), 404, 'There is nothing at this path.')
  t.equal((await call(app, 'POST', '/docs')).statusCode, 405)
})

t.test('in Chromium', { skip: chromiumMissing }, async (t) => {
  const browser = await startChromium(t)

  t.test('one can log in, give the token and add a ship', async (t) => {
    const { page, assertQuiet } = await openReference(t, browser)

    const login = page.locator('#operations-fleet-logIn')
    await open(login)
    t.same(JSON.parse(await login.locator('textarea').inputValue()), {
      username: 'user',
      password: 'password',
    })
    const { access_token: token } = await execute(t, login, '200')
    await authorize(page, 'accessBearer', String(token))

    const createShip = page.locator('#operations-fleet-createShip')
    await open(createShip)
    t.match(await execute(t, createShip, '201'), { id: Number, model: 'T-65 X-Wing' })

    t.equal(await page.evaluate('localStorage.length'), 0, 'the token is not kept')
    assertQuiet()
  })

  t.test('one login by username and password opens every API', async (t) => {
    const { page, assertQuiet } = await openReference(t, browser)
    await logInThere(page, 'user', 'password')

    for (const name of [
      'fleet-createShip',
      'forum-verifyToken',
      'memes-listTemplates',
      'registry-listPackages',
      'plans-listDmps',
    ]) {
      const operation = page.locator(`#operations-${name}`)
      await open(operation)
      await execute(t, operation, name === 'fleet-createShip' ? '201' : '200')
    }
    assertQuiet()
  })

  t.test('one logout takes away all that the login gave', async (t) => {
    const { page, assertQuiet } = await openReference(t, browser, { apis: 'fleet,memes' })
    await logInThere(page, 'user', 'password')
    await page.locator('.auth-wrapper').getByRole('button', { name: 'Authorize' }).click()
    const given = page.getByRole('button', { name: 'Remove authorization' })
    t.equal(await given.count(), 3)
    await page
      .locator('.auth-container', { hasText: 'oauth2' })
      .getByRole('button', { name: 'Remove authorization' })
      .click()
    await given.first().waitFor({ state: 'detached' })
    t.equal(await given.count(), 0)
    assertQuiet()
  })

  t.test('one can upload a file, and download it', async (t) => {
    const { page, assertQuiet, app } = await openReference(t, browser, { apis: 'fleet,registry' })
    await authorize(page, 'accessBearer', (await logIn(app)).access)

    const upload = page.locator('#operations-registry-uploadPackage')
    await open(upload)
    const file = { name: 'file.txt', mimeType: 'text/plain', buffer: Buffer.from('"content"') }
    await upload.locator('tr[data-property-name="file"] input').setInputFiles(file)
    const json = upload.locator('tr[data-property-name="json"] input[type="text"]')
    await json.fill('{"tag":"1.0.0"}')
    t.same(await execute(t, upload, '200'), { package_id: 1, tag_id: 1 })

    const download = page.locator('#operations-registry-downloadFile')
    await open(download)
    await executeButton(download).click()
    const answer = download.locator('.live-responses-table tbody')
    t.equal(await answer.locator('.response-col_status').textContent(), '200')
    const saved = page.waitForEvent('download')
    await answer.getByRole('link', { name: 'Download file' }).click()
    t.equal((await saved).suggestedFilename(), 'file.txt')
    assertQuiet()

    // It is sent: what says another thing than the fields is refused.
    await json.fill('{"tag":"2.0.0"}')
    const answered = page.waitForResponse(/\/packages$/)
    await executeButton(upload).click()
    t.equal((await answered).status(), 400)
  })

  t.test('that of a workspace stays inside', async (t) => {
    const { page, assertQuiet, app, origin } = await openReference(
      t,
      browser,
      { apis: 'fleet' },
      '/~one/docs',
    )
    const shipsIn = async (base: string) => (await call(app, 'GET', `${base}/api/ships`)).json()
    const { length } = await shipsIn('')
    await logInThere(page, 'user', 'password')
    const createShip = page.locator('#operations-fleet-createShip')
    await open(createShip)
    const { id } = await execute(t, createShip, '201')
    t.match(
      await createShip.locator('.live-responses-table').textContent(),
      `location: ${origin}/~one/api/ships/${id}`,
    )
    t.match(
      await createShip.locator('.request-url').textContent(),
      `${origin}/~one/api/ships`,
      'as others would call it',
    )
    t.equal((await shipsIn('/~one')).length, length + 1)
    t.equal((await shipsIn('')).length, length)
    assertQuiet()
  })

  t.test('that of a workspace is where its own address leads, and of its shapes', async (t) => {
    const data = { posts: [{ id: 1, title: 'One' }] }
    const { page, assertQuiet, app, origin } = await openReference(
      t,
      browser,
      { data, apis: 'none' },
      '/~one',
    )
    t.equal(page.url(), `${origin}/~one/docs`)
    await call(app, 'POST', '/~one/posts', { payload: { title: 'Two', mood: 'calm' } })
    const loaded = page.waitForResponse(/\/docs\/json$/)
    await page.reload()
    const { components } = await (await loaded).json()
    t.ok('mood' in components.schemas.Post.properties)
    const createPost = page.locator('#operations-posts-createPost')
    await open(createPost)
    t.match(await execute(t, createPost, '201'), { id: 3, title: 'One' })
    t.equal((await call(app, 'GET', '/posts')).json().length, 1)
    assertQuiet()
  })

  t.test('the page follows the browser into the dark', async (t) => {
    const { page, assertQuiet } = await openReference(t, browser)
    const dark = page.locator('html.dark-mode')
    t.equal(await dark.count(), 0)
    await page.emulateMedia({ colorScheme: 'dark' })
    await dark.waitFor()
    assertQuiet()
  })
})

/** Sends an operation's request as the page has filled it in. Returns the body of the answer that the page shows. */
async function execute(
  t: Test,
  operation: Locator,
  status: string,
): Promise<Record<string, unknown>> {
  await executeButton(operation).click()
  const answer = operation.locator('.live-responses-table tbody')
  t.equal(await answer.locator('.response-col_status').textContent(), status)
  return JSON.parse(String(await answer.locator('code.language-json').textContent()))
}
