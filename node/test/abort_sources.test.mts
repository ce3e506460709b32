/** What is read for an upload whose signal is aborted is let go of: a stream is destroyed, its file closed. */
import assert from 'node:assert/strict'
import { createReadStream, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import test, { after } from 'node:test'
import { hungUp, Wire } from './wire.mjs'

const folder = mkdtempSync(join(tmpdir(), 'nomkit-abort-'))
after(() => rmSync(folder, { recursive: true }))

test('already aborted', async () => {
  const wire = await Wire.open()
  const stream = new Readable({ read: () => {} })
  const call = wire.nomic().files.upload(stream, { name: 'a.txt', signal: AbortSignal.abort('no') })
  await assert.rejects(call, (raised) => raised === 'no')
  assert.ok(!stream.destroyed, 'It was refused before anything was read: it is left as it was.')
  assert.equal(wire.sockets.length, 0)
})

test('a stream, whether it has more to give or not', async () => {
  const large = join(folder, 'larger.bin')
  writeFileSync(large, '')
  truncateSync(large, 64 << 20)
  for (const [stream, deaf] of [
    [createReadStream(large), true],
    [new Readable({ read() {} }), false],
  ] as const) {
    const wire = await Wire.open(undefined, { deaf })
    if (!deaf) stream.push(new Uint8Array(1000))
    const closed = new Promise<void>((settle) => stream.once('close', () => settle()))
    const controller = new AbortController()
    const call = wire.nomic().files.upload(stream, { name: 'a.bin', size: 64 << 20, signal: controller.signal })
    await wire.until(() => wire.requests.length === 1 && (deaf || (wire.sockets[0]?.bytesRead ?? 0) > 1000))
    await hungUp(wire, controller, call)
    await closed
    assert.ok(stream.destroyed)
  }
})

test('a web stream', async () => {
  const wire = await Wire.open()
  let cancelled: () => void
  const cancel = new Promise<void>((settle) => (cancelled = settle))
  const start = (controller: ReadableStreamDefaultController): void => controller.enqueue(new Uint8Array(1000))
  const stream = new ReadableStream({ start, cancel: () => cancelled() })
  const controller = new AbortController()
  const call = wire.nomic().files.upload(stream, { name: 'a.bin', size: 64 << 20, signal: controller.signal })
  await wire.until(() => wire.requests.length === 1 && (wire.sockets[0]?.bytesRead ?? 0) > 1000)
  await hungUp(wire, controller, call)
  await cancel
})
