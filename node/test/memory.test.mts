/** However large a source is, memory stays flat. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { ftruncateSync, openSync } from 'node:fs'
import { join } from 'node:path'
import test, { afterEach } from 'node:test'
import { promisify } from 'node:util'
import { emulator as start, folder as temporary } from './world.mjs'

const SIZE = 200 << 20
const { emulator } = await start()
const path = join(await temporary(), 'large.bin')
ftruncateSync(openSync(path, 'w'), SIZE)
// The emulator keeps what it has.
afterEach(() => emulator.reset())

/** How much a process of its own takes at its peak over what it took before `work`, in MiB. */
async function grown(before: string, work: string): Promise<number> {
  const program = `
    import { createReadStream, openAsBlob, readFileSync } from 'node:fs'
    import { PassThrough } from 'node:stream'
    import { Nomic } from 'nomkit'
    const [path, size] = [${JSON.stringify(path)}, ${SIZE}]
    const nomic = new Nomic({ baseUrl: ${JSON.stringify(emulator.url)}, apiKey: ${JSON.stringify(emulator.apiKey)} })
    const peak = () => Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
    for (const small of [Buffer.from('a'), [Buffer.from('a')], new Blob(['a'])]) await nomic.files.upload(small, { name: 'a' })
    ${before}
    const base = peak()
    ${work}
    console.log(peak() - base)`
  const given = ['--input-type=module', '-e', program]
  const { stdout } = await promisify(execFile)(process.execPath, given, { cwd: import.meta.dirname, timeout: 120_000 })
  return Number(stdout)
}

const upload = (source: string): string => `
  const file = await nomic.files.upload(${source}, { name: 'large.bin' })
  if (file.size !== size) throw new Error(file.size)`

const linux = process.platform === 'linux' ? false : 'only Linux tells the peak'

for (const [name, source, before] of [
  ['a path', 'path', ''],
  ['a Readable of a file', 'createReadStream(path)', ''],
  ['a Buffer', 'bytes', 'const bytes = Buffer.alloc(size, 1)'],
  [
    'a generator',
    '(function* () { const block = Buffer.alloc(1 << 20); for (let at = 0; at < 200; at++) yield block })()',
    '',
  ],
] as const) {
  test(`200 MB from ${name} take no memory`, { skip: linux }, async () => {
    const more = await grown(before, upload(source))
    assert.ok(more < 16, `${more.toFixed(1)} MiB`)
  })
}

// V8 keeps up to some 32 MB of blocks that nobody needs any more: what counts is what an upload adds to reading.
for (const [name, source, read] of [
  ['a Readable', 'createReadStream(path).pipe(new PassThrough())', 'for await (const _ of source);'],
  [
    'a Blob of a file',
    'await openAsBlob(path)',
    'for (let at = 0; at < size; at += 1 << 20) await source.slice(at, at + (1 << 20)).arrayBuffer()',
  ],
] as const) {
  test(`200 MB from ${name} take no more memory than reading it does`, { skip: linux }, async () => {
    const [uploading, reading] = [await grown('', upload(source)), await grown('', `const source = ${source}; ${read}`)]
    assert.ok(uploading < reading + 16, `${uploading.toFixed(1)} MiB, and ${reading.toFixed(1)} for reading`)
  })
}
