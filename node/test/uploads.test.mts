/** What can be uploaded, and that the platform has the very bytes of it. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, openAsBlob, openSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex, PassThrough, Readable } from 'node:stream'
import test, { after } from 'node:test'
import { pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import { createGunzip, createGzip } from 'node:zlib'
import {
  InvalidInputError,
  LocalIoError,
  RateLimitError,
  Source,
  TooLargeError,
  type Progress,
  type UploadSource,
} from 'nomkit'
import { emulator as start, stored } from './world.mjs'

const CONTENT = randomBytes(1_500_001)
const folder = mkdtempSync(join(tmpdir(), 'nomkit-'))
const path = join(folder, 'plan.bin')
writeFileSync(path, CONTENT)
const { emulator, nomic } = await start()

const digest = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

function* blocks(size = 100_000): Generator<Uint8Array> {
  for (let at = 0; at < CONTENT.length; at += size) {
    yield CONTENT.subarray(at, at + size)
    yield new Uint8Array() // No end.
  }
}

async function* later(size?: number): AsyncGenerator<Uint8Array> {
  for (const block of blocks(size)) {
    await new Promise(setImmediate)
    yield block
  }
}

function web(type?: 'bytes'): ReadableStream {
  const iterator = blocks(70_000)
  const pull = (controller: { close(): void; enqueue(block: Uint8Array): void }): void => {
    for (;;) {
      const { done, value } = iterator.next()
      if (done) return controller.close()
      if (value.length > 0) return controller.enqueue(new Uint8Array(value))
    }
  }
  return type ? new ReadableStream({ type, pull }) : new ReadableStream({ pull })
}

/** A file's server, whose answer is read. */
const server = createServer((_, response) => void createReadStream(path).pipe(response)).listen(0, '127.0.0.1')
server.unref()
await once(server, 'listening')
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
after(() => server.closeAllConnections())

function shared(): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(CONTENT.length + 8), 3, CONTENT.length)
  bytes.set(CONTENT)
  return bytes
}

function writtenLater(): PassThrough {
  const through = new PassThrough()
  setImmediate(() => {
    for (const block of blocks()) through.write(block)
    through.end()
  })
  return through
}

/** The bytes as another realm has them. */
function foreign<T>(script: string): T {
  return runInNewContext(script, { content: Array.from(CONTENT) }) as T
}

