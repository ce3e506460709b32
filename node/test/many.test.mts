/** Many runs waited for at once: all of them, or one after another as they end. */
import assert from 'node:assert/strict'
import test, { beforeEach } from 'node:test'
import {
  ClosedError,
  InvalidInputError,
  NomkitError,
  RunFailedError,
  RunStoppedError,
  WaitTimeoutError,
  type AgentRun,
  type Progress,
  type RunOutcome,
} from 'nomkit'
import { SOON } from './wire.mjs'
import { emulator, failure, requests, until } from './world.mjs'

const { emulator: platform, nomic } = await emulator()
const forEver = { waiting: 0, running: 600_000, stopping: 10 }
beforeEach(async () => {
  await platform.reset()
  await platform.timing({ waiting: 10, running: 50, stopping: 10 })
})

const launch = (prompt = 'Look'): Promise<AgentRun> => nomic.agents.launch({ prompt })
const codes = (outcomes: readonly RunOutcome[]): (string | null)[] => outcomes.map(({ error }) => error && error.code)

/** One that will have finished, failed, been stopped. */
async function mixed(): Promise<AgentRun[]> {
  const finished = await launch()
  await platform.fault('POST /agents', 'fail_turn', { text: 'The drawing cannot be opened' })
  const failed = await launch('Look at the drawing')
  await platform.timing(forEver)
  const stopped = await launch('Look for ever')
  await stopped.stop()
  return [finished, failed, stopped]
}

test('each has its outcome, in order, and nothing is thrown', async () => {
  const runs = (await mixed()).reverse()
  const told: Progress[] = []
  const outcomes = await nomic.waitAll(new Set(runs), { timeout: 60_000, onProgress: (step) => told.push(step) })
  assert.deepEqual(codes(outcomes), ['run_stopped', 'run_failed', null])
  // The very runs, not others like them.
  for (const [at, outcome] of outcomes.entries()) assert.equal(outcome.run, runs[at])
  const [stopped, failed, finished] = outcomes as [RunOutcome, RunOutcome, RunOutcome]
  assert.ok(finished.ok && finished.result.text && finished.result.agent.createdAt instanceof Date)
  assert.ok(!failed.ok && failed.error instanceof RunFailedError && failed.result === null)
  assert.match(failed.error.reason ?? '', /The drawing cannot be opened/)
  assert.ok(stopped.error instanceof RunStoppedError)
  const { ...copied } = NomkitError.from(JSON.parse(JSON.stringify(failed.error)))
  assert.deepEqual(copied, { ...failed.error })
  assert.deepEqual(
    told.map(({ phase, done, total }) => [phase, done, total]),
    [0, 1, 2, 3].map((done) => ['waiting', done, 3]),
  )
})

test('each handle of one turn is given once', async () => {
  const run = await launch()
  const handle = await nomic.agents.attach(run.token)
  const given: AgentRun[] = []
  for await (const outcome of nomic.asCompleted([run, handle, run])) given.push(outcome.run)
  assert.equal(given.filter((each) => each === run).length, 2)
  assert.equal(given.filter((each) => each === handle).length, 1)
})

test('the deadline is for all of them, and stops none', async () => {
  const quick = await launch()
  await platform.timing(forEver)
  const slow = [await launch('Look for ever'), await launch('Look for ever')]
  const outcomes = await nomic.waitAll([...slow, quick], { timeout: 5000 })
  assert.deepEqual(codes(outcomes), ['wait_timeout', 'wait_timeout', null])
  for (const { run, error } of outcomes.slice(0, 2)) {
    assert.ok(error instanceof WaitTimeoutError && error.token === run.token)
  }
  assert.deepEqual(await requests(platform, 'POST /agents/{id}/stop'), [])
})

test('they are given as they end', async () => {
  await platform.timing({ waiting: 0, running: 5000 })
  const slow = await launch('Look slowly')
  await platform.timing({ waiting: 0, running: 0 })
  const quick = await launch()
  const given: AgentRun[] = []
  for await (const { run, ok } of nomic.asCompleted([slow, quick], { timeout: 60_000 })) {
    assert.ok(ok)
    given.push(run)
  }
  assert.deepEqual([given[0] === quick, given[1] === slow, given.length], [true, true, 2])
  assert.deepEqual(await nomic.waitAll([]), [])
  assert.deepEqual(await nomic.asCompleted([]).next(), { done: true, value: undefined })
})

