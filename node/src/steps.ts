import { call, type CallOptions } from './call'
import type { Queue } from './native'
import { reason } from './signal'

/**
 * @internal Steps that follow one another, however they are asked for; one that waits when they are ended is given up,
 * and there are none after it.
 */
export class Steps {
  readonly #signal: AbortSignal | undefined
  readonly #end = new AbortController()
  readonly #ended: () => void
  #last: Promise<void> = Promise.resolve()

  /** What is to be done when they end comes with them. */
  constructor({ signal }: CallOptions, ended: () => void = () => {}) {
    this.#signal = signal
    this.#ended = ended
  }

  get over(): boolean {
    return this.#end.signal.aborted
  }

  /** Makes one step after those before it; `undefined` after the end. What fails ends them. */
  async step<T>(work: () => Promise<T>): Promise<T | undefined> {
    const before = this.#last
    let after = (): void => {}
    this.#last = new Promise((settle) => (after = settle))
    try {
      // Awaited, not chained, so that an error's stack leads to the caller.
      await before
      if (this.over) return undefined
      // What is ready is not given either: whoever aborts wants no more of it.
      if (this.#signal?.aborted) throw reason(this.#signal)
      return await work()
    } catch (error) {
      if (this.over) return undefined
      this.end()
      throw error
    } finally {
      after()
    }
  }

  /** A native call of a step. */
  call<T>(start: (queue: Queue, number: number) => void): Promise<T> {
    return call<T>(start, { signal: this.#signal, until: this.#end.signal })
  }

  end(): void {
    if (this.over) return
    this.#end.abort()
    this.#ended()
  }
}
