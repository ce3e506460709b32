/** What a client does, told to its hook; and what a run tells of itself. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import test, { beforeEach } from 'node:test'
import { ClosedError, InvalidInputError, Nomic, type Event } from 'nomkit'
import { run as program } from './program.mjs'
import { emulator, failure, until } from './world.mjs'

const { emulator: platform } = await emulator()
beforeEach(async () => {
  await platform.reset()
  await platform.timing({ waiting: 10, running: 50, stopping: 10 })
})

const prompt = 'Look at the Kingsway vault'
const said = (events: readonly Event[]): string[] => events.map(({ operation, text }) => `${operation}: ${text}`)

test('all that a call did is told before the call is over', async () => {
  const events: Event[] = []
  const nomic = platform.nomic({ onEvent: (event) => events.push(event) })
  const run = await nomic.agents.launch({ prompt })
  assert.deepEqual(said(events), ['agents.launch: answered 201'])
  const result = await run.wait()
  const told = said(events)
  assert.ok(told.includes('agents.get: the agent is finished'), told.join('\n'))
  assert.ok(told.includes('agents.conversation: turn 1 is over: finished'))
  for (const { at, level, seconds, agentId } of events.slice(1)) {
    assert.ok(at instanceof Date && Math.abs(Date.now() - at.getTime()) < 60_000)
    assert.ok(['debug', 'info', 'warning'].includes(level) && agentId === run.agentId)
    assert.ok(seconds === null || seconds >= 0)
  }
  assert.deepEqual([events[0]?.status, events[0]?.attempt, events[0]?.kind], [201, 1, 'answered'])
  const all = JSON.stringify(events)
  for (const secret of ['Kingsway', platform.apiKey, result.text.slice(0, 60)]) assert.ok(!all.includes(secret))
})

test('a failure that was borne is a warning', async () => {
  const events: Event[] = []
  const nomic = platform.nomic({ onEvent: (event) => events.push(event) })
  await platform.fault('GET /agents', 'status', { status: 502 })
  assert.deepEqual(await nomic.agents.list().first(1), [])
  assert.deepEqual(
    events.map(({ kind, level }) => [kind, level]),
    [
      ['failed', 'warning'],
      ['retrying', 'info'],
      ['answered', 'debug'],
    ],
  )
})

test('each hears what its own client does, in the context where that was made', async () => {
  const storage = new AsyncLocalStorage<string>()
  const heard: string[] = []
  const made = ['one', 'two'].map((name) =>
    storage.run(name, () => platform.nomic({ onEvent: () => heard.push(`${name} ${storage.getStore()}`) })),
  )
  for (const nomic of made) await storage.run('caller', () => nomic.agents.list().first(1))
  assert.deepEqual(heard, ['one one', 'two two'])
})

test('what it throws breaks no call, and is told once', async () => {
  const warnings: Error[] = []
  const warned = (warning: Error): number => warnings.push(warning)
  process.on('warning', warned)
  const ways: (() => unknown)[] = [
    () => {
      throw new Error('It is mine.')
    },
    () => Promise.reject(new Error('It is mine.')),
    () => {
      throw null
    },
  ]
  for (const [at, onEvent] of ways.entries()) {
    let heard = 0
    const nomic = platform.nomic({ onEvent: () => (heard++, onEvent()) })
    const run = await nomic.agents.launch({ prompt })
    assert.ok((await run.wait()).text && (await nomic.waitAll([run]))[0]?.ok)
    await until(() => warnings.length > at)
    assert.ok(heard > 3)
  }
  process.off('warning', warned)
  assert.deepEqual(
    warnings.map(({ name }) => name),
    ['NomkitWarning', 'NomkitWarning', 'NomkitWarning'],
  )
  assert.match((warnings[0] as Error & { detail: string }).detail, /It is mine/)
})

test('it may call the client, and close it', async () => {
  let inner: Promise<unknown> | undefined
  const nomic: Nomic = platform.nomic({ onEvent: () => (inner ??= nomic.agents.list().first(1)) })
  await nomic.agents.list().first(1)
  assert.deepEqual(await inner, [])
  let heard = 0
  const closing: Nomic = platform.nomic({ onEvent: () => (heard++, closing.close()) })
  await closing.agents.list().first(1)
  await failure(ClosedError, () => closing.agents.list().first(1))
  assert.equal(heard, 1)
})

test('a closed client tells nothing more', async () => {
  let heard = 0
  const nomic = platform.nomic({ onEvent: () => heard++ })
  await nomic.agents.list().first(1)
  nomic.close()
  const before = heard
  await failure(ClosedError, () => nomic.agents.list().first(1))
  await platform.nomic().agents.list().first(1)
  assert.deepEqual([before, heard], [1, 1])
})

test('what is no function is refused', async () => {
  for (const onEvent of [null, 5, 'log', {}, []]) {
    const error = await failure(
      InvalidInputError,
      () => new Nomic({ domain: 'acme', apiKey: 'npk_x', onEvent } as never),
    )
    assert.equal(error.argument, 'onEvent')
  }
})

test('it keeps no process alive', async () => {
  const ended = await program('hook', [platform.url, platform.apiKey])
  assert.deepEqual(ended, { code: 0, signal: null, out: 'agents.list: answered 200\nover\n', errors: '' })
})

test('a worker that ends while its client tells takes nothing with it', async () => {
  const ended = await program('hook', [platform.url, platform.apiKey, 'workers'])
  assert.deepEqual(ended, { code: 0, signal: null, out: 'over\n', errors: '' })
})

test('a run explains itself', async () => {
  const nomic = platform.nomic()
  const run = await nomic.agents.launch({ prompt })
  await platform.fault('GET /agents/{id}', 'status', { status: 502 })
  const result = await run.wait()
  const told = run.explain()
  assert.ok(told.startsWith(`Agent ${run.agentId}, turn 1: finished`))
  for (const what of ['agents.launch', 'answered 201', '502', 'turn 1 is over: finished'])
    assert.ok(told.includes(what))
  for (const secret of ['Kingsway', platform.apiKey, result.text]) assert.ok(!told.includes(secret))
  assert.equal(run.recovered, false)
  assert.ok(!(await nomic.agents.attach(run.token)).explain().includes('answered 201'))
})
