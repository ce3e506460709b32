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
  #last: Promise<unknown> = Promise.resolve()

  constructor({ signal }: CallOptions) {
    this.#signal = signal
  }

  get over(): boolean {
    return this.#end.signal.aborted
  }

  /** Makes one step after those before it; `undefined` after the end. What fails ends them. */
  step<T>(work: () => Promise<T>): Promise<T | undefined> {
    const next = this.#last.then(async () => {
      if (this.over) return undefined
      try {
        // What is ready is not given either: whoever aborts wants no more of it.
        if (this.#signal?.aborted) throw reason(this.#signal)
        return await work()
      } catch (error) {
        if (this.over) return undefined
        this.end()
        throw error
      }
    })
    this.#last = next.catch(() => {})
    return next
  }

  /** A native call of a step. */
  call<T>(start: (queue: Queue, number: number) => void): Promise<T> {
    return call<T>(start, { signal: this.#signal, until: this.#end.signal })
  }

  end(): void {
    this.#end.abort()
  }
}
