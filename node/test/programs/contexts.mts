/** Asynchronous contexts around calls, and what keeps them. Started with `--expose-gc`. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable } from 'node:stream'
import { Nomic } from 'nomkit'

const [nomic, silent] = process.argv
  .slice(2)
  .map((baseUrl) => new Nomic({ baseUrl, apiKey: 'npk_test', pace: false })) as [Nomic, Nomic]
const storage = new AsyncLocalStorage<object>()
const moments = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}

/** The first call of the process: what it was made in must not be kept for ever. */
async function first(): Promise<WeakRef<object>> {
  const store = { request: new Uint8Array(1 << 20) }
  const made = storage.run(store, () => nomic.agents.get('agent'))
  await made
  return new WeakRef(store)
}

async function asking(name: object): Promise<void> {
  const here = (): void => assert.equal(storage.getStore(), name)
  const controller = new AbortController()
  const { signal } = controller
  async function* chunks(): AsyncGenerator<Uint8Array> {
    here()
    yield new Uint8Array(3)
    here()
  }
  await nomic.files.upload(Readable.from(chunks()), { name: 'a.bin', size: 3 })
  here()
  let told = 0
  const onProgress = (): void => {
    here()
    told++
    controller.abort()
  }
  await assert.rejects(silent.files.upload(new Uint8Array(9), { name: 'a.bin', signal, onProgress }))
  assert.equal(told, 1)
  here()
  await assert.rejects(nomic.agents.list().next())
  here()
}

const kept = await first()
await moments()
globalThis.gc?.()
await moments()
globalThis.gc?.()
assert.equal(kept.deref(), undefined, 'The first call keeps its context.')
await Promise.all(
  [{ name: 'one' }, { name: 'two' }, { name: 'three' }].map((name) => storage.run(name, () => asking(name))),
)
console.log('done')
