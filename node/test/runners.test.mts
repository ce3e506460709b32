/** Other test runners import the package, run tests with it, and end by themselves. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { begin, run, type ProgramOptions } from './program.mjs'
import { project, tool, untold } from './project.mjs'
import { emulator } from './world.mjs'

const { emulator: shared } = await emulator()
const env = { EMULATOR: shared.url, KEY: shared.apiKey, FORCE_COLOR: '0', NO_COLOR: '1' }

/** What each runner runs: all that a service's test would, and the clock put out of action. */
const job = `
async function job({ Nomic, Source, NotFoundError, NomkitError }) {
  const nomic = new Nomic({ baseUrl: new URL(process.env.EMULATOR), apiKey: process.env.KEY })
  const file = await nomic.files.upload(Buffer.from('fire doors'), { name: 'a.txt' })
  const blob = await nomic.files.upload(new Blob(['fire', ' doors']), { name: 'b.txt' })
  const drops = (async function* () { for (let at = 0; at < 200; at++) yield Buffer.from('fire') })()
  await nomic.files.upload(drops, { name: 'drops.txt', size: 800 })
  const files = [file, blob, Source.bytes(new Uint8Array([65, 66]), { name: 'c.txt' })]
  const signal = new AbortController().signal
  const seen = []
  const run = await nomic.agents.launch({ prompt: 'Look', files, signal, onProgress: (progress) => seen.push(progress) })
  const result = await run.wait({ signal })
  if (!result.text || seen.length === 0) throw new Error('It says nothing.')
  const error = await nomic.agents.get('nobody').catch((error) => error)
  if (!(error instanceof NotFoundError && error instanceof NomkitError && error instanceof Error)) throw error
  const reason = await nomic.agents.list({ signal: AbortSignal.abort('no') }).first(1).catch((reason) => reason)
  if (reason !== 'no') throw reason
  const list = nomic.agents.list()
  await list.next()
  return result
}
`

async function passes(command: readonly string[], options: ProgramOptions, passed: RegExp): Promise<void> {
  const [program, ...given] = command as [string, ...string[]]
  const [child, ended] = begin(program, given, { patience: 90_000, ...options, env: { ...env, ...options.env } })
  child.stdin?.end()
  const { code, signal, out, errors } = await ended
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, out + errors)
  assert.match(out + errors, passed)
  assert.doesNotMatch(out + errors, /open handle|did not exit|force exited|failed to exit/i)
}

const jest = 'jest/bin/jest.js'
const jestFiles = {
  'job.test.js': `${job}
const nomkit = require('nomkit')
test('the job', () => job(nomkit))
test('twice in one process, neither disturbing the other', async () => {
  jest.resetModules()
  const again = require('nomkit')
  expect(again.Nomic).not.toBe(nomkit.Nomic)
  await Promise.all([job(nomkit), job(again), job(nomkit), job(again)])
})`,
  'clock.test.js': `${job}
const nomkit = require('nomkit')
test('the job with a clock that stands', async () => {
  jest.useFakeTimers()
  await job(nomkit)
  jest.useRealTimers()
})
test('values of this realm and of others', async () => {
  const { runInNewContext } = require('node:vm')
  const nomic = new nomkit.Nomic({ baseUrl: process.env.EMULATOR, apiKey: process.env.KEY })
  for (const bytes of [Buffer.from('a'), new Uint8Array(3), new ArrayBuffer(3), runInNewContext('new Uint8Array(3)')]) {
    expect((await nomic.files.upload(bytes, { name: 'a.bin' })).id).toEqual(expect.any(String))
  }
  const { pathToFileURL } = require('node:url')
  expect((await nomic.files.upload(pathToFileURL(__filename), {})).name).toBe('clock.test.js')
  const stream = require('node:stream').Readable.from([Buffer.from('abc')])
  expect((await nomic.files.upload(stream, { name: 'a.bin', size: 3 })).size).toBe(3)
  await expect(nomic.agents.get('nobody')).rejects.toThrow(nomkit.NotFoundError)
  await expect(nomic.agents.get('nobody')).rejects.toThrow(Error)
})`,
}

for (const options of [
  ['--runInBand', '--detectOpenHandles'],
  ['--maxWorkers=2'],
  ['--maxWorkers=2', '--workerThreads'],
]) {
  test(`Jest ${options.join(' ')}`, { skip: untold(jest) }, async () => {
    const cwd = await project(jestFiles)
    await passes([tool(jest) ?? '', '--ci', '--watchman=false', ...options], { cwd }, /^Tests: +4 passed, 4 total$/m)
  })
}

test('Jest collects the copies of the package that its tests have done with', { skip: untold(jest) }, async () => {
  const call = `const { Nomic } = require('nomkit')
test('a call', async () => {
  const nomic = new Nomic({ baseUrl: process.env.EMULATOR, apiKey: process.env.KEY })
  await expect(nomic.agents.get('nobody')).rejects.toMatchObject({ name: 'NotFoundError' })
})`
  const cwd = await project({ 'a.test.js': call, 'b.test.js': call, 'c.test.js': call, 'd.test.js': call })
  const given = ['--ci', '--watchman=false', '--runInBand', '--detectLeaks']
  const { out, errors } = await run(tool(jest) ?? '', given, { cwd, env, patience: 90_000 })
  // The first of a process is kept; that is no leak that grows.
  assert.ok((errors.match(/^PASS/gm) ?? []).length >= 3, out + errors)
})

const vitest = 'vitest/vitest.mjs'
for (const pool of ['threads', 'forks', 'vmThreads']) {
  test(`vitest, ${pool}`, { skip: untold(vitest) }, async () => {
    const files = {
      'job.test.mjs': `import * as nomkit from 'nomkit'
import { test, vi } from 'vitest'
${job}
test('the job', () => job(nomkit))
test('the job with a clock that stands', async () => {
  vi.useFakeTimers()
  await job(nomkit)
  vi.useRealTimers()
})`,
      'again.test.mjs': `import * as nomkit from 'nomkit'
import { test, vi } from 'vitest'
${job}
test('the job in another file', () => job(nomkit))
test('another copy', async () => {
  vi.resetModules()
  await Promise.all([job(nomkit), job(await import('nomkit'))])
})`,
    }
    await passes([tool(vitest) ?? '', 'run', `--pool=${pool}`], { cwd: await project(files) }, /Tests +4 passed \(4\)/)
  })
}

test('node:test', async () => {
  const cwd = await project({
    'job.test.mjs': `import * as nomkit from 'nomkit'
import test, { mock } from 'node:test'
${job}
test('the job', () => job(nomkit))
test('the job with a clock that stands', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate'] })
  await job(nomkit)
  mock.timers.reset()
})`,
    'job.test.cjs': `const nomkit = require('nomkit')
const test = require('node:test')
${job}
test('the job', () => job(nomkit))`,
  })
  for (const file of ['job.test.mjs', 'job.test.cjs'])
    await passes([`${cwd}/${file}`], { cwd, flags: ['--test', '--test-reporter=tap'] }, /fail 0/)
})
