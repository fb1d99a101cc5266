import type { Browser, Locator, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { API_NAMES, type Options } from '../../../config.js'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { chromiumMissing, startChromium } from '../../fixtures/chromium.js'

/** What one clicks to open an operation. */
const SUMMARY = '.opblock-summary-control'

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

  for (const name of API_NAMES) {
    t.test(`every operation of ${name} opens`, async (t) => {
      const { page, assertQuiet } = await openReference(t, browser, { apis: name })
      const operations = await page.locator('.opblock').all()
      // Events instead of clicks: the page then draws them all at once, which takes half the time.
      await Promise.all(operations.map((each) => each.locator(SUMMARY).dispatchEvent('click')))
      for (const operation of operations) await executeButton(operation).waitFor()
      assertQuiet()
    })
  }

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
    await page.locator('.auth-wrapper').getByRole('button', { name: 'Authorize' }).click()
    const form = page.locator('.auth-container', { hasText: 'oauth2' })
    await form.locator('#oauth_username').fill('user')
    await form.locator('#oauth_password').fill('password')
    await form.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click()
    await form.getByRole('button', { name: 'Remove authorization' }).waitFor()
    await page.locator('.close-modal').click()

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

  t.test('one can upload a file, and download it', async (t) => {
    const { page, assertQuiet, app } = await openReference(t, browser, { apis: 'fleet,registry' })
    await authorize(page, 'accessBearer', (await logIn(app)).access)

    const upload = page.locator('#operations-registry-uploadPackage')
    await open(upload)
    const file = { name: 'file.txt', mimeType: 'text/plain', buffer: Buffer.from('"content"') }
    await upload.locator('tr[data-property-name="file"] input').setInputFiles(file)
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

/** Opens the reference in a new tab. `assertQuiet` checks that nothing went wrong there, and that it asked no other host. */
async function openReference(t: Test, browser: Browser, options: Options = {}) {
  const app = await startApp(t, options)
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const page = await browser.newPage({ colorScheme: 'light' })
  t.teardown(() => page.close())

  const origins = new Set<string>()
  const faults: string[] = []
  page.on('request', (request) => origins.add(new URL(request.url()).origin))
  page.on('requestfailed', (request) => faults.push(`${request.url()} failed`))
  page.on('pageerror', (error) => faults.push(error.message))
  // What the policy refuses is told here too.
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text())
  })
  const assertQuiet = () => {
    t.same([...origins], [origin], 'asks no other host')
    t.same(faults, [], 'no faults')
  }

  await page.goto(`${origin}/docs`)
  await page.locator('.opblock').first().waitFor()
  return { page, assertQuiet, app }
}

async function open(operation: Locator): Promise<void> {
  await operation.locator(SUMMARY).click()
  await executeButton(operation).waitFor()
}

function executeButton(operation: Locator): Locator {
  return operation.getByRole('button', { name: 'Execute' })
}

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

async function authorize(page: Page, scheme: string, token: string): Promise<void> {
  await page.locator('.auth-wrapper').getByRole('button', { name: 'Authorize' }).click()
  const form = page.locator('.auth-container', { hasText: scheme })
  await form.getByRole('textbox').fill(token)
  await form.getByRole('button', { name: 'Apply credentials' }).click()
  await form.getByRole('button', { name: 'Remove authorization' }).waitFor()
  await page.locator('.close-modal').click()
}
