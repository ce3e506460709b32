import assert from 'node:assert/strict'
import test, { before } from 'node:test'
import { Emulator, InvalidInputError, Nomic, Source, type AgentRun } from 'nomkit'
import { emulator, failure, requests } from './world.mjs'

const { emulator: platform, nomic } = await emulator()
const SECRET = 'npk_SECRET\u001b[31m'
// Whatever is wrong here would not compile either.
/* oxlint-disable typescript/no-explicit-any */
const odd = nomic as any
const Odd = Nomic as any
let run: any

before(async () => {
  run = (await nomic.agents.launch({ prompt: 'Look' })) satisfies AgentRun
  await platform.reset()
})

const holdsItself: unknown[] = []
holdsItself.push(holdsItself)

/** What cannot be an option of any kind. */
const NOTHINGS = [
  null,
  NaN,
  Infinity,
  -Infinity,
  10n,
  () => SECRET,
  Symbol(SECRET),
  { [SECRET]: SECRET },
  new Date(),
  new Map(),
]

/** Each option with a call that takes it. */
const OPTIONS: Record<string, (value: unknown) => unknown> = {
  domain: (domain) => new Odd({ domain, apiKey: 'npk_x' }),
  baseUrl: (baseUrl) => new Odd({ baseUrl, apiKey: 'npk_x' }),
  apiKey: (apiKey) => new Odd({ apiKey, domain: 'acme' }),
  retries: (retries) => new Odd({ retries, domain: 'acme', apiKey: 'npk_x' }),
  proxy: (proxy) => new Odd({ proxy, domain: 'acme', apiKey: 'npk_x' }),
  caCerts: (caCerts) => new Odd({ caCerts, domain: 'acme', apiKey: 'npk_x' }),
  userAgent: (userAgent) => new Odd({ userAgent, domain: 'acme', apiKey: 'npk_x' }),
  pace: (pace) => new Odd({ pace, domain: 'acme', apiKey: 'npk_x' }),
  prompt: (prompt) => odd.agents.launch({ prompt }),
  fileIds: (fileIds) => odd.agents.launch({ prompt: 'Look', fileIds }),
  workflowId: (workflowId) => odd.agents.launch({ prompt: 'Look', workflowId }),
  projectId: (projectId) => odd.agents.launch({ prompt: 'Look', projectId }),
  status: (status) => odd.agents.list({ status }),
  pageSize: (pageSize) => odd.agents.list({ pageSize }),
  withoutWorkflow: (withoutWorkflow) => odd.agents.list({ withoutWorkflow }),
  path: (path) => odd.files.upload(Buffer.from('text'), { path }),
  parentId: (parentId) => odd.files.upload(Buffer.from('text'), { name: 'a.txt', parentId }),
  name: (name) => odd.files.upload(Buffer.from('text'), { name }),
  pattern: (pattern) => odd.files.uploadFolder('.', { pattern }),
  integrationId: (integrationId) => odd.files.search('a', { integrationId }),
  query: (query) => odd.files.search(query),
  signal: (signal) => odd.agents.get('a', { signal }),
  onProgress: (onProgress) => (onProgress instanceof Function ? refuse('onProgress') : run.wait({ onProgress })),
  wait: (wait) => run.stop({ wait }),
  timeout: (timeout) => odd.agents.launch({ prompt: 'Look', timeout }),
  id: (id) => odd.agents.get(id),
  agentId: (agentId) => odd.agents.artifact(agentId, 'a'),
  artifactId: (artifactId) => odd.agents.artifact('a', artifactId),
  target: (target) => odd.agents.attach(target),
  images: (images) => odd.agents.launch({ prompt: 'Look', images }),
  files: (files) => odd.agents.launch({ prompt: 'Look', files }),
  inputs: (inputs) => odd.agents.launch({ workflowId: 'a', inputs }),
  folder: (folder) => odd.files.uploadFolder(folder),
}

function refuse(argument: string): never {
  throw new InvalidInputError('a function is what it should be', { argument })
}

for (const [argument, call] of Object.entries(OPTIONS)) {
  test(`${argument} of a type that it cannot have is refused by its name, and not quoted`, async () => {
    for (const value of NOTHINGS) {
      const error = await failure(InvalidInputError, () => call(value))
      assert.equal(error.argument, argument, String(error))
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /SECRET/)
    }
  })
}

