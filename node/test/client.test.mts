import assert from 'node:assert/strict'
import test, { afterEach, beforeEach } from 'node:test'
import { inspect } from 'node:util'
import { AuthenticationError, ClosedError, ConfigError, Emulator, Nomic, NotFoundError, version } from 'nomkit'
import { emulator, failure, requests } from './world.mjs'

const { emulator: platform, nomic } = await emulator()
const NAMES = ['NOMIC_API_KEY', 'NOMIC_BASE_URL', 'NOMIC_DOMAIN'] as const
const before = NAMES.map((name) => [name, process.env[name]] as const)
const id = '019abc12-3456-7890-abcd-ef1234567890'

beforeEach(async () => {
  for (const name of NAMES) delete process.env[name]
  await platform.reset()
})
afterEach(() => {
  for (const [name, value] of before) value === undefined ? delete process.env[name] : (process.env[name] = value)
})

test('what is left out comes from the environment', async () => {
  Object.assign(process.env, { NOMIC_API_KEY: platform.apiKey, NOMIC_BASE_URL: platform.url })
  assert.deepEqual(await new Nomic().agents.list().first(1), [])
  assert.equal((await requests(platform, 'GET /agents')).length, 1)
})

test('a URL may be an object', async () => {
  const nomic = new Nomic({ baseUrl: new URL(platform.url), apiKey: platform.apiKey })
  assert.deepEqual(await nomic.workflows.list().first(0), [])
})

test('a URL of another realm is as good', () => {
  const { href } = new URL(platform.url)
  const foreign = { href, protocol: 'http:', [Symbol.toStringTag]: 'URL' } as unknown as URL
  assert.match(inspect(new Nomic({ baseUrl: foreign, apiKey: 'npk_x' })), new RegExp(platform.url))
  assert.equal(Emulator.connect(foreign, { apiKey: 'npk_x', token: 'x' }).url, platform.url)
})

test('what a client has stays the same, so that tests may replace a method', async (t) => {
  t.mock.method(nomic.agents, 'get', async () => 'mocked')
  assert.equal(await nomic.agents.get(id), 'mocked')
  for (const part of ['files', 'agents', 'workflows'] as const) assert.equal(nomic[part], nomic[part])
})

test('what is missing or cannot be right is told apart', async () => {
  const cases: [ConstructorParameters<typeof Nomic>[0], RegExp][] = [
    [undefined, /No instance.*`domain` or `baseUrl`/],
    [{ domain: 'acme' }, /No API key.*`apiKey`/],
    [{ baseUrl: 'http://acme.example', apiKey: 'npk_x' }, /in the clear/],
    [{ domain: 'acme', apiKey: 'nk-atlas' }, /Atlas/],
    [{ domain: 'acme', apiKey: '' }, /key is empty/],
    [{ domain: 'acme/x', apiKey: 'npk_x' }, /not an instance/],
    [{ domain: 'acme', baseUrl: 'https://acme.nomic.ai', apiKey: 'npk_x' }, /not both/],
    [{ domain: 'acme', apiKey: 'npk_x', proxy: 'nonsense' }, /proxy/],
  ]
  for (const [options, words] of cases) {
    const error = await failure(ConfigError, () => new Nomic(options))
    assert.match(error.message, words)
    assert.equal(error.code, 'config')
  }
})

test('a key that the environment binds to one host goes to no other', async () => {
  Object.assign(process.env, { NOMIC_API_KEY: 'npk_ambient', NOMIC_DOMAIN: 'acme' })
  const error = await failure(ConfigError, () => new Nomic({ baseUrl: platform.url }))
  assert.match(error.message, /belongs to https:\/\/acme\.nomic\.ai.*`apiKey`/)
  assert.deepEqual(await requests(platform), [])
})

test('the key is in nothing that is printed', async () => {
  const key = 'npk_emu_SECRETSECRETSECRET'
  const nomic = platform.nomic({ apiKey: key })
  const error = await failure(AuthenticationError, () => nomic.agents.get(id))
  const stacked = inspect({ nomic, agents: nomic.agents, platform }, { depth: 9, showHidden: true })
  for (const text of [
    inspect(nomic),
    String(nomic),
    JSON.stringify(nomic),
    inspect(error),
    JSON.stringify(error),
    stacked,
  ]) {
    assert.doesNotMatch(text, /SECRETSECRET/)
  }
  assert.match(inspect(nomic), /Nomic/)
})

test('a closed client refuses, and closing twice is nothing', async () => {
  const nomic = platform.nomic()
  const run = await nomic.agents.launch({ prompt: 'Look' })
  nomic.close()
  nomic.close()
  for (const call of [() => nomic.agents.get(run.agentId), () => run.refresh(), () => nomic.agents.list().next()]) {
    assert.equal((await failure(ClosedError, call)).code, 'closed')
  }
  assert.deepEqual(await requests(platform, 'GET /agents/{id}'), [])
})

test('a client ends with its scope', async () => {
  const nomic = platform.nomic()
  await nomic[Symbol.asyncDispose]()
  await failure(ClosedError, () => nomic.agents.get(id))
})

test('clients of one process do not know one another', async () => {
  const [one, other] = [platform.nomic(), platform.nomic()]
  one.close()
  await failure(NotFoundError, () => other.agents.get(id))
})

test('the user agent says who asks', async () => {
  await platform.nomic({ userAgent: 'notebook/2' }).agents.list().first(1)
  const [asked] = await requests(platform, 'GET /agents')
  const headers = JSON.stringify(asked)
  assert.ok(headers.includes(`nomkit/${version} notebook/2`), headers)
})
