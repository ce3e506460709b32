import { AsyncResource } from 'node:async_hooks'
import { invalid } from './arguments'
import { Feed, type End, type Reader, type Wanted } from './feed'
import { toError, type NativeError } from './error'
import { native, type NativeAgentRun, type Now, type Queue } from './native'
import type { Progress } from './records'

/** What every call takes. */
export interface CallOptions {
  /**
   * Ends the call: the request in flight is aborted, none starts afterwards, and the promise rejects with the signal's
   * reason. An agent that was launched runs on.
   */
  readonly signal?: AbortSignal | undefined
}

/** What calls take that move bytes or wait. */
export interface MovingOptions extends CallOptions {
  /** Is told how far the call is, at most ten times a second. What it throws ends the call. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** @internal */
export interface Call extends MovingOptions {
  readonly readers?: readonly Reader[] | undefined
}

interface Reply {
  readonly value?: unknown
  readonly error?: NativeError
  readonly progress?: Progress
  readonly wanted?: Wanted
}

interface Open {
  settle(reply: Reply | NativeAgentRun): void
  fail(reason: unknown): void
  readonly onProgress: ((progress: Progress) => void) | undefined
  readonly feed: Feed | undefined
}

const open = new Map<number, Open>()
let queue: Queue | undefined
let last = 0

/**
 * @internal Makes one native call: the signal stops it, an error of the core becomes its class.
 *
 * Errors are made here, after the `await`, so that their stack leads to the caller.
 */
export async function call<T>(start: (queue: Queue, number: number) => void, options: Call = {}): Promise<T> {
  const { signal, onProgress, readers = [] } = options
  const feed = readers.length > 0 ? new Feed(readers) : undefined
  let how: End = 'failure'
  check(signal, onProgress)
  signal?.throwIfAborted()
  const calls = (queue ??= new (native().Queue)(ring))
  const number = (last = (last + 1) >>> 0)
  let abort: (() => void) | undefined
  try {
    const reply = await new Promise<Reply | NativeAgentRun>((settle, reject) => {
      const fail = (reason: unknown): void => {
        if (!open.has(number)) return
        calls.cancel(number)
        close(number)
        reject(reason)
      }
      abort = () => fail(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
      if (open.size === 0) calls.hold(true)
      // The callback runs where the caller's asynchronous context is.
      open.set(number, { settle, fail, onProgress: onProgress && AsyncResource.bind(onProgress), feed })
      const begin = (): void => {
        try {
          if (open.has(number)) start(calls, number)
        } catch (error) {
          how = 'refusal'
          fail(error)
        }
      }
      const ready = feed?.begin(fail)
      if (ready) ready.then(begin, fail)
      else begin()
    })
    if ('error' in reply && reply.error) {
      if (reply.error.attempts === 0) how = 'refusal'
      throw toError(reply.error)
    }
    how = 'success'
    return ('value' in reply ? reply.value : reply) as T
  } finally {
    if (abort) signal?.removeEventListener('abort', abort)
    feed?.end(how)
  }
}

/** @internal What needs no waiting: the handle, or the error thrown. */
export function now<T>(made: Now<T>): T {
  if (typeof made !== 'string') return made
  throw toError((JSON.parse(made) as { error: NativeError }).error)
}

function ring(): void {
  const items = queue?.drain() ?? []
  for (let at = 0; at < items.length; at += 2) deliver(items[at] as number, items[at + 1] as string | NativeAgentRun)
}

function deliver(number: number, item: string | NativeAgentRun): void {
  const call = open.get(number)
  if (!call) return // Given up meanwhile.
  const reply = typeof item === 'string' ? (JSON.parse(item) as Reply) : item
  if ('progress' in reply && reply.progress) {
    try {
      call.onProgress?.(reply.progress)
    } catch (raised) {
      call.fail(raised)
    }
  } else if ('wanted' in reply && reply.wanted !== undefined) {
    if (queue) call.feed?.bring(queue, number, reply.wanted).catch(call.fail)
  } else {
    close(number)
    call.settle(reply)
  }
}

function close(number: number): void {
  open.delete(number)
  if (open.size === 0) queue?.hold(false)
}

function check(signal: unknown, onProgress: unknown): void {
  if (signal !== undefined && !(typeof signal === 'object' && signal !== null && 'aborted' in signal)) {
    throw invalid('signal', '`signal` should be an AbortSignal.')
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalid('onProgress', '`onProgress` should be a function that takes a Progress.')
  }
}
