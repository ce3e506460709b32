/** A folder is uploaded file by file, and each file has an outcome of its own. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import {
  AuthenticationError,
  BadRequestError,
  InvalidInputError,
  LocalIoError,
  type Progress,
  type UploadOutcome,
} from 'nomkit'
import { emulator as start, folder as temporary, requests, stored, thrown } from './world.mjs'

const { emulator, nomic } = await start()
const outside = await temporary()
const site = join(await temporary(), 'site')
const files: Record<string, string> = {
  'b.md': 'second',
  'a.md': 'first',
  'drawings/plan.md': 'plan',
  'drawings/level 2/same.md': 'first',
  'empty.md': '',
  'notes.txt': 'notes',
  '.hidden/secret.md': 'secret',
  '.env': 'secret',
}
for (const [name, content] of Object.entries(files)) {
  mkdirSync(dirname(join(site, name)), { recursive: true })
  writeFileSync(join(site, name), content)
}
if (process.platform !== 'win32') execFileSync('mkfifo', [join(site, 'pipe.md')])
writeFileSync(join(outside, 'other.md'), 'other')
symlinkSync(outside, join(site, 'link'))

async function check(outcomes: readonly UploadOutcome[]): Promise<void> {
  const by = new Map(outcomes.map((outcome) => [outcome.source, outcome]))
  assert.deepEqual([...by.keys()], [...by.keys()].sort())
  const sent = [...by.values()].filter((outcome) => outcome.file).map((outcome) => outcome.source)
  assert.deepEqual(new Set(sent), new Set(['a.md', 'b.md', 'drawings/plan.md', 'drawings/level 2/same.md']))
  const empty = by.get('empty.md')?.error
  assert.ok(empty instanceof InvalidInputError && /is empty/.test(empty.message))
  const same = by.get('drawings/level 2/same.md')
  assert.deepEqual([same?.sameAs, same?.file, same?.error], ['a.md', by.get('a.md')?.file, null])
  const places = (await emulator.ledger()).files.map((file) => file['path'])
  assert.deepEqual(new Set(places), new Set(['site/2026/a.md', 'site/2026/b.md', 'site/2026/drawings/plan.md']))
}

test('each file of a folder has an outcome', async () => {
  const told: Progress[] = []
  const options = { pattern: '**/*.md', path: 'site/2026' }
  await check(await nomic.files.uploadFolder(site, { ...options, onProgress: (progress) => told.push(progress) }))
  assert.equal(told.filter((progress) => progress.phase === 'accepted').length, 1)
  assert.equal(told.at(-1)?.done, told.at(-1)?.total)
  await emulator.reset()
  await check(await nomic.files.uploadFolder(pathToFileURL(site), options))
})

test('patterns choose among the files', async () => {
  const sources = async (pattern?: string): Promise<string[]> =>
    (await nomic.files.uploadFolder(site, { pattern })).map((outcome) => outcome.source)
  assert.deepEqual(await sources('*.txt'), ['notes.txt'])
  assert.deepEqual(await sources('drawings/**/*.md'), ['drawings/level 2/same.md', 'drawings/plan.md'])
  const all = await sources()
  assert.ok(all.includes('notes.txt') && !all.some((name) => /\.env|secret|other/.test(name)))
})

test('what is no folder is refused', async () => {
  await emulator.reset()
  for (const [folder, pattern] of [
    [join(site, 'a.md'), '**/*'],
    [site, '*.pdf'],
    [site, '['],
  ] as const) {
    assert.ok((await thrown(() => nomic.files.uploadFolder(folder, { pattern }))) instanceof InvalidInputError)
  }
  assert.ok((await thrown(() => nomic.files.uploadFolder(join(site, 'missing')))) instanceof LocalIoError)
  assert.ok(
    (await thrown(() => nomic.files.uploadFolder(new URL('https://example.org/site')))) instanceof InvalidInputError,
  )
  assert.deepEqual(await requests(emulator), [])
})

test('an error that befalls every file ends the sending', async () => {
  await emulator.reset()
  const outcomes = await emulator.nomic({ apiKey: 'npk_emu_wrong' }).files.uploadFolder(site, { pattern: '**/*.md' })
  assert.ok(outcomes.filter((outcome) => outcome.error instanceof AuthenticationError).length >= 3)
  assert.ok(outcomes.every((outcome) => !outcome.file))
  assert.equal((await requests(emulator)).length, 1)
})

test('one refused file stops no other', async () => {
  await emulator.reset()
  await emulator.fault('POST /files/upload', 'status', { status: 400, body: { error: 'no' } })
  const outcomes = await nomic.files.uploadFolder(site, { pattern: '{a,b}.md' })
  assert.ok(outcomes[0]?.error instanceof BadRequestError && outcomes[1]?.error === null)
  assert.deepEqual(
    (await stored(emulator)).map(([name]) => name),
    ['b.md'],
  )
})

test('an aborted folder sends no further file', async () => {
  await emulator.reset()
  // The first file's answer never comes; its progress does.
  await emulator.fault('POST /files/upload', 'stall')
  const controller = new AbortController()
  const aborting = { pattern: '{a,b}.md', signal: controller.signal, onProgress: () => controller.abort('enough') }
  assert.equal(await thrown(() => nomic.files.uploadFolder(site, aborting)), 'enough')
  assert.equal((await requests(emulator, 'POST /files/upload')).length, 1)
  await emulator.clearFaults()
})