const size = CONTENT.length
const aligned = CONTENT.subarray(0, 1_500_000)
const cases: Record<string, [() => unknown, Uint8Array?, { size?: number }?]> = {
  path: [() => path],
  'file: URL': [() => pathToFileURL(path)],
  'Source.path': [() => Source.path(path)],
  Buffer: [() => CONTENT],
  'Buffer of the pool': [() => Buffer.from('one of many'), Buffer.from('one of many')],
  'Uint8Array in the middle of a buffer': [
    () => new Uint8Array(CONTENT.buffer, CONTENT.byteOffset + 7, 99_999),
    CONTENT.subarray(7, 100_006),
  ],
  ArrayBuffer: [() => new Uint8Array(CONTENT).buffer],
  SharedArrayBuffer: [() => shared().buffer, Buffer.concat([Buffer.alloc(3), CONTENT, Buffer.alloc(5)])],
  'view of a SharedArrayBuffer': [shared],
  DataView: [() => new DataView(CONTENT.buffer, CONTENT.byteOffset + 1, 5000), CONTENT.subarray(1, 5001)],
  Float64Array: [() => new Float64Array(new Uint8Array(aligned).buffer), aligned],
  'Source.bytes': [() => Source.bytes(CONTENT)],
  Blob: [() => new Blob([CONTENT])],
  'slice of a Blob': [
    () => new Blob([CONTENT, CONTENT]).slice(9, size + 9),
    Buffer.concat([CONTENT.subarray(9), CONTENT.subarray(0, 9)]),
  ],
  File: [() => new File([CONTENT], 'other.bin')],
  'Blob of a file': [() => openAsBlob(path)],
  createReadStream: [() => createReadStream(path)],
  'createReadStream of known size': [() => createReadStream(path), CONTENT, { size }],
  'createReadStream from a position': [() => createReadStream(path, { start: 99 }), CONTENT.subarray(99)],
  'createReadStream of a part': [
    () => createReadStream(path, { start: 99, end: 300_098 }),
    CONTENT.subarray(99, 300_099),
  ],
  'createReadStream that was read from': [partlyRead, CONTENT.subarray(65_536)],
  'createReadStream of a descriptor': [() => createReadStream('', { fd: openSync(path, 'r') })],
  'createReadStream of a file handle': [async () => (await open(path)).createReadStream()],
  'createReadStream of another file system': [virtual, Buffer.from('virtual')],
  IncomingMessage: [() => new Promise((resolve) => get(address, resolve))],
  'zlib pipe': [() => Readable.from(blocks()).pipe(createGzip()).pipe(createGunzip())],
  'Readable.from': [() => Readable.from(blocks())],
  'Readable.from of known size': [() => Readable.from(blocks()), CONTENT, { size }],
  'Readable.from one large chunk': [() => Readable.from([CONTENT]), CONTENT, { size }],
  'Readable of objects': [
    () =>
      new Readable({
        objectMode: true,
        read() {
          this.push(new Uint16Array([1, 2]).buffer)
          this.push(null)
        },
      }),
    Buffer.from([1, 0, 2, 0]),
  ],
  'PassThrough written later': [writtenLater],
  Duplex: [() => Duplex.from(later())],
  ReadableStream: [() => web()],
  'ReadableStream of bytes': [() => web('bytes'), CONTENT, { size }],
  'body of a fetch': [async () => (await fetch(address)).body],
  'stream of a Blob': [() => new Blob([CONTENT]).stream()],
  'Readable.toWeb': [() => Readable.toWeb(createReadStream(path))],
  generator: [() => blocks()],
  'generator of known size': [() => blocks(), CONTENT, { size }],
  'generator of small blocks': [() => blocks(1000), CONTENT, { size }],
  'async generator': [() => later()],
  'async generator of known size': [() => later(), CONTENT, { size }],
  list: [() => [CONTENT.subarray(0, 7), new Uint8Array(CONTENT.subarray(7, 9)), CONTENT.subarray(9)]],
  'Source.stream': [() => Source.stream(later())],
  'Source.stream of known size': [() => Source.stream(later(), { size })],
  'Source.stream of a Blob': [() => Source.stream(new Blob([CONTENT]))],
  'Uint8Array of another realm': [() => foreign('new Uint8Array(content)')],
  'ArrayBuffer of another realm': [() => foreign('new Uint8Array(content).buffer')],
  'generator of another realm': [() => foreign('(function* () { yield new Uint8Array(content) })()')],
}

async function partlyRead(): Promise<Readable> {
  const stream = createReadStream(path)
  await once(stream, 'readable')
  assert.equal((stream.read() as Buffer).length, 65_536)
  return stream
}

function virtual(): Readable {
  const content = Buffer.from('virtual')
  let at = 0
  const fs = {
    open: (_path: string, _flags: string, _mode: number, done: (error: null, fd: number) => void) =>
      setImmediate(done, null, 0),
    read: (
      _fd: number,
      buffer: Uint8Array,
      offset: number,
      _length: number,
      _position: number,
      done: (error: null, read: number, buffer: Uint8Array) => void,
    ) => {
      const read = content.copy(buffer, offset, at)
      at += read
      setImmediate(done, null, read, buffer)
    },
    close: (_fd: number, done: (error: null) => void) => setImmediate(done, null),
  }
  return createReadStream('/virtual', { fs: fs as never })
}

for (const [name, [make, content = CONTENT, options = {}]] of Object.entries(cases)) {
  test(`the platform has the very bytes: ${name}`, async () => {
    await emulator.reset()
    const source = (await make()) as UploadSource
    const file = await nomic.files.upload(source, { path: 'plan.bin', ...options })
    assert.deepEqual([file.name, file.size], ['plan.bin', content.length])
    assert.deepEqual(await stored(emulator), [['plan.bin', digest(content)]])
    if (source instanceof Readable) {
      await new Promise(setImmediate)
      assert.ok(source.readableEnded, 'it has ended')
      await assert.rejects(nomic.files.upload(source, { name: 'plan.bin' }), InvalidInputError)
    }
    if (source instanceof ReadableStream)
      await assert.rejects(nomic.files.upload(source, { name: 'plan.bin' }), InvalidInputError)
  })
}

