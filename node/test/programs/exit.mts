/** Ends with requests in flight, or without any, in the way that it is told. */
import { Emulator, Nomic } from 'nomkit'

const [way, url] = process.argv.slice(2) as [string, string]
const silent = new Nomic({ baseUrl: url, apiKey: 'npk_test', pace: false })

/** Fifty calls, of which nobody hears anything; then what the test's line starts. */
function fly(then: () => void): void {
  for (let made = 0; made < 47; made++) void silent.agents.get(`agent${made}`)
  void silent.files.upload(new Uint8Array(1 << 20), { name: 'a.bin', onProgress: () => {} })
  void silent.agents.list().next()
  void silent.ask('Look')
  process.stdin.once('data', then)
}

async function idle(): Promise<void> {
  const emulator = await Emulator.start({ waiting: 0, running: 0 })
  const nomic = emulator.nomic()
  const run = await nomic.agents.launch({ prompt: 'Look' })
  await run.wait()
  const list = nomic.agents.list()
  const updates = run.updates()
  await Promise.all([list.next(), updates.next()])
  const at = performance.now()
  process.on('exit', () => console.log(performance.now() - at))
}

const ways: Readonly<Record<string, () => void>> = {
  idle: () => void idle(),
  open: () => void silent.agents.get('agent').then((agent) => console.log(agent.id)),
  aborted: () => void silent.agents.get('agent', { signal: AbortSignal.abort() }).catch(() => {}),
  before: () =>
    process.once('beforeExit', () => void silent.agents.get('agent').then((agent) => console.log(agent.id))),
  'a callback whose name is no text': () =>
    void silent.agents
      .launch({ prompt: 'Look', onProgress: Object.defineProperty(() => {}, 'name', { value: 5 }) })
      .catch(({ code }) => console.log(code)),
  exit: () => fly(() => process.exit(3)),
  'exit within a callback': () =>
    void silent.files.upload(new Uint8Array(1 << 20), { name: 'a.bin', onProgress: () => process.exit(3) }),
  signal: () => fly(() => {}),
  uncaught: () =>
    fly(() => {
      throw new Error('It is mine.')
    }),
  rejected: () => fly(() => void Promise.reject(new Error('It is mine.'))),
}
ways[way]?.()
