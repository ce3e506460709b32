import type { CallOptions } from './call'
import type { NativeUpdates } from './native'
import { revive, type Agent } from './records'
import { Steps } from './steps'

/**
 * The agent each time it changes, up to the end of one turn: `for await (const agent of run.updates())`. Leaving the
 * loop ends it, and aborts a request that is in flight; the agent runs on.
 */
export class Updates implements AsyncIterableIterator<Agent> {
  readonly #native: NativeUpdates
  readonly #steps: Steps

  private constructor(native: NativeUpdates, options: CallOptions) {
    this.#native = native
    this.#steps = new Steps(options)
  }

  /** @internal */
  static of(native: NativeUpdates, options: CallOptions): Updates {
    return new Updates(native, options)
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next change. */
  async next(): Promise<IteratorResult<Agent, undefined>> {
    const agent = await this.#steps.step(() => this.#steps.call((queue, number) => this.#native.next(queue, number)))
    return agent ? { done: false, value: revive.Agent(agent) } : { done: true, value: undefined }
  }

  /** Ends it, and aborts a request that is in flight; the agent runs on. */
  async return(): Promise<IteratorResult<Agent, undefined>> {
    this.#steps.end()
    return { done: true, value: undefined }
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#steps.end()
  }
}
