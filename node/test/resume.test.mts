/** One ticket, one agent: asking an agent again, whatever became of it meanwhile. */
import assert from 'node:assert/strict'
import test, { beforeEach } from 'node:test'
import { ConflictError, InvalidInputError, NotFoundError } from 'nomkit'
import { emulator, failure, requests } from './world.mjs'

const { emulator: platform, nomic } = await emulator()
const picture = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(64)])
beforeEach(async () => {
  await platform.reset()
  await platform.timing({ waiting: 10, running: 50, stopping: 10 })
})

test('a turn that is over is followed up, by id and by token', async () => {
  const first = await nomic.agents.launch({ prompt: 'Look' })
  await first.wait()
  const second = await nomic.agents.resume(first.agentId, { prompt: 'Look again' })
  assert.deepEqual([second.agentId, second.turn, second.recovered], [first.agentId, 2, false])
  await second.wait()
  const third = await nomic.agents.resume(first.token, { prompt: 'And again', images: [picture], timeout: 60_000 })
  assert.deepEqual([third.agentId, third.turn], [first.agentId, 3])
  assert.ok((await third.wait()).text)
  assert.equal((await requests(platform, 'POST /agents')).length, 1)
})

test('one at work is a conflict, or is stopped first', async () => {
  await platform.timing({ waiting: 0, running: 600_000, stopping: 10 })
  const { agentId } = await nomic.agents.launch({ prompt: 'Look for ever' })
  await failure(ConflictError, () => nomic.agents.resume(agentId, { prompt: 'Look' }))
  assert.equal((await requests(platform, 'POST /agents/{id}/stop')).length, 0)
  assert.equal((await nomic.agents.resume(agentId, { prompt: 'Look', interrupt: true })).turn, 2)
  assert.equal((await requests(platform, 'POST /agents/{id}/stop')).length, 1)
})

test('one that is gone is not found, or launched afresh', async () => {
  const run = await nomic.agents.launch({ prompt: 'Look' })
  await run.wait()
  await nomic.agents.delete(run.agentId)
  await failure(NotFoundError, () => nomic.agents.resume(run.token, { prompt: 'Look again' }))
  assert.equal((await requests(platform, 'POST /agents')).length, 1)
  const again = await nomic.agents.resume(run.token, { prompt: 'Look again', ifMissing: 'launch' })
  assert.ok(again.turn === 1 && again.agentId !== run.agentId)
  assert.equal((await again.conversation())[0]?.text, 'Look again')
})

test('what is wrong is said before anything is sent', async () => {
  const { agentId } = await nomic.agents.launch({ prompt: 'Look' })
  const before = (await requests(platform)).length
  /* oxlint-disable-next-line typescript/no-explicit-any */
  const odd = nomic.agents as any
  const wrongs: [string, object][] = [
    ['prompt', { prompt: undefined }],
    ['prompt', { prompt: 5 }],
    ['ifMissing', { ifMissing: 'invent' }],
    ['ifMissing', { ifMissing: null }],
    ['interrupt', { interrupt: 'yes' }],
    ['timeout', { timeout: -1 }],
    ['images', { images: Array(5).fill(picture) }],
    ['timeuot', { timeuot: 5 }],
  ]
  for (const [argument, given] of wrongs) {
    const error = await failure(InvalidInputError, () => odd.resume(agentId, { prompt: 'Look', ...given }))
    assert.equal(error.argument, argument)
  }
  assert.equal((await failure(InvalidInputError, () => odd.resume(5, { prompt: 'Look' }))).argument, 'target')
  for (const options of ['Look', null, undefined, ['Look']]) {
    const error = await failure(InvalidInputError, () => odd.resume(agentId, options))
    assert.equal(error.argument, options === undefined ? 'prompt' : 'options')
  }
  assert.equal((await requests(platform)).length, before)
})
