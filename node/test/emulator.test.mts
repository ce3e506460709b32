import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test, { beforeEach } from 'node:test'
import { inspect } from 'node:util'
import {
  AuthenticationError,
  ConfigError,
  ConnectError,
  Emulator,
  InvalidInputError,
  ProtocolError,
  RateLimitError,
  ServerError,
  SpendLimitError,
} from 'nomkit'
import { emulator, failure, folder, requests, server } from './world.mjs'

const { emulator: platform, nomic } = await emulator()
const nobody = '019abc12-3456-7890-abcd-ef1234567890'
beforeEach(() => platform.reset())

/** Whether anybody listens there. */
async function listens(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  try {
    return await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)])
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

test('one starts, answers and ends, with its scope or by a stop', async () => {
  const started = await Emulator.start()
  assert.deepEqual(await started.nomic().agents.list().first(1), [])
  assert.ok(await listens(started.url))
  await started[Symbol.asyncDispose]()
  await started.stop()
  assert.equal(await listens(started.url), false)
  await Promise.all([started.stop(), started.stop()])
  const error = await failure(ConnectError, () => started.ledger())
  assert.match(error.message, /cannot be reached/)
  assert.ok(error.cause instanceof Error)
})

test('a state that is kept outlives it', async () => {
  const data = join(await folder(), 'state')
  const first = await Emulator.start({ data, waiting: 0, running: 0, persona: 'plain' })
  const run = await first.nomic().agents.launch({ prompt: 'Look' })
  await first.stop()
  const second = await Emulator.start({ data })
  try {
    assert.equal((await second.nomic({ apiKey: first.apiKey }).agents.get(run.agentId)).id, run.agentId)
  } finally {
    await second.stop()
  }
})

test('one that runs already is connected to, and goes on after a stop', async () => {
  const { url, apiKey, token } = platform
  for (const place of [url, `${url}/`, new URL(url)]) {
    const other = Emulator.connect(place, { apiKey, token })
    await other.nomic().agents.list().first(1)
    await other.stop()
  }
  assert.equal((await requests(platform, 'GET /agents')).length, 3)
})

test('how to reach one comes from the environment otherwise', async () => {
  const names = ['NOMIC_API_KEY', 'NOMKIT_EMULATOR_TOKEN'] as const
  for (const name of names) delete process.env[name]
  try {
    assert.match((await failure(ConfigError, () => Emulator.connect(platform.url))).message, /NOMIC_API_KEY/)
    process.env['NOMIC_API_KEY'] = platform.apiKey
    assert.match((await failure(ConfigError, () => Emulator.connect(platform.url))).message, /NOMKIT_EMULATOR_TOKEN/)
    process.env['NOMKIT_EMULATOR_TOKEN'] = platform.token
    await Emulator.connect(platform.url).ledger()
  } finally {
    for (const name of names) delete process.env[name]
  }
})

test('what is no emulator is told apart', async () => {
  const known = { apiKey: 'npk_x', token: 'x' }
  for (const url of ['', 'acme', 'https://127.0.0.1:1', 'ftp://127.0.0.1', undefined, null, 5]) {
    assert.equal((await failure(InvalidInputError, () => Emulator.connect(url as never, known))).argument, 'url')
  }
  const page = await server((_, response) => response.end('<html>'))
  await failure(ProtocolError, () => Emulator.connect(page, known).ledger())
  const stranger = Emulator.connect(platform.url, known)
  assert.match((await failure(InvalidInputError, () => stranger.ledger())).message, /refused/)
})

test('a command that is missing, or is another, is a matter of configuration', async () => {
  const named = process.env['NOMKIT_CLI']
  const place = await folder()
  const script = async (name: string, text: string): Promise<string> => {
    const path = join(place, name)
    await writeFile(path, `#!/bin/sh\n${text}\n`)
    await chmod(path, 0o700)
    return path
  }
  const cases: [string, RegExp][] = [
    [join(place, 'missing'), /ENOENT/],
    [place, /EACCES/],
    [await script('silent', 'exit 3'), /last words/],
    [await script('chatty', 'echo Hello'), /is not the nomkit command/],
    [await script('json', 'echo "{}"'), /is not the nomkit command/],
    [await script('number', 'echo 5'), /is not the nomkit command/],
  ]
  try {
    for (const [program, words] of cases) {
      process.env['NOMKIT_CLI'] = program
      const error = await failure(ConfigError, () => Emulator.start())
      assert.match(error.message, words)
      assert.match(error.message, /^The emulator did not start; /)
    }
  } finally {
    process.env['NOMKIT_CLI'] = named
  }
})

