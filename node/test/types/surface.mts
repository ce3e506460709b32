// Compiled, never run: what a type checker takes, and what it refuses.
import {
  Artifact,
  Emulator,
  Nomic,
  NomkitError,
  RateLimitError,
  Source,
  type Agent,
  type AgentRun,
  type AgentStatus,
  type Completed,
  type ErrorCode,
  type Event,
  type File,
  type LaunchOptions,
  type Message,
  type Page,
  type Pages,
  type Progress,
  type RunOutcome,
  type RunResult,
  type Updates,
  type UploadOutcome,
  type Workflow,
} from 'nomkit'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'

declare const run: AgentRun
declare const agent: Agent
const nomic = new Nomic({ domain: 'acme' })
const { signal } = new AbortController()

// What is given.
const onProgress = (progress: Progress): number => progress.done
export const file: Promise<File> = nomic.files.upload('plan.pdf', { path: 'alpha/plan.pdf', signal, onProgress })
for (const source of [
  new URL('file:///a'),
  Buffer.from('a'),
  new ArrayBuffer(1),
  new Blob([]),
  createReadStream('a'),
]) {
  void nomic.files.upload(source)
}
void nomic.files.upload(Readable.from([]), { name: 'a', size: 1 })
void nomic.files.upload(new Blob([]).stream(), { name: 'a' })
void nomic.files.upload([new Uint8Array()], { name: 'a' })
void nomic.agents.launch({ prompt: 'Look', files: [await file, Source.path('b.pdf'), { id: 'a' }], fileIds: ['a'] })
void nomic.agents.launch({ workflowId: 'a', inputs: { drawings: [await file], notes: Source.path('c.pdf') } })
void nomic.agents.launch({ prompt: 'Look', images: [{ data: Buffer.from(''), mediaType: 'image/png' }] })
void nomic.ask(undefined, { workflowId: 'a', timeout: null })
void run.wait({ timeout: 600_000, signal })
void nomic.agents.resume(run.token, { prompt: 'More', interrupt: true, ifMissing: 'launch', timeout: 60_000, signal })
new Nomic({ onEvent: (event: Event) => console.log(event.level, event.text) })

// What comes back.
export const pages: Pages<Agent> = nomic.agents.list({ status: 'running' })
export const page: AsyncIterable<Page<Agent>> = pages.pages()
export const some: Promise<Workflow[]> = nomic.workflows.list().first(2)
export const updates: Updates = run.updates({ signal })
export const rows: Promise<readonly Message[]> = run.conversation()
export const result: Promise<RunResult> = run.wait()
export const ended: Promise<RunOutcome[]> = nomic.waitAll([run], { timeout: null, signal, onProgress })
export const completed: Completed = nomic.asCompleted(new Set([run]), { timeout: 600_000, signal })
for await (const outcome of completed) {
  // Which of both there is, `ok` tells.
  const told: string = outcome.ok ? outcome.result.text : outcome.error.code
  console.log(told)
}
export const outcomes: Promise<readonly UploadOutcome[]> = nomic.files.uploadFolder(new URL('file:///a'))
export const path: Promise<string> = (await result).artifacts[0]?.download('out') ?? Promise.reject()
export async function scopes(): Promise<void> {
  await using emulator = await Emulator.start({ waiting: 10 })
  await using client = emulator.nomic()
  for await (const { id, createdAt } of client.agents.list())
    void [id satisfies string, createdAt satisfies Date | null]
  for await (const { status } of run.updates()) if (status === 'finished' || status === 'newer') break
}

// Open enums know their words and take any other.
export const words: AgentStatus[] = ['finished', 'awaiting_tool', 'newer']
export const known: Extract<AgentStatus, 'finished'> = 'finished' // `never`, if words were lost in `string`.
export function told(status: AgentStatus): string {
  switch (status) {
    case 'finished':
      return 'done'
    default:
      return status satisfies string
  }
}

// Errors have the fields of their class.
try {
  await run.wait()
} catch (error) {
  if (error instanceof RateLimitError) void (error.retryAfter satisfies number | null)
  if (error instanceof NomkitError)
    void [error.status satisfies number | null, error.uploaded satisfies readonly File[]]
  if (error instanceof NomkitError && error.code === ('not_found' satisfies ErrorCode)) void error.code
  // @ts-expect-error No class has it.
  if (error instanceof NomkitError) void ('not_fuond' satisfies ErrorCode)
  if (error instanceof NomkitError && error.outcome === 'unknown') void error.toJSON()
}

// The file of a platform and the global one.
export const theirs: File = await file
export const own: globalThis.File = new globalThis.File([], 'a.txt')
void nomic.files.upload(own)

// @ts-expect-error Records are read-only.
agent.status = 'finished'
// @ts-expect-error
agent.files.push({})
// @ts-expect-error
agent.extra['a'] = 1
// @ts-expect-error
run.turn = 2
// @ts-expect-error
new NomkitError('').code = 'a'
// @ts-expect-error Text in `files` is refused, so that no local file is uploaded by accident.
void nomic.agents.launch({ prompt: 'Look', files: ['plan.pdf'] })
// @ts-expect-error
void nomic.agents.launch('Look')
// @ts-expect-error
void nomic.agents.launch({ promt: 'Look' })
// @ts-expect-error
void nomic.agents.launch({ prompt: 'Look', fileIds: 'a' })
// @ts-expect-error
void nomic.agents.launch({ prompt: 'Look', timeout: '5' })
// @ts-expect-error
void nomic.agents.list({ page_size: 5 })
// @ts-expect-error
void nomic.agents.get()
// @ts-expect-error
void run.wait(600)
// @ts-expect-error Only waits are without end.
void nomic.agents.launch({ prompt: 'Look', timeout: null })
// @ts-expect-error
void nomic.files.upload()
// @ts-expect-error
void nomic.files.upload(['text'])
// @ts-expect-error
new Nomic('acme')
// @ts-expect-error
void Emulator.start({ persona: 'odd' })
// @ts-expect-error Handles come from the client alone.
new (null as unknown as typeof AgentRun)()
// @ts-expect-error
new Artifact({ id: 'a' })
// @ts-expect-error
export const wrong: LaunchOptions = { images: [5] }
