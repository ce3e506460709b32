/** What a program does, on whichever Node runs it: the main job, an abort, a worker, an exit with calls in flight. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { Worker } from 'node:worker_threads'
import { AgentRun, Nomic, NotFoundError } from 'nomkit'

const [url, apiKey] = process.argv.slice(2) as [string, string]
const nomic = new Nomic({ baseUrl: url, apiKey })
const file = await nomic.files.upload(Readable.from([Buffer.from('fire doors')]), { name: 'a.txt', size: 10 })
const run = await nomic.agents.launch({ prompt: 'Look', files: [file] })
assert.ok(run instanceof AgentRun)
const seen: string[] = []
for await (const agent of run.updates()) seen.push(agent.status)
assert.equal(seen.at(-1), 'finished')
assert.ok((await run.wait({ onProgress: () => {} })).text)
await assert.rejects(nomic.agents.get('nobody'), NotFoundError)
const controller = new AbortController()
const call = nomic.agents.get(run.agentId, { signal: controller.signal })
controller.abort('enough')
await assert.rejects(call, (raised) => raised === 'enough')
for (const way of ['work', 'terminate']) {
  const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData: { way, url, apiKey, number: 3 } })
  const ended = once(worker, 'exit')
  if (way === 'work') assert.deepEqual((await once(worker, 'message'))[0].last, 'finished')
  else await once(worker, 'online').then(() => worker.terminate())
  await ended
}
console.log(process.versions.node)
for (let made = 0; made < 20; made++)
  nomic.agents
    .list()
    .next()
    .catch(() => {})
process.exit(5)
