/** Waits for a call whose module nobody holds any more. */
import { createRequire } from 'node:module'

const [url] = process.argv.slice(2) as [string]

function begin(): Promise<{ id: string }> {
  const require = createRequire(import.meta.url)
  const { Nomic } = require('nomkit') as typeof import('nomkit')
  const call = new Nomic({ baseUrl: url, apiKey: 'npk_test', pace: false }).agents.get('agent')
  for (const path of Object.keys(require.cache)) delete require.cache[path]
  return call
}

const call = begin()
for (let turn = 0; turn < 20; turn++) {
  globalThis.gc?.()
  await new Promise(setImmediate)
}
console.log('collected')
console.log((await call).id)
