// The conformance driver of the Node client.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'

const write = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

let nomkit
try {
  nomkit = await import('../../../node/index.mjs')
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
const milliseconds = (seconds) => (seconds === undefined ? {} : { timeout: seconds * 1000 })

function fail(message) {
  throw new TypeError(message)
}

/** Keeps a run and gives what the runner is told of it. */
function added(run) {
  const handle = `r${runs.size + 1}`
  runs.set(handle, run)
  return { $run: handle, id: run.agentId, turn: run.turn, status: run.status, token: run.token, url: run.url }
}

async function collected(items) {
  const all = []
  for await (const item of items) all.push(item)
  return all
}

/** A local file, or one on the platform. */
const given = (file) => (typeof file === 'string' ? Source.path(file) : file)

/** What the runner may call; each has the call's arguments and its signal. */
const OPERATIONS = {
  'client.new': ({ base_url, api_key, timeout }) => {
    client = new Nomic({ baseUrl: base_url, apiKey: api_key, ...milliseconds(timeout) })
  },
  'files.upload': ({ path, bytes_base64, name, stream, size, options: { parent_id, timeout, ...options } = {} }, signal) => {
    const bytes = bytes_base64 === undefined ? undefined : Buffer.from(bytes_base64, 'base64')
    const source = !stream ? (bytes ?? path) : bytes ? Readable.from([bytes], { objectMode: false }) : createReadStream(path)
    const named = name ?? (stream && path !== undefined ? path.split('/').at(-1) : undefined)
    return nomic().files.upload(source, { name: named, size, parentId: parent_id, ...options, ...milliseconds(timeout), signal })
  },
  'files.upload_folder': ({ folder, ...options }, signal) => nomic().files.uploadFolder(folder, { ...options, signal }),
  'files.search': ({ query, limit }, signal) => collected(nomic().files.search(query, { pageSize: limit, signal })),
  'agents.launch': async ({ prompt, file_ids, files, images, workflow_id, inputs, project_id }, signal) => {
    const slots = Object.entries(inputs ?? {}).map(([slot, files]) => [slot, files.map(given)])
    const launched = await nomic().agents.launch({
      prompt,
      fileIds: file_ids,
      files: files?.map(given),
      images: images?.map((path) => pathToFileURL(resolve(path))),
      workflowId: workflow_id,
      inputs: Object.fromEntries(slots),
      projectId: project_id,
      signal,
    })
    return added(launched)
  },
  'agents.get': ({ id }, signal) => nomic().agents.get(id, { signal }),
  'agents.list': ({ limit, status }, signal) => collected(nomic().agents.list({ pageSize: limit, status, signal })),
  'agents.attach': async ({ target }, signal) => added(await nomic().agents.attach(target, { signal })),
  'agents.artifact': ({ agent_id, artifact_id }, signal) => nomic().agents.artifact(agent_id, artifact_id, { signal }),
  'agents.conversation': ({ id }, signal) => nomic().agents.conversation(id, { signal }),
  'agents.stop': ({ id }, signal) => nomic().agents.stop(id, { signal }),
  'agents.delete': ({ id }, signal) => nomic().agents.delete(id, { signal }),
  'workflows.list': ({ limit, project_id }, signal) =>
    collected(nomic().workflows.list({ pageSize: limit, projectId: project_id, signal })),
  'run.refresh': ({ run: handle }, signal) => run(handle).refresh({ signal }),
  'run.wait': ({ run: handle, timeout }, signal) => run(handle).wait({ ...milliseconds(timeout), signal }),
  'run.updates': async ({ run: handle, timeout }, signal) =>
    (await collected(run(handle).updates({ ...milliseconds(timeout), signal }))).map((agent) => agent.status),
  'run.follow_up': async ({ run: handle, prompt, images }, signal) =>
    added(await run(handle).followUp(prompt, { images: images?.map((path) => Source.path(path)), signal })),
  'run.stop': ({ run: handle, wait }, signal) => run(handle).stop({ wait, signal }),
  'run.conversation': ({ run: handle }, signal) => run(handle).conversation({ signal }),
  'run.artifact': ({ run: handle, artifact_id }, signal) => run(handle).artifact(artifact_id, { signal }),
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
