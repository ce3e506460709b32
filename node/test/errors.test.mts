import assert from 'node:assert/strict'
import test from 'node:test'
import { inspect } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { Worker } from 'node:worker_threads'
import * as nomkit from 'nomkit'
import {
  ApiError,
  ConflictError,
  InvalidInputError,
  NomkitError,
  NotFoundError,
  RateLimitError,
  UnexpectedError,
} from 'nomkit'
import { emulator, failure, report } from './world.mjs'

const { emulator: platform, nomic } = await emulator()
const nobody = '019abc12-3456-7890-abcd-ef1234567890'

type Class = typeof NomkitError
const classes = Object.entries(nomkit).filter(([name]) => name.endsWith('Error')) as unknown as [string, Class][]

/** An error with everything: fields of its class, files, dates. */
async function full(): Promise<ConflictError> {
  await platform.reset()
  await platform.fault('POST /agents', 'status', { status: 409, body: { error: 'not now', code: 'busy' } })
  return failure(ConflictError, () => nomic.agents.launch({ prompt: 'Look', files: [nomkit.Source.path(report)] }))
}

test('every class is an error of ours, with its name and its code', () => {
  const codes = new Set<string>()
  for (const [name, type] of classes) {
    const error = new type('text')
    assert.ok(error instanceof NomkitError && error instanceof Error)
    assert.deepEqual(
      [error.name, error.message, error.status, error.attempts, error.uploaded],
      [name, 'text', null, 0, []],
    )
    assert.ok(String(error) === `${name}: text` && error.stack?.startsWith(`${name}: text`))
    if (error.code) codes.add(error.code)
  }
  assert.equal(codes.size, classes.length - 2) // ApiError and NomkitError only group others.
  assert.ok(new NotFoundError('') instanceof ApiError && !(new InvalidInputError('') instanceof ApiError))
})

test('every class survives JSON and comes back', () => {
  for (const [, type] of classes) {
    const error = new type('text', { status: 418, attempts: 2, elapsed: 0.5 })
    const again = NomkitError.from(JSON.parse(JSON.stringify(error)))
    assert.deepEqual({ ...again }, { ...error })
    assert.equal(again.message, 'text')
    assert.equal(again.constructor, error.code ? type : NomkitError)
  }
})

test('a class that extends one of ours has its code and its fields', () => {
  class Throttled extends RateLimitError {}
  const error = new Throttled('text', { retryAfter: 3 })
  assert.deepEqual([error.code, error.retryAfter, error.tier, error.maybeSpend], ['rate_limit', 3, null, false])
  assert.ok(NomkitError.from(error.toJSON()) instanceof RateLimitError)
})

test('no data changes what an error is', () => {
  const error = NomkitError.from(JSON.parse('{"code":"not_found","message":"text","__proto__":{"evil":true}}'))
  assert.ok(error instanceof NotFoundError && !('evil' in error))
})

test('an error says what is known of the request, and what was uploaded', async () => {
  const error = await full()
  assert.deepEqual([error.code, error.status, error.serverCode, error.outcome], ['conflict', 409, 'busy', 'answered'])
  assert.deepEqual([error.attempts, error.retryable, error.elapsed > 0], [1, false, true])
  assert.deepEqual(
    error.uploaded.map(({ name }) => name),
    ['inspection-report.pdf'],
  )
  assert.ok(error.uploaded[0]?.createdAt instanceof Date)
})

test('the fields of an error are plain data, wherever they go', async () => {
  const error = await full()
  const fields = { ...error }
  assert.deepEqual(structuredClone(fields), fields)
  assert.deepEqual(deserialize(serialize(fields)), fields)
  assert.deepEqual(structuredClone(error.toJSON()), error.toJSON())
  const again = NomkitError.from(JSON.parse(JSON.stringify(error)))
  assert.ok(again instanceof ConflictError)
  assert.deepEqual({ ...again }, fields)
})

test('an error itself can be cloned, serialized and posted', async () => {
  const error = await full()
  for (const clone of [structuredClone(error), deserialize(serialize(error)) as Error]) {
    assert.ok(clone instanceof Error)
    assert.deepEqual([clone.message, clone.stack], [error.message, error.stack])
  }
  const echo = `const { parentPort } = require('node:worker_threads')
    parentPort.once('message', (message) => { parentPort.postMessage(message); parentPort.close() })`
  const worker = new Worker(echo, { eval: true })
  worker.postMessage([error, error.toJSON()])
  const [clone, data] = await new Promise<[Error, nomkit.ErrorFields]>((told) => worker.once('message', told))
  assert.equal(clone.message, error.message)
  assert.ok(NomkitError.from(data) instanceof ConflictError)
})

test('odd data makes an error too', () => {
  for (const data of [{}, { code: 5 }, { code: 'newer', message: 'm', extra: 1 }, { message: null, uploaded: 'x' }]) {
    const error = NomkitError.from(data)
    assert.equal(error.constructor, NomkitError)
    assert.deepEqual(error.uploaded, [])
  }
})

test('the stack begins at the caller', async () => {
  async function asker(): Promise<unknown> {
    return await nomic.agents.get(nobody)
  }
  const own = (line: string): boolean => line.includes('/dist/')
  const frames = (error: Error): string[] => String(error.stack).split('\n').slice(1)
  const failed = frames(await failure(NotFoundError, asker))
  assert.match(failed.filter((line) => !own(line))[0] ?? '', /asker/)
  assert.ok(failed.filter(own).length <= 2, failed.join('\n'))
  const refused = frames(await failure(InvalidInputError, () => nomic.agents.list(5 as never)))
  assert.match(refused.filter((line) => !own(line))[0] ?? '', /errors\.test/)
  assert.ok(refused.filter(own).length <= 2, refused.join('\n'))
})

test('what is printed has the stack and nothing empty', async () => {
  const text = inspect(await full())
  assert.match(text, /^ConflictError: agents\.launch: [^]*errors\.test[^]*code: 'conflict'[^]*uploaded: \[/)
  assert.doesNotMatch(text, /requestId|current|cause/)
  assert.match(inspect(new NotFoundError('text', { cause: new TypeError('why') })), /cause: TypeError: why/)
  assert.match(inspect([[[[new NotFoundError('deep')]]]]), /NotFoundError|Array/)
  assert.doesNotMatch(inspect(new NotFoundError('text')), /status|uploaded|attempts|elapsed/)
})

test('what we did not expect is told with its cause', async () => {
  const error = await failure(UnexpectedError, () => Reflect.apply(nomic.agents.get, undefined, [nobody]))
  assert.ok(error.cause instanceof TypeError && error.message.includes(error.cause.message))
  assert.match(inspect(error), /cause: TypeError/)
})

test('a limit of rate says when to come again', async () => {
  const impatient = platform.nomic({ retries: 0 })
  await platform.reset()
  await platform.fault('GET /agents/{id}', 'status', {
    status: 429,
    headers: { 'Retry-After': '3' },
    body: { error: 'slow' },
  })
  const error = await failure(RateLimitError, () => impatient.agents.get(nobody))
  assert.deepEqual([error.retryAfter, error.maybeSpend, error.tier], [3, false, 'standard'])
})
