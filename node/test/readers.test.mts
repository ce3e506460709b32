/** Streams and iterators of the caller: what they raise, how far they are read, and when they are left alone. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, existsSync, ftruncateSync, openSync, writeFileSync, writeSync, utimesSync } from 'node:fs'
import { createServer as createHttp, get, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import test, { after } from 'node:test'
import { createGunzip } from 'node:zlib'
import {
  AuthenticationError,
  InvalidInputError,
  Nomic,
  Source,
  SourceChangedError,
  TooLargeError,
  type UploadSource,
} from 'nomkit'
import { emulator as start, folder as temporary, requests, stored, thrown } from './world.mjs'

const MEGABYTE = Buffer.alloc(1 << 20, 'x')
const { emulator, nomic } = await start()
const folder = await temporary()
const tick = (): Promise<void> => new Promise(setImmediate)
const sizes = [undefined, 50 << 20]
const names = async (): Promise<string[]> => (await stored(emulator)).map(([name]) => name)

/** A file of zeros. */
function file(name: string, size: number): string {
  const path = join(folder, name)
  ftruncateSync(openSync(path, 'w'), size)
  return path
}

interface Watched {
  readonly source: UploadSource
  /** Whether it was let go of. */
  over(): boolean
}

type Kind = (blocks: () => AsyncGenerator<Uint8Array>) => Watched

const kinds: Record<string, Kind> = {
  Readable(blocks) {
    const source = Readable.from(blocks(), { objectMode: false })
    return { source, over: () => source.destroyed }
  },
  PassThrough(blocks) {
    const source = new PassThrough()
    void (async () => {
      try {
        for await (const block of blocks()) {
          if (source.destroyed) return
          if (!source.write(block)) await once(source, 'drain')
        }
        source.end()
      } catch (error) {
        source.destroy(error as Error)
      }
    })().catch(() => {})
    return { source, over: () => source.destroyed }
  },
  ReadableStream(blocks) {
    let cancelled = false
    const iterator = blocks()
    const source = new ReadableStream({
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel() {
        cancelled = true
      },
    })
    return { source, over: () => cancelled }
  },
  'async generator'(blocks) {
    let returned = false
    const source = (async function* () {
      try {
        yield* blocks()
      } finally {
        returned = true
      }
    })()
    return { source, over: () => returned }
  },
  'async iterable'(blocks) {
    let returned = false
    const iterator = blocks()
    const next = (): Promise<IteratorResult<Uint8Array>> => iterator.next()
    const leave = async (): Promise<IteratorResult<Uint8Array>> => ((returned = true), { done: true, value: undefined })
    return { source: { [Symbol.asyncIterator]: () => ({ next, return: leave }) }, over: () => returned }
  },
}

