import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ConfigError } from './errors'

/** @internal A handle, or an error as text. */
export type Now<T> = T | string

/** @internal What the native module has. Its strings are JSON, but for ids, tokens and paths. */
export interface Native {
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
}

/** @internal */
export interface NativeAgentRun {
  readonly id: string
  readonly turn: number
  readonly agent: string
  readonly status: string
  readonly token: string
  readonly url: string
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
export interface NativeUpdates {
  next(queue: Queue, call: number): void
}

let loaded: Native | undefined

/** @internal The native module, loaded when it is first needed. */
export function native(): Native {
  return (loaded ??= load())
}

function load(): Native {
  const local = join(__dirname, '..', 'nomkit.node')
  if (existsSync(local)) return createRequire(__filename)(local) as Native
  throw new ConfigError('The native module of nomkit is not installed.')
}
