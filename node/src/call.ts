import { Context } from './context'
import { Feed, type End, type Reader, type Wanted } from './feed'
import { toError, type NativeError } from './error'
import { NomkitError, UnexpectedError } from './errors'
import { native, type NativeAgentRun, type Now, type Queue } from './native'
import { revive, type Event, type Progress } from './records'
import { reason, watch } from './signal'

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
  /**
   * Is told how far the call is, at most ten times a second. What it throws ends the call, and so does a promise of its
   * that rejects; the call does not wait for one.
   */
  readonly onProgress?: ((progress: Progress) => unknown) | undefined
}

/** @internal */
export interface Call extends MovingOptions {
  readonly readers?: readonly Reader[] | undefined
  /** Ends the call as `signal` does. */
  readonly until?: AbortSignal | undefined
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
  readonly onProgress: ((progress: Progress) => unknown) | undefined
  readonly feed: Feed | undefined
}

/** Where no call is: the bell would keep the context of whoever makes the first one, and ring in it. */
const outside = new Context()
const open = new Map<number, Open>()
/** Who is told what clients do. */
const listeners = new Map<number, (item: string) => void>()
let queue: Queue | undefined
let last = 0

const calls = (): Queue => (queue ??= outside.runInAsyncScope(() => new (native().Queue)(ring)))

function next(): number {
  do last = (last + 1) >>> 0
  while (open.has(last) || listeners.has(last))
  return last
}

/**
 * @internal Makes one native call: the signal stops it, an error of the core becomes its class.
 *
 * Errors are made here, after the `await`, so that their stack leads to the caller.
 */
export async function call<T>(start: (queue: Queue, number: number) => void, options: Call = {}): Promise<T> {
  const { signal, until, onProgress, readers = [] } = options
  const feed = readers.length > 0 ? new Feed(readers) : undefined
  let how: End = 'refusal'
  const unwatch: (() => void)[] = []
  try {
    const [bell, number] = [calls(), next()]
    // The callback runs where the caller's asynchronous context is.
    const told = onProgress && within(new Context(), onProgress)
    const reply = await new Promise<Reply | NativeAgentRun>((settle, reject) => {
      const fail = (reason: unknown): void => {
        if (close(number)) bell.cancel(number)
        reject(reason)
      }
      for (const one of [signal, until]) {
        if (one?.aborted) return reject(reason(one))
        if (one) unwatch.push(watch(one, () => fail(reason(one))))
      }
      if (open.size === 0) bell.hold(true)
      open.set(number, { settle, fail, onProgress: told, feed })
      const begin = (): void => {
        if (!open.has(number)) return
        try {
          start(bell, number)
          how = 'failure'
        } catch (error) {
          fail(ours(error))
        }
      }
      try {
        const ready = feed?.begin(fail)
        if (ready) ready.then(begin, fail)
        else begin()
      } catch (error) {
        fail(error)
      }
    })
    if ('error' in reply && reply.error) {
      if (reply.error.attempts === 0) how = 'refusal'
      throw toError(reply.error)
    }
    how = 'success'
    return ('value' in reply ? reply.value : reply) as T
  } finally {
    for (const end of unwatch) end()
    feed?.end(how)
  }
}

/** @internal Tells a listener what a client does, as long as `start` has something to tell. */
export function hear(
  onEvent: (event: Event) => unknown,
  start: (queue: Queue, listener: number) => Now<boolean>,
): void {
  const [number, tell] = [next(), within(new Context(), onEvent)]
  let warned = false
  const warn = (raised: unknown): void => {
    if (warned) return
    warned = true
    const detail = raised instanceof Error ? raised.stack : undefined
    process.emitWarning('`onEvent` threw, which breaks no call.', { type: 'NomkitWarning', ...(detail && { detail }) })
  }
  listeners.set(number, (item) => {
    const { event } = JSON.parse(item) as { readonly event?: unknown }
    if (event === undefined) return void listeners.delete(number)
    // A promise of its is not waited for.
    void (async () => tell(revive.Event(event)))().catch(warn)
  })
  try {
    now(start(calls(), number))
  } catch (error) {
    listeners.delete(number)
    throw error
  }
}

/** @internal What needs no waiting: the handle, or the error thrown. */
export function now<T>(made: Now<T>): T {
  if (typeof made !== 'string') return made
  throw toError((JSON.parse(made) as { error: NativeError }).error)
}

/** @internal What is told at once: the value, or the error thrown. */
export function told(text: string): unknown {
  const { value, error } = JSON.parse(text) as Reply
  if (error) throw toError(error)
  return value
}

/** The bell. What it threw would end the process; and no call's trouble keeps others from what is theirs. */
function ring(): void {
  let items: ReturnType<Queue['drain']> = []
  try {
    items = queue?.drain() ?? []
  } catch (error) {
    // Nobody knows whose they were.
    for (const call of [...open.values()]) call.fail(ours(error))
  }
  for (let at = 0; at < items.length; at += 2) {
    const number = items[at] as number
    listeners.get(number)?.(items[at + 1] as string)
    const call = open.get(number)
    if (!call) continue // Given up meanwhile, or no call.
    try {
      deliver(number, call, items[at + 1] as string | NativeAgentRun)
    } catch (error) {
      call.fail(ours(error))
    }
  }
}

function deliver(number: number, call: Open, item: string | NativeAgentRun): void {
  const reply = typeof item === 'string' ? (JSON.parse(item) as Reply) : item
  if ('progress' in reply && reply.progress) {
    void tell(call, reply.progress)
  } else if ('wanted' in reply && reply.wanted !== undefined) {
    if (queue) call.feed?.bring(queue, number, reply.wanted).catch(call.fail)
  } else {
    close(number)
    call.settle(reply)
  }
}

async function tell(call: Open, progress: Progress): Promise<void> {
  try {
    await call.onProgress?.(progress)
  } catch (raised) {
    call.fail(raised)
  }
}

const within =
  <T>(context: Context, tell: (told: T) => unknown) =>
  (told: T) =>
    context.runInAsyncScope(tell, undefined, told)

/** Whether the call was open. */
function close(number: number): boolean {
  if (!open.delete(number)) return false
  if (open.size === 0) queue?.hold(false)
  return true
}

function ours(error: unknown): NomkitError {
  if (error instanceof NomkitError) return error
  const why = error instanceof Error ? error.message : String(error)
  return new UnexpectedError(`A bug in nomkit: ${why}.`, { cause: error })
}
