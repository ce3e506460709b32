/** Workers that end with a request in flight, a few at a time. This thread itself never uses nomkit. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'

const [times, ...ways] = process.argv.slice(2)
const sent = new Map<number, () => void>()
const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', (data) => {
    const number = /worker(\d+)/.exec(data.toString('latin1'))?.[1]
    if (number !== undefined) sent.get(Number(number))?.()
  })
})
await once(server.listen(0, '127.0.0.1'), 'listening')
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
let last = 0

async function one(number: number): Promise<void> {
  const way = ways[number % ways.length]
  const worker = new Worker(new URL('worker.mjs', import.meta.url), {
    workerData: { way, url, apiKey: 'npk_test', number },
  })
  const ended = new Promise((settle) => worker.once('exit', settle))
  const failed: unknown[] = []
  worker.on('error', (error) => failed.push(error))
  const flying = new Promise<void>((settle) => sent.set(number, settle))
  // Some are ended wherever they are.
  if (way === 'at any time') await new Promise((settle) => setTimeout(settle, number % 60))
  else await flying
  if (way === 'exit' || way === 'throw') worker.postMessage('now')
  else await worker.terminate()
  await ended
  sent.delete(number)
  if (failed.length !== (way === 'throw' ? 1 : 0)) throw failed[0] ?? new Error('It did not throw.')
}

const memory: number[] = []
async function lane(): Promise<void> {
  while (last < Number(times)) {
    await one(last++)
    if (last % 50 === 0) memory.push(process.memoryUsage.rss() >> 20)
  }
}
await Promise.all([lane(), lane(), lane(), lane()])
server.close()
console.log(JSON.stringify(memory))