test('what has another type than it should have is refused with what it should be', async () => {
  const cases: [() => unknown, string, RegExp][] = [
    [() => odd.agents.list({ pageSize: '10' }), 'pageSize', /`pageSize` should be a whole number/],
    [() => odd.agents.list({ pageSize: 1.5 }), 'pageSize', /whole number/],
    [() => odd.agents.list({ pageSize: -1 }), 'pageSize', /whole number/],
    [() => odd.agents.list({ pageSize: 101 }), 'pageSize', /`pageSize` is 1 to 100/],
    [() => odd.agents.list({ withoutWorkflow: 'yes' }), 'withoutWorkflow', /true or false/],
    [() => odd.agents.launch({ prompt: 'Look', fileIds: 'abc' }), 'fileIds', /a list of text/],
    [() => odd.agents.launch({ prompt: 'Look', fileIds: [5] }), 'fileIds', /a list of text; it holds a number/],
    [() => odd.agents.launch({ prompt: 'Look', fileIds: holdsItself }), 'fileIds', /holds an Array/],
    [() => odd.agents.launch({ prompt: 'Look', fileIds: new Set(['a']) }), 'fileIds', /a Set/],
    [() => odd.agents.launch({ prompt: 5 }), 'prompt', /should be text/],
    [() => odd.agents.launch({ prompt: ' ' }), 'prompt', /is empty/],
    [() => odd.agents.launch({ prompt: 'Look\ud800' }), 'prompt', /surrogate/],
    [() => odd.agents.launch({ prompt: 'Look', fileIds: ['\ud800'] }), 'fileIds', /surrogate/],
    [() => odd.agents.get('\ud800'), 'id', /surrogate/],
    [() => odd.agents.get('../users'), 'id', /not an id/],
    [() => odd.agents.artifact('a', '..'), 'artifactId', /`artifactId` is not an id/],
    [
      () => odd.agents.launch({ prompt: SECRET, timeout: SECRET }),
      'timeout',
      /milliseconds, a number; what is given is a string/,
    ],
    [() => odd.agents.launch({ prompt: 'Look', timeout: 0 }), 'timeout', /longer than 0/],
    [() => odd.agents.launch({ prompt: 'Look', timeout: -5 }), 'timeout', /longer than 0/],
    [() => odd.agents.launch({ prompt: 'Look', timeout: 1e15 }), 'timeout', /a year at most/],
    [() => new Odd({ domain: 'acme', apiKey: SECRET, timeout: SECRET }), 'timeout', /milliseconds/],
    [() => new Odd({ domain: 'acme', apiKey: 5 }), 'apiKey', /`apiKey` should be text/],
    [() => new Odd({ domain: 'acme', apiKey: [SECRET] }), 'apiKey', /should be text/],
    [() => odd.files.upload(Buffer.from('text')), 'name', /Give `name` or `path`/],
    [
      () => odd.files.upload(Buffer.from('text'), { parentId: '../a', name: 'a' }),
      'parentId',
      /`parentId` is not an id/,
    ],
    [() => run.wait({ timeout: Infinity }), 'timeout', /write null/],
    [() => run.wait({ timeout: NaN }), 'timeout', /no finite number/],
    [() => run.updates({ timeout: -Infinity }), 'timeout', /no finite number/],
    [() => odd.ask('Look', { timeout: -1 }), 'timeout', /longer than 0/],
  ]
  for (const [call, argument, words] of cases) {
    const error = await failure(InvalidInputError, call)
    assert.match(error.message, words)
    assert.equal(error.argument, argument)
    assert.doesNotMatch(String(error.stack), /SECRET/)
  }
})

