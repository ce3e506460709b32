/** Pictures that go with a prompt. */
import assert from 'node:assert/strict'
import { ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import { InvalidInputError, LocalIoError, Source, type Image } from 'nomkit'
import { emulator as start, folder as temporary, requests, thrown } from './world.mjs'

const rest = Buffer.alloc(100)
const PNG = Buffer.concat([Buffer.from([0x89]), Buffer.from('PNG\r\n\x1a\n'), rest])
const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), rest])
const GIF = Buffer.concat([Buffer.from('GIF89a'), rest])
const WEBP = Buffer.concat([Buffer.from('RIFF\x64\0\0\0WEBPVP8 '), rest])
const MOST = 20 * 1024 ** 2
const { emulator, nomic } = await start()
const folder = await temporary()
const photo = join(folder, 'site.jpg')
writeFileSync(photo, JPEG)

function shared(): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(PNG.length))
  bytes.set(PNG)
  return bytes
}

const kinds: Record<string, () => Image> = {
  'Source.path': () => Source.path(photo),
  'file: URL': () => pathToFileURL(photo),
  Buffer: () => PNG,
  Uint8Array: () => new Uint8Array(GIF),
  ArrayBuffer: () => new Uint8Array(WEBP).buffer,
  DataView: () => new DataView(PNG.buffer, PNG.byteOffset, PNG.byteLength),
  'view of a SharedArrayBuffer': shared,
  'Source.bytes': () => Source.bytes(PNG),
  Blob: () => new Blob([PNG]),
  'Blob with its type': () => new Blob([GIF], { type: 'image/gif' }),
  File: () => new File([PNG], 'site.png', { type: 'image/png' }),
  'Source.stream of a Blob': () => Source.stream(new Blob([JPEG])),
  'data and mediaType': () => ({ data: WEBP, mediaType: 'image/webp' }),
  'bytes of another realm': () => runInNewContext('new Uint8Array(png)', { png: Array.from(PNG) }) as Uint8Array,
}

for (const [kind, make] of Object.entries(kinds)) {
  test(`an image goes with a launch and with a follow-up: ${kind}`, async () => {
    await emulator.reset()
    const run = await nomic.agents.launch({ prompt: 'Look', images: [make()] })
    await run.wait({ timeout: 60_000 })
    assert.equal((await run.followUp('And here?', { images: [make(), PNG] })).turn, 2)
    assert.deepEqual(
      (await requests(emulator, 'POST /agents')).map((sent) => sent['status']),
      [201],
    )
    assert.deepEqual(
      (await requests(emulator, 'POST /agents/{id}/followup')).map((sent) => sent['status']),
      [202],
    )
  })
}

test('ask takes images', async () => {
  assert.equal((await nomic.ask('Look', { images: [PNG, new Blob([GIF])], timeout: 60_000 })).turn, 1)
})

test('a wrong image is found before a byte is sent', async () => {
  const run = await nomic.agents.launch({ prompt: 'Look' })
  await run.wait({ timeout: 60_000 })
  await emulator.reset()
  const large = openSync(join(folder, 'large.png'), 'w')
  writeSync(large, PNG)
  ftruncateSync(large, MOST + 1)
  writeFileSync(join(folder, 'notes.txt'), 'text')
  writeFileSync(join(folder, 'empty.png'), '')
  const wrong: [unknown, RegExp][] = [
    [[PNG, PNG, PNG, PNG, PNG], /4/],
    [[Source.path(join(folder, 'large.png'))], /20 MB/],
    [[Buffer.concat([PNG, Buffer.alloc(MOST)])], /20 MB/],
    [[new Blob([PNG, Buffer.alloc(MOST)])], /20 MB/],
    [[Source.path(join(folder, 'notes.txt'))], /by its content/],
    [[Buffer.from('no picture')], /by its content/],
    [[new Blob(['no picture'])], /by its content/],
    [[Source.path(join(folder, 'empty.png'))], /empty/],
    [[Buffer.alloc(0)], /empty/],
    [[Source.path(folder)], /directory/],
    [[Buffer.from('data:image/png;base64,iVBORw0KGgo=')], /data:/],
    [[{ data: PNG, mediaType: 'image/jpeg' }], /image\//],
    [[new Blob([PNG], { type: 'image/jpeg' })], /image\//],
    [[{ data: PNG, mediaType: 'image/bmp' }], /image\/bmp/],
    [[{ data: PNG, mediaType: 5 }], /text/],
    [[{ data: 'iVBORw0KGgo=', mediaType: 'image/png' }], /holds/],
    [['site.png'], /holds/],
    [[new URL('https://example.org/site.png')], /not a file's/],
    [[Source.stream([PNG])], /holds/],
    [[5], /holds/],
    [[null], /holds/],
    [PNG, /is a list/],
    ['site.png', /is a list/],
    [5, /is a list/],
  ]
  for (const [images, words] of wrong) {
    for (const call of [
      nomic.agents.launch({ prompt: 'Look', images: images as Image[] }),
      run.followUp('Look', { images: images as Image[] }),
    ]) {
      const error = await call.then(
        () => assert.fail(),
        (error: unknown) => error,
      )
      assert.ok(error instanceof InvalidInputError && words.test(error.message), `${String(words)}: ${String(error)}`)
      assert.match(String(error.argument), /^images/)
    }
  }
  const missing = await thrown(() =>
    nomic.agents.launch({ prompt: 'Look', images: [Source.path(join(folder, 'no.png'))] }),
  )
  assert.ok(missing instanceof LocalIoError)
  assert.deepEqual(await requests(emulator), [])
})

test('images are checked before files are sent', async () => {
  await emulator.reset()
  const files = [Source.bytes(Buffer.from('text'), { name: 'a.md' })]
  assert.ok(
    (await thrown(() => nomic.agents.launch({ prompt: 'Look', files, images: [Buffer.from('no')] }))) instanceof
      InvalidInputError,
  )
  assert.deepEqual(await requests(emulator), [])
})