test('it ends when the process that started it is killed', async () => {
  const program = `import { Emulator } from 'nomkit'
    console.log((await Emulator.start()).url)
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  assert.ok(await listens(url))
  child.kill('SIGKILL')
  await once(child, 'exit')
  while (await listens(url)) await new Promise(setImmediate)
})

test('it keeps no process alive', async () => {
  const program = "import { Emulator } from 'nomkit'; console.log((await Emulator.start()).url)"
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  if (child.exitCode === null) await once(child, 'exit')
  assert.equal(child.exitCode, 0)
  while (await listens(url)) await new Promise(setImmediate)
})

test('faults come, are reported, and are taken away', async () => {
  const once = platform.nomic({ retries: 0 })
  const id = await platform.fault('GET /agents/{id}', 'status', { status: 500, times: 2, skip: 1 })
  assert.deepEqual(await platform.faultReport(id), { ...(await platform.faultReport(id)), hits: 0, completed: 0 })
  await assert.rejects(once.agents.get(nobody), { code: 'not_found' })
  await failure(ServerError, () => once.agents.get(nobody))
  const { hits, completed } = await platform.faultReport(id)
  assert.deepEqual([hits, completed], [1, 1])
  await platform.clearFaults()
  await assert.rejects(once.agents.get(nobody), { code: 'not_found' })
})

test('a fault that there is not, or with a parameter that it has not, is refused', async () => {
  for (const [operation, fault, options] of [
    ['POST /agents', 'nonsense', {}],
    ['GET /nonsense', 'reset', {}],
    ['POST /agents', 'status', { status: 'x' }],
    ['POST /agents', 'reset', { nonsense: 1 }],
  ] as const) {
    const error = await failure(InvalidInputError, () => platform.fault(operation, fault, options))
    assert.match(error.message, /^The emulator refused: /)
  }
  await failure(InvalidInputError, () => platform.fault('*', 'reset', { status: 5n as never }))
  await failure(InvalidInputError, () => platform.faultReport('../ledger'))
})

test('the clock is read, set and moved, in milliseconds', async () => {
  const now = new Date('2030-01-02T03:04:05.678Z')
  assert.ok(Math.abs((await platform.clock({ now })).getTime() - now.getTime()) < 5_000)
  const later = await platform.clock({ advance: 3_600_000 })
  assert.ok(later.getTime() - now.getTime() >= 3_600_000)
  assert.ok(Math.abs((await platform.clock({ offset: -60_000 })).getTime() - (Date.now() - 60_000)) < 5_000)
  assert.ok((await platform.clock()) instanceof Date)
  await failure(InvalidInputError, () => platform.clock({ now, advance: 1 }))
  await failure(InvalidInputError, () => platform.clock({ advance: '1' as never }))
  for (const odd of [new Date(NaN), '2026-01-01' as never, null as never]) {
    assert.equal((await failure(InvalidInputError, () => platform.clock({ now: odd }))).argument, 'now')
  }
})

test('limits of rate and of money hold', async () => {
  await platform.rates({ enabled: true, standard: 1, burst: 1 })
  const limits = await platform.rates()
  assert.deepEqual([limits.enabled, limits.standard, limits.burst], [true, 1, 1])
  const impatient = platform.nomic({ retries: 0, pace: false })
  await impatient.agents.list().first(1)
  await failure(RateLimitError, () => impatient.agents.list().first(1))
  await platform.rates({ enabled: false })
  await platform.spend(1)
  await nomic.agents.launch({ prompt: 'Look' })
  await failure(SpendLimitError, () => nomic.agents.launch({ prompt: 'Look' }))
  await platform.spend(null)
  await nomic.agents.launch({ prompt: 'Look' })
})

test('timing, persona and keys are set', async () => {
  await platform.timing({ waiting: 60_000 })
  assert.equal((await nomic.agents.launch({ prompt: 'Look' })).status, 'waiting')
  await platform.timing({ waiting: 0, running: 0 })
  await platform.persona('drifted')
  const { agent } = await nomic.ask('Look')
  assert.equal(agent.status, 'finished')
  await failure(InvalidInputError, () => platform.persona('nonsense' as never))
  assert.match(await platform.key(['developer']), /^npk_/)
  await failure(AuthenticationError, () => platform.nomic({ apiKey: 'npk_emu_wrong' }).agents.get(nobody))
})

test('a reset forgets, and the ledger tells', async () => {
  await nomic.agents.launch({ prompt: 'Look' })
  const { requests, agents, files } = await platform.ledger()
  assert.deepEqual([requests.length, agents.length, files.length], [1, 1, 0])
  assert.equal(requests[0]?.['operation'], 'POST /agents')
  await platform.reset()
  assert.deepEqual((await platform.ledger()).agents, [])
})

test('what is printed holds neither key nor token', () => {
  for (const text of [inspect(platform), JSON.stringify(platform)]) {
    assert.ok(text.includes(platform.url) && !text.includes(platform.apiKey) && !text.includes(platform.token), text)
  }
})
