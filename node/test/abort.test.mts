/** A call whose signal is aborted ends at once, with the caller's own reason; its connection is closed by then. */
import assert from 'node:assert/strict'
import { getEventListeners, setMaxListeners } from 'node:events'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import vm from 'node:vm'
import { InvalidInputError, type Nomic, type Progress } from 'nomkit'
import { agent, GATE, hungUp, SOON, Wire } from './wire.mjs'
import { emulator, until } from './world.mjs'

const { emulator: shared } = await emulator({ waiting: 60_000 })
const folder = mkdtempSync(join(tmpdir(), 'nomkit-abort-'))
after(() => rmSync(folder, { recursive: true }))

/** How many requests each test's client had made when it was aborted. */
const made = new Map<string, number>()

/** Aborts a call when the server has met a fault, and checks what becomes of it. */
async function aborted(
  name: string,
  [operation, fault, options]: [string, string, object?],
  begin: (nomic: Nomic, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const nomic = shared.nomic({ userAgent: name })
  const controller = new AbortController()
  const id = await shared.fault(operation, fault, { ...options })
  const call = begin(nomic, controller.signal)
  await until(async () => {
    await stillPending(call)
    return (await shared.faultReport(id)).hits > 0
  })
  const before = await requests(name)
  const reason = new Error('I have changed my mind.')
  const at = performance.now()
  controller.abort(reason)
  await assert.rejects(call, (raised) => raised === reason)
  // What is endless is felt to its end when the client turns away: its connection is closed.
  if (fault === 'stall') await until(async () => (await shared.faultReport(id)).completed > 0)
  const took = performance.now() - at
  assert.ok(took < SOON, `${took} ms`)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  made.set(name, before)
  await shared.clearFaults()
}

async function stillPending(call: Promise<unknown>): Promise<void> {
  const over = await Promise.race([call.then(() => true), new Promise((settle) => setImmediate(settle, false))])
  assert.equal(over, false, 'The call is over before anybody aborted it.')
}

async function requests(name: string): Promise<number> {
  const { requests } = await shared.ledger()
  return requests.filter((request) => String(request['user_agent']).includes(name)).length
}

test('already aborted: no request is made', async () => {
  const nomic = shared.nomic({ userAgent: 'already' })
  const { agentId } = await shared.nomic().agents.launch({ prompt: 'Look' })
  const run = await shared.nomic().agents.attach(agentId)
  const ways = (signal: AbortSignal): (() => Promise<unknown>)[] => [
    () => nomic.agents.get(agentId, { signal }),
    () => nomic.agents.launch({ prompt: 'Look', signal }),
    () => nomic.ask('Look', { signal }),
    () => nomic.files.upload(new Uint8Array(3), { name: 'a.txt', signal }),
    () => nomic.agents.list({ signal }).next(),
    () => nomic.agents.list({ signal }).pages().next(),
    () => run.wait({ signal }),
    () => run.updates({ signal }).next(),
  ]
  for (const reason of [new Error('no'), null, 'a word', { reason: 1 }, 0]) {
    for (const way of ways(AbortSignal.abort(reason))) await assert.rejects(way, (raised) => raised === reason)
  }
  for (const way of ways(AbortSignal.abort())) await assert.rejects(way, { name: 'AbortError', code: 20 })
  made.set('already', 0)
})

const { agentId } = await shared.nomic().agents.launch({ prompt: 'Look' })
const look: [string, string] = ['GET /agents/{id}', 'stall']

test('in flight: a look', () => aborted('look', look, (nomic, signal) => nomic.agents.get(agentId, { signal })))
test('in flight: in the middle of an answer', () =>
  aborted('middle', ['GET /agents/{id}', 'stall', { bytes: 10 }], (nomic, signal) =>
    nomic.agents.get(agentId, { signal }),
  ))
test('in flight: a launch', () =>
  aborted('launch', ['POST /agents', 'stall'], (nomic, signal) => nomic.agents.launch({ prompt: 'Look', signal })))
test('in flight: a question', () =>
  aborted('ask', ['GET /agents/{id}', 'stall'], (nomic, signal) => nomic.ask('Look', { signal })))
test('in flight: a list', () =>
  aborted('list', ['GET /agents', 'stall'], async (nomic, signal) => {
    for await (const _ of nomic.agents.list({ signal }));
  }))
test('in flight: pages', () =>
  aborted('pages', ['GET /agents', 'stall'], async (nomic, signal) => {
    for await (const _ of nomic.agents.list({ signal }).pages());
  }))
test('in flight: updates', () =>
  aborted('updates', look, async (nomic, signal) => {
    // Unlike the launch that was aborted above, which may still turn up: it is looked for when it is made again.
    const run = await nomic.agents.launch({ prompt: 'Look for updates' })
    for await (const _ of run.updates({ signal }));
  }))
test('in flight: an upload that is not answered', () =>
  aborted('upload', ['POST /files/upload', 'stall'], (nomic, signal) =>
    nomic.files.upload(new Uint8Array(9), { name: 'a.txt', signal }),
  ))

const failing = { status: 503, times: 99 }
const limited = { status: 429, headers: { 'Retry-After': '60' }, times: 99 }

test('asleep: before a failed request is made again', () =>
  aborted(
    'backoff',
    ['GET /agents/{id}', 'status', { ...failing, headers: { 'Retry-After': '30' } }],
    (nomic, signal) => nomic.agents.get(agentId, { signal }),
  ))
test('asleep: as long as the server asked for', () =>
  aborted('limited', ['POST /agents', 'status', limited], (nomic, signal) =>
    nomic.agents.launch({ prompt: 'Look', signal }),
  ))

for (const [title, begin] of Object.entries<(nomic: Nomic, signal: AbortSignal) => Promise<unknown>>({
  wait: async (nomic, signal) => (await nomic.agents.launch({ prompt: 'Look' })).wait({ signal }),
  'wait with a listener': async (nomic, signal) =>
    (await nomic.agents.launch({ prompt: 'Look' })).wait({ signal, onProgress: () => {} }),
  ask: (nomic, signal) => nomic.ask('Look', { signal }),
  updates: async (nomic, signal) => {
    for await (const _ of (await nomic.agents.launch({ prompt: 'Look' })).updates({ signal }));
  },
})) {
  test(`asleep: between two looks of ${title}`, async () => {
    const wire = await Wire.open(() => agent)
    const controller = new AbortController()
    const call = begin(wire.nomic(), controller.signal)
    await wire.until(() => wire.requests.length >= 2)
    await stillPending(call)
    const at = performance.now()
    controller.abort('enough')
    await assert.rejects(call, (raised) => raised === 'enough')
    assert.ok(performance.now() - at < SOON)
    const made = wire.requests.length
    after(() => assert.equal(wire.requests.length, made))
  })
}

for (const [title, options] of Object.entries({
  'TLS that is not answered': (port: number) => ({ baseUrl: `https://127.0.0.1:${port}` }),
  'a proxy that does not answer': (port: number) => ({
    baseUrl: 'https://nomkit.invalid',
    proxy: `http://127.0.0.1:${port}`,
  }),
})) {
  test(`connecting: ${title}`, async () => {
    const wire = await Wire.open()
    const controller = new AbortController()
    const call = wire.nomic(options(wire.port)).agents.get('agent', { signal: controller.signal })
    await wire.until(() => wire.sockets.length === 1 && (wire.sockets[0]?.bytesRead ?? 0) > 0)
    await hungUp(wire, controller, call)
  })
}

test('sending: a file', async () => {
  const wire = await Wire.open(undefined, { deaf: true })
  const large = join(folder, 'large.bin')
  writeFileSync(large, '')
  truncateSync(large, 64 << 20)
  const controller = new AbortController()
  const call = wire.nomic().files.upload(large, { signal: controller.signal })
  await wire.until(() => wire.requests.length === 1)
  await hungUp(wire, controller, call)
})

test('what the user hangs on a signal stays, and nothing of ours does', async () => {
  const nomic = shared.nomic()
  const warnings: Error[] = []
  const warned = (warning: Error): number => warnings.push(warning)
  process.on('warning', warned)
  const controller = new AbortController()
  const { signal } = controller
  let told = 0
  const onabort = (): number => told++
  signal.onabort = onabort
  await Promise.all(Array.from({ length: 100 }, () => nomic.agents.get(agentId, { signal })))
  for (let made = 100; made < 5000; made += 100) {
    const calls = Array.from({ length: 100 }, () => nomic.agents.get(agentId, { signal }))
    assert.ok(getEventListeners(signal, 'abort').length <= 2)
    await Promise.all(calls)
  }
  assert.equal(getEventListeners(signal, 'abort').length, 1)
  assert.equal(signal.onabort, onabort)
  const calls = Array.from({ length: 100 }, () => nomic.agents.get(agentId, { signal }))
  controller.abort('enough')
  for (const call of await Promise.allSettled(calls)) assert.equal((call as PromiseRejectedResult).reason, 'enough')
  assert.equal(told, 1)
  await new Promise(setImmediate)
  process.off('warning', warned)
  assert.deepEqual(warnings, [])
})

test('a signal that limits its listeners to one', async () => {
  const controller = new AbortController()
  setMaxListeners(1, controller.signal)
  const warnings: Error[] = []
  const warned = (warning: Error): number => warnings.push(warning)
  process.on('warning', warned)
  const nomic = shared.nomic()
  await Promise.all(Array.from({ length: 20 }, () => nomic.agents.get(agentId, { signal: controller.signal })))
  const list = nomic.agents.list({ signal: controller.signal })
  await Promise.all([list.first(1), nomic.agents.get(agentId, { signal: controller.signal })])
  await new Promise(setImmediate)
  process.off('warning', warned)
  assert.deepEqual(warnings, [])
})

test('AbortSignal.timeout and AbortSignal.any', async () => {
  const wire = await Wire.open()
  const nomic = wire.nomic()
  await assert.rejects(nomic.agents.get('agent', { signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' })
  const controller = new AbortController()
  const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(60_000)])
  const call = nomic.agents.get('agent', { signal })
  await wire.until(() => wire.requests.length >= 1 && wire.sockets.length >= 1)
  await hungUp(wire, controller, call)
})

test('after the end, and between two steps', async () => {
  const nomic = shared.nomic()
  const controller = new AbortController()
  const { signal } = controller
  const found = await nomic.agents.get(agentId, { signal })
  const list = nomic.agents.list({ signal, pageSize: 1 })
  assert.equal((await list.next()).done, false)
  controller.abort('late')
  assert.equal(found.id, agentId)
  await assert.rejects(list.next(), (raised) => raised === 'late')
  assert.deepEqual(await list.next(), { done: true, value: undefined })
})

test('within onProgress', async () => {
  const controller = new AbortController()
  const seen: Progress[] = []
  const onProgress = (progress: Progress): void => {
    seen.push(progress)
    controller.abort('seen')
  }
  const run = await shared.nomic().agents.launch({ prompt: 'Look' })
  await assert.rejects(run.wait({ signal: controller.signal, onProgress }), (raised) => raised === 'seen')
  assert.equal(seen.length, 1)
})

test('signals of other realms, and of polyfills', async () => {
  const wire = await Wire.open()
  const polyfill = (): [AbortSignal, () => void] => {
    const target = new EventTarget()
    const signal = {
      aborted: false,
      addEventListener: target.addEventListener.bind(target),
      removeEventListener: target.removeEventListener.bind(target),
    }
    const abort = (): void => {
      signal.aborted = true
      target.dispatchEvent(new Event('abort'))
    }
    return [signal as unknown as AbortSignal, abort]
  }
  const foreign = (): [AbortSignal, () => void] => {
    const controller = vm.runInNewContext('new AbortController()', { AbortController }) as AbortController
    return [new Proxy(controller.signal, { get: (signal, name) => bound(signal, name) }), () => controller.abort()]
  }
  for (const make of [polyfill, foreign]) {
    const [signal, abort] = make()
    const calls = [wire.nomic().agents.get('agent', { signal }), wire.nomic().agents.list({ signal }).next()]
    abort()
    for (const call of calls) await assert.rejects(call, { name: 'AbortError' })
    await assert.rejects(wire.nomic().agents.get('agent', { signal }), { name: 'AbortError' })
  }
  const deaf = { aborted: false, addEventListener: () => {} }
  for (const signal of [{}, 'signal', 1, null, { aborted: false }, deaf]) {
    const call = wire.nomic().agents.get('agent', { signal: signal as AbortSignal })
    await assert.rejects(call, (raised) => raised instanceof InvalidInputError && raised.argument === 'signal')
  }
})

function bound(object: object, name: string | symbol): unknown {
  const value = Reflect.get(object, name) as unknown
  return typeof value === 'function' ? (value.bind(object) as unknown) : value
}

for (const [title, open, operation] of [
  ['a list', (nomic: Nomic) => nomic.agents.list(), 'GET /agents'],
  ['pages', (nomic: Nomic) => nomic.agents.list().pages(), 'GET /agents'],
  ['a search', (nomic: Nomic) => nomic.files.search('a'), 'GET /files/search'],
] as const) {
  test(`return() while a next() is pending: ${title}`, async () => {
    const id = await shared.fault(operation, 'stall')
    const iterator = open(shared.nomic()) as AsyncIterator<unknown>
    const next = [iterator.next(), iterator.next()]
    await until(async () => (await shared.faultReport(id)).hits > 0)
    const at = performance.now()
    assert.deepEqual(await iterator.return?.(), { done: true, value: undefined })
    assert.deepEqual(await Promise.all(next), [
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
    await until(async () => (await shared.faultReport(id)).completed > 0)
    assert.ok(performance.now() - at < SOON)
    assert.deepEqual(await iterator.next(), { done: true, value: undefined })
    await shared.clearFaults()
  })
}

test('a break while the next update is under way', async () => {
  const run = await shared.nomic().agents.launch({ prompt: 'Look' })
  const updates = run.updates()
  for await (const found of updates) {
    assert.equal(found.id, run.agentId)
    const id = await shared.fault('GET /agents/{id}', 'stall')
    void updates.next()
    await until(async () => (await shared.faultReport(id)).hits > 0)
    const at = performance.now()
    await updates.return()
    await until(async () => (await shared.faultReport(id)).completed > 0)
    assert.ok(performance.now() - at < SOON)
    break
  }
  await shared.clearFaults()
})

test('two hundred at random moments', async (t) => {
  const wire = await Wire.open((line) => (line.startsWith('GET') || line.includes('upload') ? undefined : agent))
  const secure = wire.nomic({ baseUrl: `https://127.0.0.1:${wire.port}` })
  const nomic = wire.nomic()
  const ways: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => secure.agents.get('agent', { signal }),
    (signal) => nomic.agents.get('agent', { signal }),
    (signal) => nomic.files.upload(new Uint8Array(1 << 20), { name: 'a', signal }),
    (signal) => nomic.ask('Look', { signal }),
    (signal) => nomic.agents.list({ signal }).first(1),
  ]
  const took: number[] = []
  // Three may meet a machine that stalls; a client that is late is late again.
  let stalls = 0
  while (took.length < 200) {
    const controller = new AbortController()
    const way = ways[took.length % ways.length] as (typeof ways)[number]
    const call = way(controller.signal).catch((raised: unknown) => raised)
    const moment = performance.now() + Math.random() * 10
    while (performance.now() < moment) await new Promise(setImmediate)
    const at = performance.now()
    controller.abort('enough')
    assert.equal(await call, 'enough')
    await wire.until(() => wire.ended.length === wire.sockets.length)
    const late = performance.now() - at
    if (late < GATE || stalls === 3) took.push(late)
    else stalls++
  }
  took.sort((a, b) => a - b)
  const at = (part: number): string => `${took[Math.floor(part * (took.length - 1))]?.toFixed(1)} ms`
  t.diagnostic(`closed after: p50 ${at(0.5)}, p99 ${at(0.99)}, at most ${at(1)}`)
  assert.ok((took.at(-1) ?? Infinity) < GATE)
})

test('none of them made a request afterwards', async () => {
  for (const [name, before] of made) assert.equal(await requests(name), before, name)
})
