/** A worker with requests in flight, or with work of its own. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { parentPort, workerData } from 'node:worker_threads'
import { Nomic } from 'nomkit'

const { way, url, apiKey, number } = workerData as { way: string; url: string; apiKey: string; number: number }
const nomic = new Nomic({ baseUrl: url, apiKey, pace: false })

if (way === 'work') void work()
else {
  const quiet = (): void => {}
  nomic.agents.get(`worker${number}`).catch(quiet)
  if (number % 3 === 0) {
    nomic.files.upload(new Uint8Array(1 << 18), { name: 'a.bin', onProgress: quiet }).catch(quiet)
    nomic.files.upload(new Readable({ read() {} }), { name: 'a.bin', size: 9 }).catch(quiet)
    void nomic.agents.list().next()
  }
  parentPort?.once('message', () => {
    if (way === 'exit') process.exit(0)
    throw new Error('It is mine.')
  })
}

async function work(): Promise<void> {
  const data = createHash('sha256').update(String(number)).digest()
  const chunks = Readable.from([data, data])
  const files = [
    await nomic.files.upload(data, { name: `whole${number}.bin` }),
    await nomic.files.upload(chunks, { name: `stream${number}.bin`, size: 64 }),
  ]
  const run = await nomic.agents.launch({ prompt: `Look, ${number}` })
  const seen: string[] = []
  for await (const agent of run.updates()) seen.push(agent.status)
  const result = await run.wait()
  parentPort?.postMessage({ files, agentId: run.agentId, text: result.text, last: seen.at(-1), number })
}
