import { invalid, kind } from './arguments'
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

  private constructor(native: NativePages, revive: (item: unknown) => T, options: CallOptions) {
    this.#native = native
    this.#revive = revive
    this.#steps = new Steps(options)
  }

  /** @internal */
  static of<T>(native: NativePages, revive: (item: unknown) => T, options: CallOptions): Pages<T> {
    return new Pages(native, revive, options)
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next item. */
  async next(): Promise<IteratorResult<T, undefined>> {
    return result(
      await this.#steps.step(async () => {
        while (this.#ready.length === 0) if (!(await this.#read())) return undefined
        return { value: this.#ready.shift() as T }
      }),
    )
  }

  /** Ends the list, and aborts a request that is in flight. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#steps.end()
    return { done: true, value: undefined }
  }

  /**
   * The next items; no page is read that is not needed.
   *
   * @param count - How many at most.
   */
  async first(count: number): Promise<T[]> {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw invalid('count', `\`count\` should be a whole number, 0 or more; what is given is ${kind(count)}.`)
    }
    const items: T[] = []
    while (items.length < count) {
      const { done, value } = await this.next()
      if (done) break
      items.push(value)
    }
    return items
  }

  /** Page by page; the first holds what is left of one that was begun. */
  pages(): AsyncIterableIterator<Page<T>> {
    const page = async () => {
      if (this.#ready.length === 0 && !(await this.#read())) return undefined
      return { value: { items: this.#ready.splice(0), totalCount: this.#total } }
    }
    // No generator: its `return` would wait for a request that is in flight.
    return {
      next: async () => result(await this.#steps.step(page)),
      return: async () => {
        this.#steps.end()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  /** Ends the list. */
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

const result = <V>(found: { value: V } | undefined): IteratorResult<V, undefined> =>
  found ? { done: false, value: found.value } : { done: true, value: undefined }
