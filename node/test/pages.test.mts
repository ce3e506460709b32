import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import test, { before } from 'node:test'
import { InvalidInputError, Nomic, ProtocolError, ServerError, type Agent } from 'nomkit'
import { emulator, failure, requests, server, thrown } from './world.mjs'

const { emulator: platform, nomic } = await emulator()
const ids: string[] = []

before(async () => {
  for (let at = 0; at < 5; at++) ids.unshift((await nomic.agents.launch({ prompt: 'Look' })).agentId)
})

const lists = async (): Promise<number> => (await requests(platform, 'GET /agents')).length
const collected = async (items: AsyncIterable<Agent>): Promise<string[]> => {
  const found = []
  for await (const { id } of items) found.push(id)
  return found
}

test('a list is read page by page, and can be walked once', async () => {
  const before = await lists()
  const list = nomic.agents.list({ pageSize: 2 })
  assert.equal(await lists(), before)
  assert.deepEqual(await collected(list), ids)
  assert.equal(await lists(), before + 3)
  assert.deepEqual(await collected(list), [])
  assert.equal(await lists(), before + 3)
})

test('first reads no page that is not needed, and goes on where it was', async () => {
  const before = await lists()
  const list = nomic.agents.list({ pageSize: 2 })
  assert.deepEqual(await list.first(0), [])
  assert.equal(await lists(), before)
  assert.deepEqual(
    (await list.first(1)).map(({ id }) => id),
    ids.slice(0, 1),
  )
  assert.equal(await lists(), before + 1)
  assert.deepEqual(
    (await list.first(99)).map(({ id }) => id),
    ids.slice(1),
  )
  for (const odd of [-1, 1.5, NaN, Infinity, '1' as never, null as never, 1n as never]) {
    assert.equal((await failure(InvalidInputError, () => list.first(odd))).argument, 'count')
  }
})

test('pages begin with what is left of one that was begun', async () => {
  const list = nomic.agents.list({ pageSize: 2 })
  await list.next()
  const sizes = []
  for await (const { items, totalCount } of list.pages()) sizes.push([items.length, totalCount])
  assert.deepEqual(sizes, [
    [1, null],
    [2, null],
    [1, null],
  ])
})

test('leaving a loop ends the list', async () => {
  for (const walk of [
    (list: AsyncIterable<Agent>) => list,
    (list: ReturnType<typeof nomic.agents.list>) => list.pages(),
  ]) {
    const list = nomic.agents.list({ pageSize: 2 })
    for await (const _ of walk(list)) break
    const before = await lists()
    assert.deepEqual(await list.next(), { done: true, value: undefined })
    assert.equal(await lists(), before)
  }
})

test('calls of next that overlap come in order', async () => {
  const list = nomic.agents.list({ pageSize: 2 })
  const all = await Promise.all(Array.from({ length: 7 }, () => list.next()))
  assert.deepEqual(
    all.map(({ value }) => value?.id),
    [...ids, undefined, undefined],
  )
})

test('an error comes once, after the items before it, and then the end', async () => {
  const list = platform.nomic({ retries: 0 }).agents.list({ pageSize: 2 })
  await platform.fault('GET /agents', 'status', { status: 500, skip: 1 })
  const seen: string[] = []
  await failure(ServerError, async () => {
    for await (const { id } of list) seen.push(id)
  })
  assert.deepEqual(seen, ids.slice(0, 2))
  assert.deepEqual(await list.next(), { done: true, value: undefined })
})

for (const way of ['items', 'pages'] as const) {
  test(`ending a walk by ${way} aborts the request in flight`, async () => {
    let held: ServerResponse | undefined
    const url = await server((_, response) => (held = response))
    const list = new Nomic({ baseUrl: url, apiKey: 'npk_test', pace: false }).agents.list()
    const walk = way === 'items' ? list : list.pages()
    const next = walk.next()
    while (!held) await new Promise(setImmediate)
    const gone = once(held, 'close')
    await walk.return?.()
    assert.deepEqual(await next, { done: true, value: undefined })
    await gone
  })
}

test('an aborted signal ends a walk, though items are ready', async () => {
  const controller = new AbortController()
  const list = nomic.agents.list({ signal: controller.signal })
  await list.next()
  controller.abort('enough')
  assert.equal(await thrown(() => list.next()), 'enough')
  assert.deepEqual(await list.next(), { done: true, value: undefined })
})

test('a count that JavaScript would round is refused', async () => {
  const url = await server((_, response) => {
    response.setHeader('Content-Type', 'application/json')
    response.end('{"data":[],"nextCursor":null,"totalCount":9007199254740993}')
  })
  const error = await failure(ProtocolError, () =>
    new Nomic({ baseUrl: url, apiKey: 'npk_test', pace: false }).agents.list().next(),
  )
  assert.equal(error.reason, 'number')
  assert.match(error.message, /2\^53/)
})