for (const [kind, made] of Object.entries(kinds)) {
  for (const size of sizes) {
    const sized = size === undefined ? 'without a size' : 'with a size'
    const options = { name: 'plan.bin', size }

    test(`what a ${kind} ${sized} raises comes out as it is`, async () => {
      await emulator.reset()
      const error = new Error('mine')
      const { source } = made(async function* () {
        yield MEGABYTE
        yield MEGABYTE
        throw error
      })
      assert.equal(await thrown(() => nomic.files.upload(source, options)), error)
      assert.deepEqual(await names(), [])
      assert.equal((await nomic.files.upload(Buffer.from('text'), { name: 'a.txt' })).size, 4)
    })

    test(`an upload from a ${kind} ${sized} that never ends is aborted`, async () => {
      await emulator.reset()
      const controller = new AbortController()
      const { source, over } = made(async function* () {
        yield MEGABYTE
        queueMicrotask(() => controller.abort('enough'))
        await new Promise(() => {})
      })
      assert.equal(await thrown(() => nomic.files.upload(source, { ...options, signal: controller.signal })), 'enough')
      await tick()
      // A generator that never comes back cannot be told to return.
      if (kind !== 'async generator') assert.ok(over(), 'it was let go of')
      assert.deepEqual(await names(), [])
    })

    // Streams of bytes see to that themselves.
    if (kind === 'Readable' || kind === 'PassThrough') continue

    test(`a ${kind} ${sized} is let go of when it gives what is no bytes`, async () => {
      await emulator.reset()
      const { source, over } = made(async function* () {
        yield MEGABYTE
        yield 5 as never
        yield MEGABYTE
        await new Promise(() => {})
      })
      assert.ok((await thrown(() => nomic.files.upload(source, options))) instanceof InvalidInputError)
      await tick()
      assert.ok(over(), 'it was let go of')
      assert.deepEqual(await names(), [])
    })
  }

  test(`a wrong size of a ${kind} is found before the file is whole`, async () => {
    await emulator.reset()
    for (const size of [(3 << 20) - 1, (3 << 20) + 1, 1, 400 << 20]) {
      const { source } = made(async function* () {
        yield* [MEGABYTE, MEGABYTE, MEGABYTE]
      })
      assert.ok(
        (await thrown(() => nomic.files.upload(source, { name: 'plan.bin', size }))) instanceof SourceChangedError,
        `${size}`,
      )
    }
    assert.deepEqual(await names(), [])
  })

  test(`an endless ${kind} is too large`, async () => {
    await emulator.reset()
    const { source, over } = made(async function* () {
      for (;;) yield MEGABYTE
    })
    assert.ok((await thrown(() => nomic.files.upload(source, { name: 'plan.bin' }))) instanceof TooLargeError)
    await tick()
    assert.ok(over(), 'it was let go of')
    assert.deepEqual(await requests(emulator), [])
  })

  test(`a refused upload asks its ${kind} for no more`, async () => {
    let pulled = 0
    const { source, over } = made(async function* () {
      for (; ; pulled++) yield MEGABYTE
    })
    const stranger = emulator.nomic({ apiKey: 'npk_emu_wrong' })
    assert.ok(
      (await thrown(() => stranger.files.upload(source, { name: 'a.bin', size: 400 << 20 }))) instanceof
        AuthenticationError,
    )
    await tick()
    assert.ok(pulled < 400 && over(), `${pulled} of 400`)
  })
}

test('text of an object stream is refused, and the stream destroyed', async () => {
  const stream = Readable.from(['text', 'more'])
  assert.match(String(await thrown(() => nomic.files.upload(stream, { name: 'a.txt' }))), /gives text/)
  assert.ok(stream.destroyed)
})

