/** Nothing of ours ever rejects where nobody can catch it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { run } from './program.mjs'
import { agent, answer, Wire } from './wire.mjs'

test('a program in which every unhandled rejection is the end', async () => {
  const failing = await Wire.open((line) =>
    /^GET .*\/agents(\?|$)/.test(line) ? answer('{}', '501 Not Implemented') : agent,
  )
  const silent = await Wire.open()
  const url = (wire: Wire): string => `http://127.0.0.1:${wire.port}`
  const { code, out, errors } = await run('rejections', [url(failing), url(silent)], {
    flags: ['--unhandled-rejections=strict', '--trace-warnings'],
  })
  assert.deepEqual({ code, errors }, { code: 0, errors: '' }, out)
})
