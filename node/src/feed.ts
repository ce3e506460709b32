/** Brings what a call reads to the core, as much as it asks for. */
import * as timers from 'node:timers'
import { invalid, kind } from './arguments'
import { isBytes, unshared, view } from './bytes'
import { Context } from './context'
import type { Queue } from './native'

/** @internal One reading from the start: chunks, and `done` at the end. */
export type Reading = { next(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }> }

/** @internal How a call is over: it succeeded, it failed, or it was refused before anything was sent. */
export type End = 'success' | 'failure' | 'refusal'

/** @internal What a call may read. Before it is opened, none of it is read. */
export interface Reader {
  /** Resolves once the core can be told of it, if that takes time. */
  ready?(): Promise<void> | undefined
  /** From now on an error that nobody waits for fails the call; it never ends the process. */
  begin?(fail: (reason: unknown) => void): void
  open(): Reading
  /** The call is over. */
  end?(how: End): void
}

/** @internal What the core wants: of this reader, for this reading of it. */
export interface Wanted {
  readonly reader: number
  readonly place: number
}

/** Node's own, even where tests put another clock into its place. */
const others = timers.setImmediate

/** After so many chunks others have their turn, even if every one was there at once. */
const TURN = 64

/** More than this is not copied at a time. */
const PIECE = 256 * 1024

/** @internal All that one call reads. */
export class Feed {
  readonly #readers: readonly Reader[]
  readonly #readings = new Map<number, { chunks: Reading; rest: Uint8Array }>()
  /** What is read runs where the caller's asynchronous context is. */
  readonly #bound = new Context()
  readonly #opened = new Set<Reader>()
  #over = false

  constructor(readers: readonly Reader[]) {
    this.#readers = readers
  }

  /** Begins; resolves once all can be told of, if that takes time. */
  begin(fail: (reason: unknown) => void): Promise<unknown> | undefined {
    for (const reader of this.#readers) reader.begin?.(fail)
    const waits = this.#readers.flatMap((reader) => reader.ready?.() ?? [])
    return waits.length ? Promise.all(waits) : undefined
  }

  /** Brings chunks until there is no more room for them. */
  bring(queue: Queue, call: number, wanted: Wanted): Promise<void> {
    return this.#bound.runInAsyncScope(() => this.#bring(queue, call, wanted))
  }

  async #bring(queue: Queue, call: number, { reader, place }: Wanted): Promise<void> {
    let reading = this.#readings.get(place)
    if (!reading) {
      const opened = this.#readers[reader]
      if (!opened) return
      this.#opened.add(opened)
      reading = { chunks: opened.open(), rest: new Uint8Array() }
      this.#readings.set(place, reading)
    }
    for (let turn = 1; ; turn++) {
      while (reading.rest.length > 0) {
        const given = unshared(reading.rest, PIECE)
        const taken = queue.give(call, place, given)
        reading.rest = reading.rest.subarray(taken)
        if (taken < given.length) return
      }
      if (turn % TURN === 0) await new Promise((settle) => others(settle))
      const { done, value } = await reading.chunks.next()
      if (this.#over) return
      if (done) return void queue.give(call, place, null)
      reading.rest = chunk(value)
    }
  }

  end(how: End): void {
    this.#over = true
    for (const reader of this.#readers) reader.end?.(how === 'refusal' && this.#opened.has(reader) ? 'failure' : how)
  }
}

function chunk(value: unknown): Uint8Array {
  if (isBytes(value)) return view(value)
  if (typeof value === 'string') throw invalid('source', 'The source gives text; it should give bytes.')
  throw invalid('source', `The source should give bytes; it gave ${kind(value)}.`)
}
