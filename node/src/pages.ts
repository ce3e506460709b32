import { invalid } from './arguments'
import type { CallOptions } from './call'
import type { NativePages } from './native'
import { Steps } from './steps'

/** One page of a list. */
export interface Page<T> {
  /** Its items. */
  readonly items: readonly T[]
  /** How many the whole list has, if the server said so. */
  readonly totalCount: number | null
}

/**
 * A list that is read page by page, as far as it is asked for: `for await (const item of list)`. It can be walked
 * once; leaving the loop ends it, and aborts a request that is in flight.
 */
export class Pages<T> implements AsyncIterableIterator<T> {
  readonly #native: NativePages
  readonly #revive: (item: unknown) => T
  readonly #steps: Steps
  #ready: T[] = []
  #total: number | null = null

  /** @internal */
  constructor(native: NativePages, revive: (item: unknown) => T, options: CallOptions) {
    this.#native = native
    this.#revive = revive
    this.#steps = new Steps(options)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next item. */
  async next(): Promise<IteratorResult<T, undefined>> {
    const found = await this.#steps.step(async () => {
      while (this.#ready.length === 0) if (!(await this.#read())) return { done: true as const, value: undefined }
      return { done: false as const, value: this.#ready.shift() as T }
    })
    return found ?? { done: true, value: undefined }
  }

  /** Ends the list. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#steps.end()
    return { done: true, value: undefined }
  }

  /** The next items, `count` at most; no page is read that is not needed. */
  async first(count: number): Promise<T[]> {
    if (!Number.isSafeInteger(count) || count < 0) throw invalid('count', '`count` is a whole number, 0 or more.')
    const items: T[] = []
    while (items.length < count) {
      const { done, value } = await this.next()
      if (done) break
      items.push(value)
    }
    return items
  }

  /** Page by page; the first holds what is left of one that was begun. */
  async *pages(): AsyncGenerator<Page<T>, undefined, undefined> {
    try {
      for (;;) {
        const page = await this.#steps.step(async () => {
          if (this.#ready.length === 0 && !(await this.#read())) return undefined
          return { items: this.#ready.splice(0), totalCount: this.#total }
        })
        if (!page) return
        yield page
      }
    } finally {
      this.#steps.end()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#steps.end()
  }

  /** Reads one page; false after the last. */
  async #read(): Promise<boolean> {
    type Read = { items: unknown[]; totalCount: number | null } | null
    const page = await this.#steps.call<Read>((queue, number) => this.#native.nextPage(queue, number))
    if (page === null) return false
    this.#ready = page.items.map(this.#revive)
    this.#total = page.totalCount
    return true
  }
}
