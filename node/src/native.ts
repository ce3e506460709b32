import { ConfigError } from './errors'
import { find, missing, own, platform, requireOf, unsupported } from './platform'
import { platforms, version } from './platforms'

/** @internal A handle, or an error as text. */
export type Now<T> = T | string

/** @internal What the native module has. Its strings are JSON, but for ids, tokens and paths. */
export interface Native {
  version(): string
  readonly Queue: new (bell: () => void) => Queue
  client(options: string): Now<NativeClient>
  checkWait(options: string): Now<boolean>
  download(artifact: string, folder: string, queue: Queue, call: number): void
}

/** @internal */
export interface Queue {
  drain(): (number | string | NativeAgentRun)[]
  cancel(call: number): void
  give(call: number, place: number, chunk: Uint8Array | null): number
  hold(open: boolean): void
}

/** @internal */
export interface NativeClient {
  files(): NativeFiles
  agents(): NativeAgents
  workflows(): NativeWorkflows
  waitAll(runs: NativeAgentRun[], options: string, listening: boolean, queue: Queue, call: number): void
  asCompleted(runs: NativeAgentRun[], options: string): Now<NativeCompleted>
  listen(queue: Queue, listener: number): Now<boolean>
  describe(): string
  close(): void
}

/** @internal */
export interface NativeFiles {
  upload(source: string, buffers: Uint8Array[], options: string, listening: boolean, queue: Queue, call: number): void
  uploadFolder(folder: string, options: string, listening: boolean, queue: Queue, call: number): void
  search(options: string): Now<NativePages>
}

/** @internal */
export interface NativeAgents {
  launch(options: string, attached: string, buffers: Uint8Array[], listening: boolean, queue: Queue, call: number): void
  get(id: string, queue: Queue, call: number): void
  list(options: string): Now<NativePages>
  conversation(id: string, queue: Queue, call: number): void
  artifact(agentId: string, artifactId: string, queue: Queue, call: number): void
  stop(id: string, queue: Queue, call: number): void
  delete(id: string, queue: Queue, call: number): void
  attach(target: string, queue: Queue, call: number): void
  resume(target: string, options: string, images: string, buffers: Uint8Array[], queue: Queue, call: number): void
}

/** @internal */
export interface NativeAgentRun {
  readonly id: string
  readonly turn: number
  readonly agent: string
  readonly status: string
  readonly token: string
  readonly url: string
  readonly recovered: boolean
  explain(): string
  refresh(queue: Queue, call: number): void
  wait(options: string, listening: boolean, queue: Queue, call: number): void
  updates(options: string): Now<NativeUpdates>
  conversation(queue: Queue, call: number): void
  artifact(artifactId: string, queue: Queue, call: number): void
  followUp(options: string, images: string, buffers: Uint8Array[], queue: Queue, call: number): void
  stop(options: string, queue: Queue, call: number): void
}

/** @internal */
export interface NativeWorkflows {
  list(options: string): Now<NativePages>
}

/** @internal */
export interface NativePages {
  nextPage(queue: Queue, call: number): void
}

/** @internal */
export interface NativeCompleted {
  next(queue: Queue, call: number): void
  end(): void
}

/** @internal */
export interface NativeUpdates {
  next(queue: Queue, call: number): void
}

let loaded: Native | undefined

/** @internal The native module, loaded when it is first needed. */
export function native(): Native {
  return (loaded ??= load())
}

function load(): Native {
  const { name, words } = platform()
  if (!platforms.includes(name)) throw new ConfigError(unsupported('nomkit', words))
  const wanted = `@nomkit/${name}`
  const seen = own()
  // A bundle may see it through this package alone.
  const path = find(wanted, seen) ?? find(wanted, [find('nomkit/package.json', seen)])
  if (path === undefined) throw new ConfigError(missing(wanted, 'nomkit', words))
  const addon = opened(path, `${wanted} on ${words}`)
  const theirs = addon.version()
  if (theirs === version) return addon
  throw new ConfigError(
    `nomkit ${version} met the native module of ${theirs} (${path}). Run: npm install nomkit@${version}`,
  )
}

function opened(path: string, what: string): Native {
  try {
    return requireOf(path)(path) as Native
  } catch (error) {
    throw new ConfigError(`The native module of ${what} does not load; the system says: ${(error as Error).message}`)
  }
}