test('what a stream of Node raises by itself comes out as it is', async () => {
  await emulator.reset()
  const missing = createReadStream(join(folder, 'missing'))
  const failed = once(missing, 'error').catch((error: unknown) => [error])
  const raised = await thrown(() => nomic.files.upload(missing, { name: 'a.bin' }))
  assert.equal(raised, (await failed)[0])
  assert.equal((raised as NodeJS.ErrnoException).code, 'ENOENT')

  const broken = Readable.from([Buffer.from('no gzip')]).pipe(createGunzip())
  assert.equal(
    ((await thrown(() => nomic.files.upload(broken, { name: 'a.bin' }))) as NodeJS.ErrnoException).code,
    'Z_DATA_ERROR',
  )

  const server = createHttp((_, response) => {
    response.writeHead(200, { 'content-length': 5 << 20 })
    response.write(MEGABYTE, () => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const message = await new Promise<IncomingMessage>((resolve) => get({ port, host: '127.0.0.1' }, resolve))
  const cut = await thrown(() => nomic.files.upload(message, { name: 'a.bin', size: 5 << 20 }))
  assert.equal((cut as NodeJS.ErrnoException).code, 'ECONNRESET')
  server.close()
  // One that had failed before.
  const error = new Error('before')
  const early = new PassThrough()
  early.on('error', () => {})
  early.destroy(error)
  assert.equal(await thrown(() => nomic.files.upload(early, { name: 'a.bin' })), error)
  assert.deepEqual(await names(), [])
})

test('a stream that is destroyed in mid-upload ends it', async () => {
  await emulator.reset()
  const open = new PassThrough()
  open.write(MEGABYTE)
  const uploading = thrown(() => nomic.files.upload(open, { name: 'a.bin', size: 5 << 20 }))
  // Then some of it is on its way.
  open.once('drain', () => open.destroy())
  assert.equal(((await uploading) as NodeJS.ErrnoException).code, 'ERR_STREAM_PREMATURE_CLOSE')
  assert.deepEqual(await names(), [])
})

test('a file stream that the core reads is watched, too', async () => {
  await emulator.reset()
  const silent = await stalling()
  for (const abort of [true, false]) {
    const controller = new AbortController()
    const stream = createReadStream(file('large.bin', 100 << 20), { signal: controller.signal })
    const uploading = thrown(() => silent.nomic.files.upload(stream, { name: 'a.bin' }))
    await silent.connected()
    if (abort) controller.abort(new Error('enough'))
    else stream.destroy()
    const code = ((await uploading) as NodeJS.ErrnoException).code
    assert.equal(code, abort ? 'ABORT_ERR' : 'ERR_STREAM_PREMATURE_CLOSE')
  }
  const [path, size] = [file('changing.bin', 100 << 20), 100 << 20]
  const stream = createReadStream(path)
  let sent = 0
  const changing = await stalling((socket) => {
    // The kernel holds a part of it at most; the rest is read afterwards.
    writeSync(openSync(path, 'r+'), 'y', 0)
    utimesSync(path, 1, 1)
    socket.on('data', (data) => (sent += data.length)).resume()
  })
  const changed = await thrown(() => changing.nomic.files.upload(stream, { name: 'a.bin' }))
  assert.ok(changed instanceof SourceChangedError && stream.destroyed)
  assert.ok(sent < size, 'the server never has a whole file')
  assert.deepEqual(await names(), [])
})

test('a file stream is closed when it was sent', async () => {
  const stream = createReadStream(file('closed.bin', 5 << 20))
  const events: string[] = []
  for (const event of ['end', 'close', 'error', 'data'])
    stream.on(event === 'data' ? 'pause' : event, () => events.push(event))
  const closed = once(stream, 'close')
  const descriptor = once(stream, 'open')
  assert.equal((await nomic.files.upload(stream, { name: 'a.bin' })).size, 5 << 20)
  await closed
  assert.deepEqual(events, ['end', 'close'])
  if (process.platform === 'linux') {
    // Neither the stream nor the core holds it any more. (Its number may be taken again.)
    const link = `/proc/self/fd/${String((await descriptor)[0])}`
    assert.ok(!existsSync(link) || (await import('node:fs')).readlinkSync(link) !== join(folder, 'closed.bin'))
  }
})

test('one that was refused before it was sent is left as it was', async () => {
  await emulator.reset()
  const path = file('left.bin', 3 << 20)
  const left: (() => UploadSource)[] = [
    () => createReadStream(path),
    () => createReadStream(path, { end: 999 }),
    () => Readable.from([MEGABYTE]),
    () => new Blob([MEGABYTE]).stream(),
    () => [MEGABYTE].values(),
    () =>
      kinds['async generator']!(async function* () {
        yield MEGABYTE
      }).source,
  ]
  const aborted = AbortSignal.abort()
  for (const make of left) {
    const source = make()
    for (const wrong of [{}, { name: 'a/b' }, { name: 'a.bin', size: 600 << 20 }, { name: 'a.bin', signal: aborted }]) {
      await thrown(() => nomic.files.upload(source, wrong))
    }
    await thrown(() =>
      nomic.agents.launch({
        prompt: 'Look',
        files: [Source.stream(source as Readable, { name: 'a.bin' })],
        images: ['no.png' as never],
      }),
    )
    await thrown(() =>
      nomic.agents.launch({
        prompt: 'Look',
        files: [Source.stream(source as Readable, { name: 'a.bin' }), Source.path('missing')],
      }),
    )
    assert.deepEqual(await requests(emulator), [])
    if (source instanceof Readable) assert.equal(source.listenerCount('error'), 0)
    assert.ok((await nomic.files.upload(source, { name: 'a.bin' })).size)
    await emulator.reset()
  }
})

test('one stream is not read by two', async () => {
  const generator = (async function* () {
    for (let at = 0; at < 5; at++) yield MEGABYTE
  })()
  for (const source of [generator, Readable.from([MEGABYTE], { objectMode: false }), new Blob([MEGABYTE]).stream()]) {
    await emulator.reset()
    const both = await Promise.allSettled([1, 2].map(() => nomic.files.upload(source, { name: 'a.bin' })))
    assert.ok(both.some((one) => one.status === 'rejected' && one.reason instanceof InvalidInputError))
    for (const one of both)
      assert.ok(one.status === 'rejected' || one.value.size === (source === generator ? 5 << 20 : 1 << 20))
  }
})

test('many streams of one launch keep their places', async () => {
  await emulator.reset()
  const named = (name: string): Source => {
    const text = async function* (): AsyncGenerator<Uint8Array> {
      for (const word of ['This', ' is ', name]) {
        await tick()
        yield Buffer.from(word)
      }
    }
    return Source.stream(name < 'd' ? Readable.from(text()) : text(), {
      name: `${name}.md`,
      ...(name > 'b' ? { size: 9 } : {}),
    })
  }
  const content = async (): Promise<Record<string, string>> => {
    const { createHash } = await import('node:crypto')
    const hashes = new Map(
      [...'abcdef'].map((name) => [createHash('sha256').update(`This is ${name}`).digest('hex'), `${name}.md`]),
    )
    return Object.fromEntries((await stored(emulator)).map(([name, hash]) => [name, hashes.get(hash) ?? hash]))
  }
  const pixels = Buffer.concat([Buffer.from([0x89]), Buffer.from('PNG\r\n\x1a\n'), Buffer.alloc(99)])
  await nomic.agents.launch({ prompt: 'Look', files: [...'abcdef'].map(named), images: [new Blob([pixels])] })
  const whole = Object.fromEntries([...'abcdef'].map((name) => [`${name}.md`, `${name}.md`]))
  assert.deepEqual(await content(), whole)
  await emulator.reset()
  const slots = { requestedFiles: [{ name: 'z', multiple: true }, { name: 'm', multiple: true }, { name: 'A' }] }
  const workflowId = await emulator.workflow('Compare', slots)
  await nomic.agents.launch({
    workflowId,
    inputs: { z: [...'ab'].map(named), m: [...'cde'].map(named), A: named('f') },
  })
  assert.deepEqual(await content(), whole)
})

test('a second stream that fails meanwhile ends the launch, not the process', async () => {
  await emulator.reset()
  const error = new Error('second')
  const [first, second] = [new PassThrough(), new PassThrough()]
  first.write(MEGABYTE)
  // Then the first is being read.
  first.once('drain', () => second.destroy(error))
  const files = [first, second].map((stream, at) => Source.stream(stream, { name: `${at}.bin` }))
  assert.equal(await thrown(() => nomic.agents.launch({ prompt: 'Look', files })), error)
  assert.ok(first.destroyed)
  assert.deepEqual(await requests(emulator), [])
})

/** A server that takes connections and reads nothing. */
async function stalling(met = (_: Socket): void => {}): Promise<{ nomic: Nomic; connected(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket.on('error', () => {}))
    met(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    nomic: new Nomic({ baseUrl: url, apiKey: 'npk_test', pace: false }),
    connected: async () => void (await once(server, 'connection')),
  }
}

test('nothing is read ahead of a server that has stalled', async () => {
  const { nomic } = await stalling()
  for (const [kind, made] of Object.entries(kinds)) {
    let pulled = 0
    const { source } = made(async function* () {
      for (; ; pulled++) yield MEGABYTE.subarray(0, 64 << 10)
    })
    const controller = new AbortController()
    const uploading = thrown(() =>
      nomic.files.upload(source, { name: 'a.bin', size: 400 << 20, signal: controller.signal }),
    )
    // Until no more is read.
    for (let last = -1; last !== pulled || pulled === 0;) {
      last = pulled
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    controller.abort()
    await uploading
    // What the kernel's buffers take, and a few blocks.
    assert.ok(pulled < 256, `${kind}: ${pulled} of 6400 blocks`)
  }
})

test('a block is asked for when the one before it has come', async () => {
  let [pending, most, asked] = [0, 0, 0]
  const iterator = {
    async next() {
      most = Math.max(most, ++pending)
      await tick()
      pending--
      return ++asked > 200
        ? { done: true as const, value: undefined }
        : { done: false as const, value: MEGABYTE.subarray(0, 100_000) }
    },
  }
  await nomic.files.upload({ [Symbol.asyncIterator]: () => iterator }, { name: 'a.bin', size: 20_000_000 })
  assert.equal(most, 1)
})

test('a reader that is always ready leaves the event loop its turns', async () => {
  const endless = function* (): Generator<Uint8Array> {
    for (;;) yield MEGABYTE.subarray(0, 10)
  }
  const empty = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) yield MEGABYTE.subarray(0, 0)
  }
  for (const source of [endless(), empty()]) {
    const started = performance.now()
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    await thrown(() => nomic.files.upload(source, { name: 'a.bin', size: 400 << 20, signal: controller.signal }))
    assert.ok(performance.now() - started < 5000)
  }
})

test('what was read is sent before a read that waits', async () => {
  const seen: string[] = []
  let more = (): void => {}
  const waiting = new Promise<void>((resolve) => (more = resolve))
  const server = createServer((socket) => {
    socket.on('data', (data) => {
      if (data.includes('first block')) more()
      if (data.includes('second')) socket.destroy()
    })
    socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const slow = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('first block')
    await waiting
    seen.push('sent')
    yield Buffer.from('second')
  }
  const nomic = new Nomic({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: 'npk_test',
    pace: false,
  })
  await thrown(() => nomic.files.upload(slow(), { name: 'a.bin', size: 17, timeout: 30_000 }))
  assert.deepEqual(seen, ['sent'])
  server.close()
})

test('a reader runs in the context of its caller, and may call the client', async () => {
  const word = new AsyncLocalStorage<string>()
  const run = await nomic.agents.launch({ prompt: 'Look' })
  const seen = new Set<unknown>()
  await word.run('mine', async () => {
    const blocks = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < 3; at++) {
        seen.add(word.getStore())
        await run.refresh()
        yield MEGABYTE
      }
    }
    const iterable = {
      [Symbol.asyncIterator]: () => ({
        next: async () => (seen.add(word.getStore()), { done: true, value: undefined }),
      }),
    }
    await nomic.files.upload(blocks(), { name: 'a.bin', size: 3 << 20 })
    await thrown(() => nomic.files.upload(iterable as never, { name: 'a.bin' }))
  })
  assert.deepEqual([...seen], ['mine'])
})

test('bytes that are gone meanwhile are no file', async () => {
  await emulator.reset()
  const bytes = new Uint8Array(5 << 20)
  const uploading = thrown(() => nomic.files.upload(bytes, { name: 'a.bin' }))
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  assert.ok((await uploading) instanceof SourceChangedError)
  assert.deepEqual(await names(), [])
})

test('a source of another copy of this module is one', async () => {
  const require = createRequire(import.meta.url)
  const first = require('nomkit') as typeof import('nomkit')
  for (const name of Object.keys(require.cache)) if (/dist.(source|index)\.js$/.test(name)) delete require.cache[name]
  const second = require('nomkit') as typeof import('nomkit')
  assert.notEqual(first.Source, second.Source)
  await emulator.reset()
  await nomic.files.upload(second.Source.bytes(MEGABYTE, { name: 'a.bin' }))
  await nomic.agents.launch({ prompt: 'Look', files: [second.Source.bytes(Buffer.from('x'), { name: 'b.md' })] })
  assert.deepEqual(await names(), ['a.bin', 'b.md'])
})

test('what becomes of a file stream before the call begins counts', async () => {
  const path = join(folder, 'begun.txt')
  writeFileSync(path, 'The door of stair B sticks.')
  const stream = createReadStream(path)
  let look = (): void => {}
  const picture = new Blob([Buffer.from('89504e470d0a1a0a', 'hex')])
  const looked = new Promise<void>((resolve) => (look = resolve))
  const arrayBuffer = (): Promise<ArrayBuffer> => looked.then(() => picture.arrayBuffer())
  const image = { size: picture.size, type: '', slice: picture.slice.bind(picture), arrayBuffer } as Blob
  const files = [Source.stream(stream, { name: 'begun.txt' })]
  const launch = nomic.agents.launch({ prompt: 'Look', files, images: [image] })
  await once(stream, 'open')
  await once(stream, 'readable')
  assert.equal(String(stream.read(4)), 'The ')
  look()
  await launch
  const hash = createHash('sha256').update('door of stair B sticks.').digest('hex')
  assert.deepEqual((await stored(emulator)).at(-1), ['begun.txt', hash])
})
