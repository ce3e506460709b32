/** A process ends when it has nothing left to do, at once when it is told to, and says nothing about it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { begin, run, type Ended } from './program.mjs'
import { agent, Wire } from './wire.mjs'

test('an idle process ends by itself: nothing was closed, stopped or read to its end', async () => {
  const { code, out, errors } = await run('exit', ['idle', 'http://127.0.0.1:1'])
  assert.deepEqual({ code, errors }, { code: 0, errors: '' })
  // A timer that keeps it going is one of seconds.
  assert.ok(Number(out) < 2000, `${out} ms`)
})

test('whatever the callback is, no call keeps the process going once it is over', async () => {
  const ended = await run('exit', ['a callback whose name is no text', 'http://127.0.0.1:1'])
  assert.deepEqual(ended, { code: 0, signal: null, out: 'connect\n', errors: '' })
})

test('a call that is refused keeps nothing going', async () => {
  assert.deepEqual(await run('exit', ['aborted', 'http://127.0.0.1:1']), { code: 0, signal: null, out: '', errors: '' })
})

for (const way of ['open', 'before']) {
  test(`an open call keeps the process going: ${way}`, async () => {
    const wire = await Wire.open()
    const [, ended] = begin('exit', [way, `http://127.0.0.1:${wire.port}`])
    await wire.until(() => wire.requests.length === 1)
    // It would have ended by now: others do in less.
    await run('exit', ['none', 'http://127.0.0.1:1'])
    for (const socket of wire.sockets) socket.write(agent)
    assert.deepEqual(await ended, { code: 0, signal: null, out: 'agent\n', errors: '' })
  })
}

test('an open call is heard, though its module could be collected', async () => {
  const wire = await Wire.open()
  const [child, ended] = begin('collected', [`http://127.0.0.1:${wire.port}`], { flags: ['--expose-gc'] })
  await Promise.all([wire.until(() => wire.requests.length === 1), child.stdout && once(child.stdout, 'data')])
  for (const socket of wire.sockets) socket.write(agent)
  assert.deepEqual(await ended, { code: 0, signal: null, out: 'collected\nagent\n', errors: '' })
})

const quiet = (ended: Ended): void => assert.equal(ended.errors, '')
const loud = (ended: Ended): void => {
  assert.match(ended.errors, /^Error: It is mine\.$/m)
  assert.doesNotMatch(ended.errors, /panicked|Nomkit|FATAL/)
}
const ways: readonly [string, number, { code?: number; signal?: NodeJS.Signals }, (ended: Ended) => void][] = [
  ['exit', 120, { code: 3 }, quiet],
  ['exit within a callback', 20, { code: 3 }, quiet],
  ['signal', 20, { signal: 'SIGTERM' }, quiet],
  ['signal', 20, { signal: 'SIGINT' }, quiet],
  ['uncaught', 10, { code: 1 }, loud],
  ['rejected', 10, { code: 1 }, loud],
]

for (const [way, times, { code = null, signal = null }, said] of ways) {
  test(`${times} processes that end with 50 requests in flight: ${signal ?? way}`, async (t) => {
    const took: number[] = []
    const once = async (): Promise<void> => {
      const wire = await Wire.open()
      const [child, ended] = begin('exit', [way, `http://127.0.0.1:${wire.port}`])
      let at = performance.now()
      if (way !== 'exit within a callback') {
        await wire.until(() => wire.requests.length === 50)
        at = performance.now()
        if (signal) child.kill(signal)
        else child.stdin?.write('\n')
      }
      const end = await ended
      took.push(performance.now() - at)
      wire.close()
      assert.deepEqual({ code: end.code, signal: end.signal }, { code, signal })
      said(end)
    }
    const lane = async (): Promise<void> => {
      for (let done = 0; done < times / 4; done++) await once()
    }
    await Promise.all([lane(), lane(), lane(), lane()])
    took.sort((a, b) => a - b)
    t.diagnostic(`ended after: p50 ${took[took.length >> 1]?.toFixed(0)} ms, at most ${took.at(-1)?.toFixed(0)} ms`)
  })
}
