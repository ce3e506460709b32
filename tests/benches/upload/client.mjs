// One upload in a process of its own: prints seconds, CPU seconds, and MB of memory over the base.
//
// The base is taken after a small upload, so that code which is loaded once does not count as the upload's.

import { createReadStream, openAsBlob, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'

const require = createRequire(new URL('../../../node/package.json', import.meta.url))
const [mode, url, source] = process.argv.slice(2)
const size = statSync(source).size
const route = `${url}/api/v0/files/upload`
const headers = { authorization: `Bearer ${process.env.NOMIC_API_KEY}` }

/** What each mode uploads: a few bytes to warm up, then the file. */
const modes = {
  path: nomkit((path) => [path]),
  stream: nomkit((path) => [createReadStream(path), { name: 'data.bin' }]),
  sized: nomkit((path, size) => [createReadStream(path), { name: 'data.bin', size }]),
  // What comes from elsewhere: each chunk passes through JavaScript.
  piped: nomkit((path, size) => [piped(path), { name: 'data.bin', size }]),
  buffer: nomkit((path) => [read(path), { name: 'data.bin' }]),
  blob: nomkit(async (path) => [await openAsBlob(path), { name: 'data.bin' }]),
  undici: undici((path) => createReadStream(path)),
  undiciPiped: undici(piped),
  fetch: () => async (path) => {
    const form = new FormData()
    form.set('file', await openAsBlob(path), 'data.bin')
    await (await fetch(route, { method: 'POST', headers, body: form })).json()
  },
}

function piped(path) {
  return createReadStream(path).pipe(new PassThrough())
}

let whole
function read(path) {
  // It is the user's, so it is there before the base is taken.
  return path === source ? (whole ??= readFileSync(path)) : readFileSync(path)
}

function nomkit(given) {
  return () => {
    const { Nomic } = require('nomkit')
    const nomic = new Nomic({ baseUrl: url })
    return async (path, size) => nomic.files.upload(...(await given(path, size)))
  }
}

function undici(given) {
  return () => {
    const { request } = require('undici')
    const framed = { ...headers, 'content-type': 'application/octet-stream' }
    return async (path, size) => {
      const sent = { ...framed, 'content-length': String(size) }
      const { body } = await request(route, { method: 'POST', headers: sent, body: given(path) })
      await body.json()
    }
  }
}

/** `VmRSS` or `VmHWM` in MB. */
function memory(field) {
  const line = readFileSync('/proc/self/status', 'utf8').split('\n').find((line) => line.startsWith(field))
  return (Number(line.split(/\s+/)[1]) * 1024) / 1e6
}

const upload = modes[mode]()
const small = new URL(import.meta.url).pathname
await upload(small, statSync(small).size)
if (mode === 'buffer') read(source)
writeFileSync('/proc/self/clear_refs', '5')
const [base, cpu, started] = [memory('VmRSS'), process.cpuUsage(), performance.now()]
await upload(source, size)
const [seconds, spent] = [(performance.now() - started) / 1e3, process.cpuUsage(cpu)]
console.log(JSON.stringify([seconds, (spent.user + spent.system) / 1e6, memory('VmHWM') - base]))
