/** A client whose hook is told of events: `hook URL KEY [workers]`. */
import { Nomic } from 'nomkit'
import { Worker, isMainThread, workerData } from 'node:worker_threads'

const [baseUrl, apiKey, way] = isMainThread ? process.argv.slice(2) : (workerData as string[])
const told = (event: { operation: string; text: string }): void =>
  way ? undefined : console.log(`${event.operation}: ${event.text}`)
const nomic = new Nomic({ baseUrl, apiKey, onEvent: told })

if (!isMainThread) {
  // Ended while it is at it.
  for (;;) await nomic.agents.list().first(1)
} else if (way) {
  const workers = Array.from(
    { length: 4 },
    () => new Worker(new URL(import.meta.url), { workerData: [baseUrl, apiKey, way] }),
  )
  for (let at = 0; at < 20; at++) await nomic.agents.list().first(1)
  await Promise.all(workers.map((worker) => worker.terminate()))
  await nomic.agents.list().first(1)
  console.log('over')
} else {
  await nomic.agents.list().first(1)
  console.log('over')
}