test('whoever works on one lets the others end', async () => {
  const quick = await launch()
  await platform.timing({ waiting: 0, running: 3000 })
  const slow = await launch('Look slowly')
  const completed = nomic.asCompleted([slow, quick], { timeout: 60_000 })
  assert.equal((await completed.next()).value?.run, quick)
  await until(async () => (await requests(platform, 'GET /agents/{id}/conversation')).length === 2)
  assert.equal((await completed.next()).value?.run, slow)
  assert.deepEqual(await completed.next(), { done: true, value: undefined })
})

test('who leaves the loop early aborts what is in flight', async () => {
  const quick = await launch()
  await platform.timing(forEver)
  const slow = await launch('Look for ever')
  let fault = ''
  for await (const { run } of nomic.asCompleted([slow, quick])) {
    assert.equal(run, quick)
    fault = await platform.fault('GET /agents/{id}', 'stall')
    await until(async () => (await platform.faultReport(fault)).hits > 0)
    break
  }
  await until(async () => (await platform.faultReport(fault)).completed > 0)
  assert.deepEqual(await requests(platform, 'POST /agents/{id}/stop'), [])
})

test('an end while a step waits ends that too', async () => {
  await platform.timing(forEver)
  const completed = nomic.asCompleted([await launch('Look for ever')])
  const step = completed.next()
  await completed.return()
  assert.deepEqual(await step, { done: true, value: undefined })
  assert.deepEqual(await completed.next(), { done: true, value: undefined })
  await completed[Symbol.asyncDispose]()
})

test('an aborted wait rejects with the reason and stops no agent', async () => {
  await platform.timing(forEver)
  const runs = [await launch('Look for ever'), await launch('Look for ever')]
  for (const begin of [
    (signal: AbortSignal) => nomic.waitAll(runs, { signal }),
    (signal: AbortSignal) => nomic.asCompleted(runs, { signal }).next(),
  ]) {
    const [controller, reason] = [new AbortController(), new Error('I have changed my mind.')]
    const wait = begin(controller.signal)
    const fault = await platform.fault('GET /agents/{id}', 'stall')
    await until(async () => (await platform.faultReport(fault)).hits > 0)
    const at = performance.now()
    controller.abort(reason)
    await assert.rejects(wait, (raised) => raised === reason)
    assert.ok(performance.now() - at < SOON)
    await until(async () => (await platform.faultReport(fault)).completed > 0)
  }
  assert.deepEqual(await requests(platform, 'POST /agents/{id}/stop'), [])
})

test('a thousand runs', async () => {
  const { token } = await launch()
  const ten = await Promise.all(Array.from({ length: 10 }, () => nomic.agents.attach(token)))
  const runs = Array.from({ length: 100 }, () => ten).flat()
  const outcomes = await nomic.waitAll(runs, { timeout: 300_000 })
  assert.ok(outcomes.length === 1000 && outcomes.every(({ ok, run }, at) => ok && run === runs[at]))
})

test('what is wrong is said before anything is sent', async () => {
  const run = await launch()
  const before = (await requests(platform)).length
  /* oxlint-disable-next-line typescript/no-explicit-any */
  const odd = nomic as any
  for (const runs of [run, [run, 'agent'], null, undefined, 5, 'ab', [run.token], [null], [{ ...run }]]) {
    for (const begin of [odd.waitAll, odd.asCompleted]) {
      const error = await failure(InvalidInputError, () => begin.call(nomic, runs))
      assert.equal(error.argument, 'runs')
      assert.match(error.message, /AgentRun/)
    }
  }
  const other = platform.nomic()
  for (const begin of [() => other.waitAll([run]), () => other.asCompleted([run])]) {
    assert.match((await failure(InvalidInputError, begin)).message, /another client/)
  }
  for (const begin of [odd.waitAll, odd.asCompleted]) {
    const wrong = await failure(InvalidInputError, () => begin.call(nomic, [run], { timeout: -1 }))
    assert.equal(wrong.argument, 'timeout')
  }
  assert.equal((await requests(platform)).length, before)
})

test('a closed client waits for none', async () => {
  const closed = platform.nomic()
  const runs = [await closed.agents.launch({ prompt: 'Look' })]
  closed.close()
  const [outcome] = await closed.waitAll(runs)
  assert.ok(outcome?.error instanceof ClosedError)
})