test('an option that there is not is named', async () => {
  const calls: ((options: object) => unknown)[] = [
    (options) => new Odd({ domain: 'acme', apiKey: 'npk_x', ...options }),
    (options) => odd.ask('Look', options),
    (options) => odd.agents.launch({ prompt: 'Look', ...options }),
    (options) => odd.agents.get('a', options),
    (options) => odd.agents.list(options),
    (options) => odd.agents.conversation('a', options),
    (options) => odd.agents.artifact('a', 'b', options),
    (options) => odd.agents.stop('a', options),
    (options) => odd.agents.delete('a', options),
    (options) => odd.agents.attach('a', options),
    (options) => odd.files.upload(Buffer.from('text'), { name: 'a.txt', ...options }),
    (options) => odd.files.uploadFolder('.', options),
    (options) => odd.files.search('a', options),
    (options) => odd.workflows.list(options),
    (options) => run.refresh(options),
    (options) => run.wait(options),
    (options) => run.updates(options),
    (options) => run.conversation(options),
    (options) => run.artifact('a', options),
    (options) => run.followUp('More', options),
    (options) => odd.agents.resume('a', { prompt: 'Look', ...options }),
    (options) => odd.waitAll([run], options),
    (options) => odd.asCompleted([run], options),
    (options) => run.stop(options),
    (options) => Emulator.start(options as never),
    (options) => Emulator.connect('http://127.0.0.1:1', options as never),
    (options) => platform.nomic(options),
    (options) => platform.clock(options as never),
    (options) => platform.timing(options as never),
    (options) => platform.workflow('a', options),
  ]
  for (const call of calls) {
    for (const name of ['timeuot', 'page_size', 'toString', 'endless', 'query']) {
      const error = await failure(InvalidInputError, () => call({ [name]: SECRET }))
      assert.equal(error.argument, name, String(call))
      assert.match(error.message, /there is no such option/)
      assert.doesNotMatch(String(error.stack), /SECRET/)
    }
  }
})

test('a prompt is given once', async () => {
  assert.equal((await failure(InvalidInputError, () => odd.ask('Look', { prompt: 'Look' }))).argument, 'prompt')
})

test('what stands where options should is said', async () => {
  const calls: (() => unknown)[] = [
    () => odd.agents.launch('Look'),
    () => odd.agents.launch(null),
    () => odd.agents.launch(['Look']),
    () => odd.agents.list('running'),
    () => odd.agents.get('a', new AbortController().signal),
    () => odd.ask('Look', [SECRET]),
    () => odd.files.upload('a.pdf', 'b.pdf'),
    () => odd.files.search('a', 5),
    () => odd.workflows.list(null),
    () => run.wait(600),
    () => run.wait(null),
    () => run.updates(() => {}),
    () => run.followUp('More', true),
    () => run.refresh(new AbortController().signal),
    () => new Odd(SECRET),
    () => new Odd(null),
  ]
  for (const call of calls) {
    const error = await failure(InvalidInputError, call)
    assert.equal(error.argument, 'options', String(call))
    assert.match(error.message, /by name, in an object/)
    assert.doesNotMatch(String(error.stack), /SECRET/)
  }
})

test('what is missing is said too', async () => {
  assert.equal((await failure(InvalidInputError, () => odd.agents.launch())).argument, 'prompt')
  assert.match((await failure(InvalidInputError, () => odd.agents.launch({}))).message, /`prompt`.*`workflowId`/)
  assert.equal((await failure(InvalidInputError, () => odd.ask())).argument, 'prompt')
  assert.equal((await failure(InvalidInputError, () => odd.agents.get())).argument, 'id')
  assert.equal((await failure(InvalidInputError, () => odd.files.search())).argument, 'query')
  for (const source of [undefined, null, 5, { path: 'a.pdf' }, SECRET.length]) {
    assert.equal((await failure(InvalidInputError, () => odd.files.upload(source))).argument, 'source')
  }
  for (const text of ['a.pdf', ['a.pdf'], [Source.path('a.pdf').toString()]]) {
    const error = await failure(InvalidInputError, () => odd.agents.launch({ prompt: 'Look', files: text }))
    assert.equal(error.argument, 'files')
  }
})

test('what is undefined counts as left out', async () => {
  assert.deepEqual(await nomic.agents.list({ status: undefined, pageSize: undefined, signal: undefined }).first(0), [])
  new Nomic({ domain: 'acme', apiKey: 'npk_x', timeout: undefined, proxy: undefined })
})

test('none of this cost a request', async () => {
  assert.deepEqual(await requests(platform), [])
})
