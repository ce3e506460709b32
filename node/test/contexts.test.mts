/** What surrounds a call: the caller's asynchronous context, and the caller's line in an error's stack. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { PermissionDeniedError, type Nomic } from 'nomkit'
import { run } from './program.mjs'
import { agent, answer, Wire } from './wire.mjs'

const file = answer('{"id":"file","name":"a.bin","size":3}', '201 Created')

test('callbacks, readers and what follows run in the context of the caller, which no call keeps', async () => {
  const wire = await Wire.open((line) =>
    /^GET .*\/agents(\?|$)/.test(line) ? answer('{}', '501 Not Implemented') : line.includes('/upload') ? file : agent,
  )
  const silent = await Wire.open()
  const urls = [wire, silent].map(({ port }) => `http://127.0.0.1:${port}`)
  const { code, out, errors } = await run('contexts', urls, { flags: ['--expose-gc', '--unhandled-rejections=strict'] })
  assert.deepEqual({ code, out, errors }, { code: 0, out: 'done\n', errors: '' })
})

test('an error leads to the line of the call', async () => {
  const wire = await Wire.open((line) => (line.startsWith('POST') ? agent : answer('{}', '403 Forbidden')))
  const ways: Readonly<Record<string, (nomic: Nomic) => Promise<unknown>>> = {
    async get(nomic) {
      return await nomic.agents.get('nobody')
    },
    async list(nomic) {
      for await (const _ of nomic.agents.list());
    },
    async first(nomic) {
      return await nomic.agents.list().first(1)
    },
    async pages(nomic) {
      for await (const _ of nomic.agents.list().pages());
    },
    async wait(nomic) {
      return await (await nomic.agents.launch({ prompt: 'Look' })).wait()
    },
    async updates(nomic) {
      for await (const _ of (await nomic.agents.launch({ prompt: 'Look' })).updates());
    },
    async ask(nomic) {
      return await nomic.ask('Look')
    },
  }
  for (const [name, way] of Object.entries(ways)) {
    const error = await way(wire.nomic()).catch((error: unknown) => error)
    assert.ok(error instanceof PermissionDeniedError)
    assert.match(error.stack ?? '', new RegExp(`at .*\\b${name} \\(.*contexts\\.test\\.mjs:\\d+`), error.stack)
  }
})