test('a name comes from a path and a File, and from nothing else', async () => {
  assert.equal((await nomic.files.upload(path)).name, 'plan.bin')
  assert.equal((await nomic.files.upload(new File([CONTENT], 'named.bin'))).name, 'named.bin')
  assert.equal((await nomic.files.upload(new File([CONTENT], 'named.bin'), { name: 'b.bin' })).name, 'b.bin')
  assert.equal((await nomic.files.upload(Source.bytes(CONTENT, { name: 'c.bin' }))).name, 'c.bin')
  assert.equal((await nomic.files.upload(CONTENT, { path: 'folder/d.bin' })).name, 'd.bin')
  await emulator.reset()
  const left = createReadStream(path)
  for (const source of [CONTENT, new Blob([CONTENT]), blocks(), left, Source.bytes(CONTENT)]) {
    await assert.rejects(nomic.files.upload(source), { code: 'invalid_input', argument: 'name' })
  }
  assert.deepEqual((await emulator.ledger()).requests, [])
  // Refused before it was read, it is as it was.
  assert.equal((await nomic.files.upload(left, { name: 'left.bin' })).size, CONTENT.length)
})

for (const name of ['Plän – Übersicht.pdf', '計画.pdf', 'a\r\nb.pdf', 'a"b;c.pdf', '\u202efdp.exe', 'x'.repeat(250)]) {
  test(`odd names arrive as one name: ${JSON.stringify(name).slice(0, 40)}`, async () => {
    await emulator.reset()
    writeFileSync(join(folder, name), 'text')
    await nomic.files.upload(join(folder, name))
    await nomic.files.upload(pathToFileURL(join(folder, name)))
    await nomic.files.upload(Buffer.from('text'), { name })
    await nomic.files.upload(new File(['text'], name))
    const found = await stored(emulator)
    assert.deepEqual(new Set(found.map(([, hash]) => hash)), new Set([digest(Buffer.from('text'))]))
    const names = new Set(found.map(([name]) => name))
    assert.ok(names.size === 1 && (names.has(name) || /[\r\n"\u202e]/.test(name)), [...names].join())
  })
}

test('what is wrong is said before a byte is sent', async () => {
  await emulator.reset()
  const locked = web()
  locked.getReader()
  const destroyed = createReadStream(path)
  destroyed.destroy()
  const text = createReadStream(path, 'utf8')
  const huge = {
    size: 500 * 1024 ** 2 + 1,
    slice: () => assert.fail(),
    arrayBuffer: () => assert.fail(),
  } as unknown as Blob
  const wrong: [unknown, object, RegExp][] = [
    [5, {}, /not a number/],
    [null, {}, /not null/],
    [undefined, {}, /not undefined/],
    [{ a: CONTENT }, {}, /not an object/],
    [() => CONTENT, {}, /not a function/],
    [new Map(), {}, /empty/],
    ['half \ud800', {}, /half a character/],
    [CONTENT, { name: '\udfff.pdf' }, /half a character/],
    [CONTENT, { name: 'a/b.pdf' }, /`\/`/],
    [CONTENT, { name: 'a\0b.pdf' }, /NUL/],
    [CONTENT, { path: '../b.pdf' }, /is not a path/],
    [new URL('https://example.org/a.pdf'), {}, /not a file's/],
    [new URL('file://elsewhere/a.pdf'), {}, /names no file/],
    [CONTENT, { size: 4 }, /is known/],
    [path, { size: 4 }, /is known/],
    [new Blob([CONTENT]), { size: 4 }, /is known/],
    [[CONTENT], { size: -1 }, /0 or more/],
    [[CONTENT], { size: 1.5 }, /0 or more/],
    [[CONTENT], { size: '4' }, /0 or more/],
    [[CONTENT], { size: NaN }, /0 or more/],
    [new Uint8Array(), {}, /is empty/],
    [new Blob([]), {}, /is empty/],
    [[], {}, /is empty/],
    [[new Uint8Array()], {}, /is empty/],
    [Readable.from([]), {}, /is empty/],
    [[], { size: 0 }, /is empty/],
    [['text'], {}, /text/],
    [Readable.from(['text']), {}, /text/],
    [new Blob(['a']).stream().pipeThrough(new TextDecoderStream()), {}, /text/],
    [[5], {}, /gave a number/],
    [[{}], {}, /gave an object/],
    [text, {}, /encoding/],
    [locked, {}, /locked/],
    [destroyed, {}, /destroyed before/],
    [folder, {}, /directory/],
    [Source.path(folder), {}, /directory/],
  ]
  for (const [source, options, words] of wrong) {
    const failed = nomic.files.upload(source as UploadSource, { name: 'a.txt', ...options })
    await assert.rejects(
      failed,
      (error) => error instanceof InvalidInputError && words.test(error.message),
      String(words),
    )
  }
  await assert.rejects(nomic.files.upload(join(folder, 'missing')), LocalIoError)
  await assert.rejects(nomic.files.upload(huge, { name: 'a.bin' }), TooLargeError)
  await assert.rejects(nomic.files.upload(blocks(), { name: 'a.bin', size: 600 * 1024 ** 2 }), TooLargeError)
  assert.deepEqual((await emulator.ledger()).requests, [])
  text.destroy()
})

test('what can be read again is sent again after a rate limit', async () => {
  await emulator.reset()
  const limit = { status: 429, headers: { 'Retry-After': '0' }, body: { error: 'slow' } }
  const kept = [CONTENT, new Blob([CONTENT]), createReadStream(path), blocks(), Source.path(path)]
  for (const source of kept) {
    await emulator.fault('POST /files/upload', 'status', limit)
    assert.equal((await nomic.files.upload(source, { name: 'plan.bin' })).size, CONTENT.length)
  }
  assert.deepEqual(new Set((await stored(emulator)).map(([, hash]) => hash)), new Set([digest(CONTENT)]))
  await emulator.fault('POST /files/upload', 'status', limit)
  await assert.rejects(nomic.files.upload(blocks(), { name: 'plan.bin', size }), RateLimitError)
  assert.equal((await stored(emulator)).length, kept.length)
})

test('an upload is told of in phases', async () => {
  const phases = async (source: UploadSource, options = {}): Promise<string[]> => {
    const told: Progress[] = []
    // The limit that was met above may put it off for a moment.
    const onProgress = (progress: Progress) => void (progress.phase === 'throttled' || told.push(progress))
    await nomic.files.upload(source, { name: 'plan.bin', onProgress, ...options })
    const last = told.at(-1)
    assert.deepEqual([last?.phase, last?.done, last?.total], ['accepted', size, size])
    for (const { phase, done, total } of told) assert.ok(done <= size && total === (phase === 'reading' ? null : size))
    return [...new Set(told.map((progress) => progress.phase))]
  }
  assert.deepEqual((await phases(blocks()))[0], 'reading')
  for (const source of [path, CONTENT, new Blob([CONTENT]), createReadStream(path)]) {
    assert.ok(!(await phases(source)).includes('reading'))
  }
  assert.ok(!(await phases(blocks(), { size })).includes('reading'))
})

test('progress is told at most ten times a second', async () => {
  const told: number[] = []
  const slowly = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < 300; at++) {
      await new Promise((resolve) => setTimeout(resolve, 3))
      yield CONTENT.subarray(0, 1000)
    }
  }
  for (const options of [{}, { size: 300_000 }]) {
    told.length = 0
    const started = performance.now()
    await nomic.files.upload(slowly(), { name: 'a.bin', onProgress: () => told.push(1), ...options })
    // The first, the last, and one in each tenth of a second.
    assert.ok(told.length <= (performance.now() - started) / 100 + 3, `${told.length}`)
  }
})
