import { execFileSync, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { parse } from 'yaml'
import { Settings, variableOf } from '../../config.js'
import { ROOT } from '../fixtures/process.js'

const DEPLOY = `${ROOT}/deploy`
const text = await readFile(`${DEPLOY}/compose.yaml`, 'utf8')
const { services } = parse(text, { merge: true })
const processes = Object.keys(services).filter((name) => name.startsWith('slipway'))

t.test('three processes, one database and a proxy, each with a health check', async (t) => {
  t.same(processes, ['slipway-1', 'slipway-2', 'slipway-3'])
  t.same(Object.keys(services), [...processes, 'proxy', 'postgres'])
  for (const [name, service] of Object.entries(services)) {
    t.ok(Object(service).healthcheck?.test, name)
  }
})

t.test('what is set is a setting, and a secret comes from the environment', async (t) => {
  const settings = Object.keys(Settings.properties).map(variableOf)
  for (const name of processes) {
    for (const [variable, value] of Object.entries(services[name].environment)) {
      t.ok(settings.includes(variable), variable)
      if (/SECRET|TOKEN|URL/.test(variable)) t.match(value, /\$\{[A-Z_]+:[?-]/)
    }
  }
  t.match(services.postgres.environment.POSTGRES_PASSWORD, /^\$\{POSTGRES_PASSWORD:\?/)
  const example = await readFile(`${DEPLOY}/.env.example`, 'utf8')
  for (const [, variable] of text.matchAll(/\$\{([A-Z_]+):/g)) {
    t.match(example, new RegExp(`^#?${variable}=`, 'm'))
  }
})

t.test('the proxy knows every process', async (t) => {
  const proxy = await readFile(`${DEPLOY}/Caddyfile`, 'utf8')
  for (const name of processes) t.match(proxy, `${name}:3000`)
})

/** Whichever of the two this machine has: the plugin of `docker`, or the program of its own. */
const compose = [['docker', 'compose'], ['docker-compose']].find(
  ([program = '', ...args]) => spawnSync(program, [...args, 'version']).status === 0,
)

t.test('Compose takes it', { skip: !compose && 'there is no Docker Compose' }, async (t) => {
  const [program = '', ...args] = compose ?? []
  const config = (env: Record<string, string>) =>
    execFileSync(program, [...args, '-f', `${DEPLOY}/compose.yaml`, 'config'], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
      stdio: 'pipe',
    })
  const { services } = parse(config({ POSTGRES_PASSWORD: 'abc' }))
  t.equal(
    services['slipway-3'].environment.DATABASE_URL,
    'postgres://slipway:abc@postgres:5432/slipway',
  )
  t.throws(() => config({ POSTGRES_PASSWORD: '' }), /put it into deploy\/\.env/)
})
