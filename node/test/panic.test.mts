/** A bug of ours that panics ends its own call, with an UnexpectedError, and nothing else. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { run } from './program.mjs'
import { addonOf, project } from './project.mjs'
import { emulator } from './world.mjs'

const root = fileURLToPath(new URL('../../../', import.meta.url))

const program = `
const assert = require('node:assert/strict')
const { Nomic, UnexpectedError } = require('nomkit')
const { call, now, told } = require('./node_modules/nomkit/dist/call.js')
const { native } = require('./node_modules/nomkit/dist/native.js')

async function main() {
  const nomic = new Nomic({ baseUrl: process.env.EMULATOR, apiKey: process.env.KEY })
  const run = await nomic.agents.launch({ prompt: 'Look' })
  const others = [run.wait(), nomic.agents.get(run.agentId), nomic.agents.list().first(1)]
  const unexpected = (error) => error instanceof UnexpectedError && error.code === 'internal'
  for (const place of ['core', 'value', 'words', 'before']) {
    const probed = () => call((queue, number) => native().probe(place, queue, number))
    await assert.rejects(probed(), unexpected, place)
    others.push(...[probed(), probed()].map((call) => assert.rejects(call, unexpected)), nomic.agents.get(run.agentId))
  }
  assert.throws(() => now(native().probeNow()), unexpected)
  assert.throws(() => told(native().probeTold()), unexpected)
  const [result] = await Promise.all(others)
  assert.ok(result.text)
  assert.equal((await nomic.agents.get(run.agentId)).status, 'finished')
  console.log('done')
}
void main()
`

test('the call rejects, the client lives on, and other calls go on', async () => {
  const { emulator: shared } = await emulator()
  const folder = await project({ 'panic.cjs': program })
  // What is released is one file; this asks for parts of it.
  const dist = join(folder, 'node_modules/nomkit/dist')
  await promisify(execFile)(join(root, 'node/node_modules/.bin/tsc'), ['-p', join(root, 'node'), '--outDir', dist])
  const addon = addonOf(folder)
  await rm(addon)
  await copyFile(await probed(), addon)
  const env = { EMULATOR: shared.url, KEY: shared.apiKey }
  const { code, out, errors } = await run(join(folder, 'panic.cjs'), [], {
    env,
    flags: ['--unhandled-rejections=strict'],
  })
  assert.deepEqual({ code, out }, { code: 0, out: 'done\n' }, errors)
})

test('no panic passes a native function: each one catches them', async () => {
  const sources = join(root, 'bindings/node/src')
  for (const file of await readdir(sources)) {
    const text = await readFile(join(sources, file), 'utf8')
    for (const [, given, named] of text.matchAll(
      /#\[napi(\([^)]*\))?\]\s+(?:#\[[^\]]*\]\s+)*pub(?:\(crate\))? fn (\w+)/g,
    )) {
      assert.match(given ?? '', /catch_unwind/, `${file}: ${named}`)
    }
  }
})

test('what is released cannot be told to panic', () => {
  const addon = createRequire(import.meta.url)('nomkit/package.json') as { name: string }
  const installed = createRequire(createRequire(import.meta.url).resolve(`${addon.name}/package.json`))
  const native = installed(`@nomkit/${process.platform}-${process.arch}-gnu`) as object
  assert.deepEqual(
    Object.keys(native).filter((name) => name.startsWith('probe')),
    [],
  )
})

/** The addon with the probe. */
async function probed(): Promise<string> {
  const given = ['build', '--quiet', '-p', 'nomkit-node', '--features', 'probe', '--message-format', 'json']
  const { stdout } = await promisify(execFile)('cargo', given, { cwd: root, maxBuffer: 1 << 28 })
  const messages = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { target?: { name: string }; filenames?: string[] })
  const built = messages.filter(({ target }) => target?.name === 'nomkit_node').at(-1)?.filenames?.[0]
  assert.ok(built)
  return built
}
