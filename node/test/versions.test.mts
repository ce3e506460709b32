/** The same addon on every Node that is supported, and on the one after. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { run } from './program.mjs'
import { tool, untold } from './project.mjs'
import { emulator } from './world.mjs'

const { emulator: shared } = await emulator()

for (const version of ['20', '22', '24', '26']) {
  const binary = `node-${version}/bin/node`
  // The newest is not asked for where it is not to be had.
  const skip = version === '26' && tool(binary) === undefined ? 'Node 26 is not to be had here.' : untold(binary)
  test(`Node ${version}`, { skip }, async (t) => {
    const { code, out, errors } = await run('versions', [shared.url, shared.apiKey], { node: tool(binary) ?? '' })
    assert.deepEqual({ code, errors }, { code: 5, errors: '' })
    assert.equal(out.split('.')[0], version)
    t.diagnostic(out.trim())
  })
}
