import assert from 'node:assert/strict'
import test, { beforeEach } from 'node:test'
import {
  Artifact,
  ConfigError,
  ConflictError,
  InvalidInputError,
  Nomic,
  NotFoundError,
  PermissionDeniedError,
  Source,
} from 'nomkit'
import { emulator, failure, report, requests, server } from './world.mjs'

const { emulator: platform, nomic } = await emulator()
const nobody = '019abc12-3456-7890-abcd-ef1234567890'
beforeEach(() => platform.reset())

test('a launch sends what it was given, once, and does not wait', async () => {
  const file = await nomic.files.upload(report)
  const run = await nomic.agents.launch({
    prompt: 'Look',
    files: [file, Source.bytes(Buffer.from('text'), { name: 'a.txt' })],
  })
  assert.deepEqual([run.turn, run.agentId, run.url], [1, run.agent.id, `${platform.url}/assistant/${run.agentId}`])
  assert.deepEqual(run.agent.files.map(({ name }) => name).sort(), ['a.txt', 'inspection-report.pdf'])
  assert.equal((await requests(platform, 'POST /agents')).length, 1)
  assert.equal((await requests(platform, 'POST /files/upload')).length, 2)
  assert.equal((await requests(platform, 'GET /agents/{id}')).length, 0)
})

test('an agent is read with its dates and arrays', async () => {
  const run = await nomic.agents.launch({ prompt: 'Look' })
  await run.wait()
  const agent = await nomic.agents.get(run.agentId)
  assert.equal(agent.status, 'finished')
  assert.ok(agent.createdAt instanceof Date && agent.updatedAt instanceof Date)
  assert.deepEqual([agent.workflowId, agent.extra], [null, {}])
})

test('a list filters, and options that exclude each other cost no request', async () => {
  const run = await nomic.agents.launch({ prompt: 'Look' })
  await run.wait()
  await platform.timing({ waiting: 0, running: 60_000 })
  const other = await nomic.agents.launch({ prompt: 'Look' })
  await other.refresh()
  await platform.timing({ waiting: 10, running: 50 })
  const ids = async (list: AsyncIterable<{ readonly id: string }>): Promise<string[]> => {
    const found = []
    for await (const { id } of list) found.push(id)
    return found
  }
  assert.deepEqual(await ids(nomic.agents.list({ status: 'finished' })), [run.agentId])
  assert.deepEqual(await ids(nomic.agents.list({ status: 'running' })), [other.agentId])
  assert.deepEqual(await ids(nomic.agents.list({ withoutWorkflow: true, pageSize: 1 })), [other.agentId, run.agentId])
  await platform.reset()
  const error = await failure(InvalidInputError, () => nomic.agents.list({ workflowId: 'a', withoutWorkflow: true }))
  assert.match(error.message, /`workflowId` or `withoutWorkflow`/)
  assert.equal(error.argument, 'withoutWorkflow')
  assert.deepEqual(await requests(platform), [])
})

test('the conversation has every row', async () => {
  const run = await nomic.agents.launch({ prompt: 'Look' })
  await run.wait()
  const rows = await nomic.agents.conversation(run.agentId)
  assert.deepEqual([rows[0]?.role, rows[0]?.text, rows.at(-1)?.role], ['user', 'Look', 'assistant'])
  assert.ok(rows[0]?.createdAt instanceof Date)
})

test('an artifact is read with its content and its class', async () => {
  const result = await nomic.ask('What is wrong with the fire doors?', { files: [Source.path(report)] })
  const [document, table] = result.artifacts
  const again = await nomic.agents.artifact(result.agent.id, String(document?.id))
  assert.ok(again instanceof Artifact)
  assert.deepEqual(again, document)
  assert.equal(table?.kind, 'table')
  assert.ok(table.columns.length > 0 && table.rows.length > 0)
})

test('stop and delete end an agent', async () => {
  await platform.timing({ waiting: 0, running: 60_000, stopping: 0 })
  const run = await nomic.agents.launch({ prompt: 'Look' })
  const error = await failure(ConflictError, () => nomic.agents.delete(run.agentId))
  assert.equal(error.status, 409)
  await nomic.agents.stop(run.agentId)
  assert.equal((await run.stop({ wait: true })).status, 'stopped')
  assert.equal(await nomic.agents.delete(run.agentId), undefined)
  assert.equal((await failure(NotFoundError, () => nomic.agents.get(run.agentId))).status, 404)
  await platform.timing({ waiting: 10, running: 50 })
})

test('a run is picked up by its token, for its very turn, or by its id, for the latest', async () => {
  const first = await nomic.agents.launch({ prompt: 'Look' })
  const { text } = await first.wait()
  const second = await first.followUp('Now a punch list')
  await second.wait()
  const other = platform.nomic()
  const [byToken, byId] = [await other.agents.attach(first.token), await other.agents.attach(first.agentId)]
  assert.deepEqual([byToken.turn, byId.turn], [1, 2])
  assert.equal((await byToken.wait()).text, text)
  assert.match((await byId.wait()).text, /punch list/)
})

test('a token of another instance, or of none, is refused', async () => {
  const run = await nomic.agents.launch({ prompt: 'Look' })
  await platform.reset()
  const [version, , ...rest] = run.token.split('.')
  await failure(ConfigError, () => nomic.agents.attach([version, '0123456789ab', ...rest].join('.')))
  assert.equal((await failure(InvalidInputError, () => nomic.agents.attach('nk1.a.b'))).argument, 'target')
  assert.deepEqual(await requests(platform), [])
})

test('what the server refuses has its class and its fields', async () => {
  const missing = await failure(NotFoundError, () => nomic.agents.get(nobody))
  assert.deepEqual([missing.status, missing.outcome, missing.attempts, missing.retryable], [404, 'answered', 1, false])
  const narrow = platform.nomic({ apiKey: await platform.key(['developer:files']) })
  assert.equal((await failure(PermissionDeniedError, () => narrow.agents.get(nobody))).scope, 'developer:agent')
})

test('instants are dates, to the millisecond, wherever they stand', async () => {
  const at = '"createdAt":"2026-03-05T10:00:00.123456Z","updatedAt":"1969-12-31T23:59:59.5Z"'
  const agent = `{"id":"a","status":"finished",${at},"artifacts":[{"id":"x",${at}}]}`
  const url = await server((request, response) => {
    response.setHeader('Content-Type', 'application/json')
    const rows = `[{"id":"m","role":"user","text":"Look",${at}}]`
    response.end(request.url?.includes('conversation') ? `{"data":{"messages":${rows}}}` : `{"data":${agent}}`)
  })
  const nomic = new Nomic({ baseUrl: url, apiKey: 'npk_test', pace: false })
  const found = await nomic.agents.get('a')
  const [row] = await nomic.agents.conversation('a')
  for (const { createdAt } of [found, found.artifacts[0], row] as { createdAt: Date }[]) {
    assert.deepEqual(createdAt, new Date('2026-03-05T10:00:00.123Z'))
  }
  assert.deepEqual(found.artifacts[0]?.updatedAt, new Date(-500))
})
