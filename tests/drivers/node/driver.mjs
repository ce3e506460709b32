// The conformance driver of the Node client.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'

const write = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

let nomkit
try {
  nomkit = await import('../../../node/dist/index.mjs')
} catch (error) {
  write({ ready: false, driver: 'node', reason: `nomkit cannot be imported: ${error.message}` })
  process.exit(0)
}
const { Nomic, NomkitError, Source } = nomkit

let client
/** The runs that the runner knows by a handle. */
const runs = new Map()

const nomic = () => client ?? fail('client.new comes first')
const run = (handle) => runs.get(handle) ?? fail(`there is no run ${handle}`)
/** What is left of the arguments, as options: the client refuses those that it does not know. */
const options = ({ limit, timeout, ...rest }, signal) => ({
  ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [camel(name), value])),
  ...(limit === undefined ? {} : { pageSize: limit }),
  ...(timeout === undefined ? {} : { timeout: timeout * 1000 }),
  ...(signal && { signal }),
})

function fail(message) {
  throw new TypeError(message)
}

/** Keeps a run and gives what the runner is told of it. */
function added(run) {
  const handle = `r${runs.size + 1}`
  runs.set(handle, run)
  const { agentId: id, turn, status, token, url, recovered } = run
  return { $run: handle, id, turn, status, token, url, recovered }
}

/** What became of a run of many. */
const ended = ({ run: { agentId: id, turn }, ok, result, error }) => ({ id, turn, ok, result, error })

async function collected(items) {
  const all = []
  for await (const item of items) all.push(item)
  return all
}

/** A local file, or one on the platform. */
const given = (file) => (typeof file === 'string' ? Source.path(file) : file)

/** What the runner may call; each has the call's arguments and its signal. */
const OPERATIONS = {
  'client.new': (rest) => {
    client = new Nomic(options(rest))
  },
  'files.upload': ({ path, bytes_base64, name, stream, size, options: chosen, ...rest }, signal) => {
    const bytes = bytes_base64 === undefined ? undefined : Buffer.from(bytes_base64, 'base64')
    // Neither bytes nor a file on disk: it is pulled, and can be read once.
    const once = () => Readable.from(bytes ? [bytes] : createReadStream(path), { objectMode: false })
    const source = stream ? once() : (bytes ?? path)
    const named = name ?? (stream && path !== undefined ? path.split('/').at(-1) : undefined)
    return nomic().files.upload(source, { name: named, size, ...options({ ...chosen, ...rest }, signal) })
  },
  'files.upload_folder': ({ folder, ...rest }, signal) => nomic().files.uploadFolder(folder, options(rest, signal)),
  'files.search': ({ query, ...rest }, signal) => collected(nomic().files.search(query, options(rest, signal))),
  'agents.launch': async ({ files, images, inputs = {}, ...rest }, signal) => {
    const slots = Object.entries(inputs).map(([slot, files]) => [slot, files.map(given)])
    const local = { files: files?.map(given), images: images?.map((path) => pathToFileURL(resolve(path))) }
    return added(await nomic().agents.launch({ ...local, inputs: Object.fromEntries(slots), ...options(rest, signal) }))
  },
  'agents.get': ({ id, ...rest }, signal) => nomic().agents.get(id, options(rest, signal)),
  'agents.list': (rest, signal) => collected(nomic().agents.list(options(rest, signal))),
  'agents.attach': async ({ target, ...rest }, signal) =>
    added(await nomic().agents.attach(target, options(rest, signal))),
  'agents.resume': async ({ target, images, ...rest }, signal) => {
    const pictures = images?.map((path) => Source.path(path))
    return added(await nomic().agents.resume(target, { images: pictures, ...options(rest, signal) }))
  },
  'nomic.wait_all': async ({ runs, ...rest }, signal) =>
    (await nomic().waitAll(runs.map(run), options(rest, signal))).map(ended),
  'nomic.as_completed': async ({ runs, ...rest }, signal) =>
    (await collected(nomic().asCompleted(runs.map(run), options(rest, signal)))).map(ended),
  'agents.artifact': ({ agent_id, artifact_id, ...rest }, signal) =>
    nomic().agents.artifact(agent_id, artifact_id, options(rest, signal)),
  'agents.conversation': ({ id, ...rest }, signal) => nomic().agents.conversation(id, options(rest, signal)),
  'agents.stop': ({ id, ...rest }, signal) => nomic().agents.stop(id, options(rest, signal)),
  'agents.delete': ({ id, ...rest }, signal) => nomic().agents.delete(id, options(rest, signal)),
  'workflows.list': (rest, signal) => collected(nomic().workflows.list(options(rest, signal))),
  'run.refresh': ({ run: handle, ...rest }, signal) => run(handle).refresh(options(rest, signal)),
  'run.wait': ({ run: handle, ...rest }, signal) => run(handle).wait(options(rest, signal)),
  'run.updates': async ({ run: handle, ...rest }, signal) =>
    (await collected(run(handle).updates(options(rest, signal)))).map((agent) => agent.status),
  'run.follow_up': async ({ run: handle, prompt, images, ...rest }, signal) => {
    const pictures = images?.map((path) => Source.path(path))
    return added(await run(handle).followUp(prompt, { images: pictures, ...options(rest, signal) }))
  },
  'run.stop': ({ run: handle, ...rest }, signal) => run(handle).stop(options(rest, signal)),
  'run.conversation': ({ run: handle, ...rest }, signal) => run(handle).conversation(options(rest, signal)),
  'run.artifact': ({ run: handle, artifact_id, ...rest }, signal) =>
    run(handle).artifact(artifact_id, options(rest, signal)),
  'run.explain': ({ run: handle }) => run(handle).explain(),
}

/** A value of the client as JSON: fields in snake_case, instants as RFC 3339 text, `extra` and rows as they came. */
function plain(value) {
  if (value instanceof Date) return value.toISOString()
  if (value instanceof NomkitError) return told(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value ?? null
  const entries = Object.entries(value).map(([name, held]) => [snake(name), AS_SENT.has(name) ? held : plain(held)])
  return Object.fromEntries(entries)
}

/** An error; the argument that it names is spelt as the fields are. */
function told(error) {
  const fields = plain(error.toJSON())
  return fields.argument ? { ...fields, argument: snake(fields.argument) } : fields
}

/** What a platform names, and not the client. */
const AS_SENT = new Set(['extra', 'rows', 'issues', 'candidates'])
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())

/** The calls under way. */
const calls = new Map()

async function answer({ id, call, args = {} }) {
  const { signal } = calls.get(id)
  try {
    if (!(call in OPERATIONS)) fail(`there is no operation ${call}`)
    return { id, ok: plain(await OPERATIONS[call](args, signal)) }
  } catch (error) {
    if (signal.aborted && error === signal.reason) return { id, cancelled: true }
    if (error instanceof NomkitError) return { id, error: told(error) }
    return { id, error: { code: 'driver', message: String(error), retryable: false } }
  } finally {
    calls.delete(id)
  }
}

write({ ready: true, driver: 'node' })
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line)
  if (message.close) break
  if ('cancel' in message) {
    calls.get(message.cancel)?.abort()
  } else {
    calls.set(message.id, new AbortController())
    void answer(message).then(write)
  }
}
process.exit(0)
