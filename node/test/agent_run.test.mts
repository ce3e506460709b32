import assert from 'node:assert/strict'
import test, { beforeEach } from 'node:test'
import { inspect } from 'node:util'
import {
  ConflictError,
  OutcomeUnknownError,
  RunFailedError,
  RunStoppedError,
  Source,
  WaitTimeoutError,
  type Progress,
} from 'nomkit'
import { emulator, failure, requests } from './world.mjs'

const { emulator: platform, nomic } = await emulator()
const slow = { waiting: 0, running: 60_000, stopping: 0 }
beforeEach(async () => {
  await platform.reset()
  await platform.timing({ waiting: 10, running: 50, stopping: 0 })
})

test('properties are what was last seen, and cost no request', async () => {
  const run = await nomic.agents.launch({ prompt: 'Look' })
  await run.wait()
  const before = (await requests(platform)).length
  const { agentId, turn, status, agent, token, url } = run
  assert.deepEqual(
    [turn, status, agent.id, url.endsWith(agentId), token.endsWith(agentId)],
    [1, 'finished', agentId, true, true],
  )
  assert.match(inspect(run), /^AgentRun \{ agentId: '.*', turn: 1, status: "finished" \}$/)
  assert.equal((await requests(platform)).length, before)
})

test('refresh looks again', async () => {
  const run = await nomic.agents.launch({ prompt: 'Look' })
  const before = run.agent
  await run.wait()
  assert.equal(before.status === 'finished', false)
  assert.equal((await run.refresh()).status, 'finished')
})

test('a result has what the turn said and made, and waiting again gives it again', async () => {
  const run = await nomic.agents.launch({ prompt: 'Look' })
  const told: Progress[] = []
  const result = await run.wait({ timeout: 60_000, onProgress: (progress) => told.push(progress) })
  assert.deepEqual([result.turn, result.agent.status, result.artifacts.length], [1, 'finished', 2])
  assert.equal(result.messages.at(-1)?.text, result.text)
  assert.ok(told.length > 0 && told.every(({ phase, done }) => typeof phase === 'string' && done >= 0))
  assert.deepEqual(await run.wait(), result)
})

test('a wait that expires leaves the agent alone and gives its token', async () => {
  await platform.timing(slow)
  const run = await nomic.agents.launch({ prompt: 'Look' })
  const error = await failure(WaitTimeoutError, () => run.wait({ timeout: 50 }))
  assert.deepEqual([error.token, error.lastStatus, error.retryable], [run.token, run.status, true])
  assert.equal((await requests(platform, 'POST /agents/{id}/stop')).length, 0)
})

test('updates give each change up to the end, and stopped turns end them too', async () => {
  await platform.timing(slow)
  const run = await nomic.agents.launch({ prompt: 'Look' })
  const seen: string[] = []
  for await (const agent of run.updates()) {
    seen.push(agent.status)
    if (agent.status === 'running') await run.stop()
  }
  assert.equal(seen.at(-1), 'stopped')
  assert.equal(new Set(seen).size, seen.length)
  const ended = run.updates()
  for await (const _ of ended) continue
  assert.deepEqual(await ended.next(), { done: true, value: undefined })
  await failure(RunStoppedError, () => run.wait())
})

test('leaving the loop of updates ends them', async () => {
  await platform.timing(slow)
  const run = await nomic.agents.launch({ prompt: 'Look' })
  const updates = run.updates()
  for await (const _ of updates) break
  const before = (await requests(platform)).length
  assert.deepEqual(await updates.next(), { done: true, value: undefined })
  assert.equal((await requests(platform)).length, before)
})

test('a follow-up is the next turn, asked once', async () => {
  const run = await nomic.agents.launch({ prompt: 'Look' })
  const first = await run.wait()
  const next = await run.followUp('Now a punch list', { timeout: 60_000 })
  const second = await next.wait()
  assert.deepEqual([next.turn, next.agentId, second.turn], [2, run.agentId, 2])
  assert.notEqual(second.text, first.text)
  assert.equal((await requests(platform, 'POST /agents/{id}/followup')).length, 1)
  assert.equal((await next.conversation()).filter(({ role }) => role === 'user').length, 2)
})

test('a follow-up on an agent at work is a conflict, said in the words of this language', async () => {
  await platform.timing(slow)
  const run = await nomic.agents.launch({ prompt: 'Look' })
  await run.refresh()
  const error = await failure(ConflictError, () => run.followUp('Now a punch list'))
  assert.match(error.message, /^agents\.followUp: The agent is still/)
  assert.ok(error.current)
})

test('what is lost is found, and nothing is sent again', async () => {
  await platform.fault('POST /agents', 'lose_response')
  const run = await nomic.agents.launch({ prompt: 'Look for what is lost' })
  assert.ok(run.recovered && run.explain().includes('found after its answer was lost'))
  await run.wait()
  await platform.fault('POST /agents/{id}/followup', 'lose_response')
  const next = await run.followUp('More')
  assert.deepEqual([next.recovered, next.turn, (await next.wait()).turn], [true, 2, 2])
  assert.equal((await nomic.agents.attach(run.token)).recovered, false)
  assert.equal((await requests(platform, 'POST /agents')).length, 1)
  assert.equal((await requests(platform, 'POST /agents/{id}/followup')).length, 1)
})

test('what never arrived is told as unknown, and is not sent again', async () => {
  await platform.fault('POST /agents', 'reset', { at: 'before_commit' })
  const launch = () => nomic.agents.launch({ prompt: 'Look for what never arrived', timeout: 4000 })
  const error = await failure(OutcomeUnknownError, launch)
  assert.deepEqual([error.operation, error.candidates, error.outcome], ['agents.launch', [], 'unknown'])
  assert.equal((await requests(platform, 'POST /agents')).length, 1)
})

test('a failed run says why', async () => {
  const broken = Source.bytes(Buffer.from('%PDF-1.7 nothing more'), { name: 'broken.pdf' })
  const run = await nomic.agents.launch({ prompt: 'Look', files: [broken] })
  const error = await failure(RunFailedError, () => run.wait())
  assert.match(error.reason, /broken\.pdf/)
  assert.ok(error.messages.length > 0)
  assert.deepEqual([error.agentId, error.token], [run.agentId, run.token])
})

test('a stop with a wait ends when the agent has', async () => {
  await platform.timing({ ...slow, stopping: 100 })
  const run = await nomic.agents.launch({ prompt: 'Look' })
  assert.equal((await run.stop({ wait: true, timeout: 30_000 })).status, 'stopped')
})
