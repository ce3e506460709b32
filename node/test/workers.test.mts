/** Worker threads that are ended with requests in flight, and many that work at the same time. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import test from 'node:test'
import { Worker } from 'node:worker_threads'
import type { File } from 'nomkit'
import { run } from './program.mjs'
import { emulator } from './world.mjs'

test('500 workers, each ended with a request in flight', async (t) => {
  const ways = ['terminate', 'exit', 'terminate', 'throw', 'at any time']
  const { code, signal, out, errors } = await run('workers', ['500', ...ways], { patience: 300_000 })
  assert.deepEqual({ code, signal, errors }, { code: 0, signal: null, errors: '' })
  const memory = JSON.parse(out) as number[]
  assert.ok(Math.max(...memory.slice(-3)) < Math.max(...memory.slice(0, 3)) + 40, String(memory))
  t.diagnostic(`MB resident after each 50: ${memory}`)
})

test('one worker alone, whose end unloads nothing that runs', async () => {
  for (const way of ['terminate', 'exit']) {
    const { code, signal, errors } = await run('workers', ['1', way])
    assert.deepEqual({ code, signal, errors }, { code: 0, signal: null, errors: '' })
  }
})

test('32 workers at the same time', async () => {
  const { emulator: shared } = await emulator()
  const results = Array.from({ length: 32 }, async (_, number) => {
    const workerData = { way: 'work', url: shared.url, apiKey: shared.apiKey, number }
    const worker = new Worker(new URL('programs/worker.mjs', import.meta.url), { workerData })
    const ended = once(worker, 'exit')
    const [told] = (await once(worker, 'message')) as [
      { files: File[]; agentId: string; text: string; last: string; number: number },
    ]
    assert.deepEqual(await ended, [0])
    return told
  })
  const told = await Promise.all(results)
  const { files, agents } = await shared.ledger()
  for (const { files: given, agentId, text, last, number } of told) {
    const data = createHash('sha256').update(String(number)).digest()
    const hashes = [data, Buffer.concat([data, data])].map((bytes) => createHash('sha256').update(bytes).digest('hex'))
    const held = given.map((file) => files.find((one) => one['id'] === file.id)?.['sha256'])
    assert.deepEqual(held, hashes)
    const [turn] = agents.find((agent) => agent['id'] === agentId)?.['turns'] as { prompt: string; answer: string }[]
    assert.deepEqual([turn?.prompt, turn?.answer, last], [`Look, ${number}`, text, 'finished'])
  }
})
