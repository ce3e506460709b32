/** How each kind of source is read. */
import fs from 'node:fs'
import type { Readable } from 'node:stream'
import { invalid } from './arguments'
import type { End, Reader, Reading } from './feed'
import { later } from './later'
import type { Chunks } from './source'

/** @internal What the core is told of a stream. */
export interface Described {
  readonly reader: number
  readonly name: string
  readonly size: number | null
  /** It can be read again from its start. */
  readonly again: boolean
  /** An open file that the core may read by itself, from a position or from where it stands. */
  readonly file?: { readonly descriptor: number; readonly position: number | null } | undefined
}

/** A web stream, whoever made it. */
export interface ReadableStreamLike {
  /** Whether somebody reads it. */
  readonly locked?: boolean
  /** Begins to read it. */
  getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: unknown }>; cancel(): Promise<void> }
}

const spent = new WeakSet<object>()

/** What can be read once is not read twice: there would be nothing left, or each reader would get a part. */
function fresh(chunks: object, over = false): void {
  if (!over && !spent.has(chunks)) return
  throw invalid('source', 'This stream was read or destroyed before; it can be sent once. Make a new one.')
}

function spend(chunks: object): void {
  fresh(chunks)
  spent.add(chunks)
}

/** @internal Bytes in memory. They are not copied: what is changed while they are sent may be sent changed. */
export const memory = (bytes: Uint8Array): Reader => ({
  open() {
    let left: Uint8Array | undefined = bytes
    return {
      async next() {
        const value = left
        left = undefined
        return { done: !value, value }
      },
    }
  },
})

/** Fewer slices are faster, larger ones cost memory. */
const SLICE = 1024 * 1024

/** @internal */
export const blob = (blob: Blob): Reader => ({
  open() {
    let at = 0
    return {
      async next() {
        if (at >= blob.size) return { done: true }
        return { value: await blob.slice(at, (at += SLICE)).arrayBuffer() }
      },
    }
  },
})

/** @internal A stream of whatever kind. */
export function stream(chunks: Chunks, described: Described): Reader {
  stream.check(chunks)
  if ('getReader' in chunks) return new WebReader(chunks)
  return isOfNode(chunks) ? new NodeReader(chunks, described) : new Iterated(chunks)
}

/** Says what is known to be wrong with it; it is left as it is. */
stream.check = (chunks: Chunks): void => {
  if ('getReader' in chunks) {
    fresh(chunks)
    if (chunks.locked) throw invalid('source', 'The stream is locked: something else is reading it.')
  } else if (isOfNode(chunks)) {
    // Of one that has failed, its own error is told.
    fresh(chunks, !chunks.errored && (chunks.destroyed || chunks.readableEnded))
    if (chunks.readableEncoding)
      throw invalid('source', 'The stream gives text; make it without an encoding, to give bytes.')
  } else {
    fresh(chunks)
  }
}

function isOfNode(chunks: object): chunks is Readable {
  const { pipe, on, destroy } = chunks as Partial<Readable>
  return typeof pipe === 'function' && typeof on === 'function' && typeof destroy === 'function'
}

/** A stream of Node's. */
class NodeReader implements Reader {
  readonly #stream: Readable
  readonly #described: Described
  #fail: (reason: unknown) => void = () => {}
  #release = (): void => {}

  constructor(stream: Readable, described: Described) {
    this.#stream = stream
    this.#described = described
  }

  begin(fail: (reason: unknown) => void): void {
    this.#fail = fail
    // Whoever has a stream has loaded it.
    const { finished } = later<typeof import('node:stream')>('node:stream')
    this.#release = finished(this.#stream, { writable: false }, (error) => error && this.#fail(error))
  }

  /** A file that nobody reads yet is read by the core: no byte of it passes through JavaScript. */
  ready(): Promise<void> | undefined {
    const stream = this.#stream
    if (!isWholeFile(stream)) return undefined
    // Told when the core asks, and no earlier: until then it may be read, or closed and its descriptor another file's.
    Object.defineProperty(this.#described, 'file', { enumerable: true, get: () => openFile(stream) })
    return stream.pending ? new Promise((resolve) => stream.once('open', () => resolve())) : undefined
  }

  open(): Reading {
    spend(this.#stream)
    return this.#stream[Symbol.asyncIterator]()
  }

  end(how: End): void {
    this.#fail = () => {}
    const stream = this.#stream
    if (how === 'failure') stream.destroy()
    else this.#release()
    if (how === 'success' && !spent.has(stream) && !stream.readableDidRead && !stream.destroyed) {
      // The core read it: it ends as if it had been read here.
      spend(stream)
      stream.push(null)
      stream.resume()
    }
  }
}

interface FileStream extends Readable {
  readonly fd: number | null
  readonly start?: number | undefined
  readonly end: number
  readonly pending: boolean
  readonly bytesRead: number
}

function openFile(stream: Readable): Described['file'] {
  if (!isWholeFile(stream) || stream.fd === null) return undefined
  return { descriptor: stream.fd, position: stream.start ?? null }
}

function isWholeFile(stream: Readable): stream is FileStream {
  // Subclasses may do anything.
  if (Object.getPrototypeOf(stream) !== fs.ReadStream.prototype) return false
  // So may a file system that is given as an option.
  if (!Object.getOwnPropertySymbols(stream).some((name) => Reflect.get(stream, name) === fs)) return false
  const { end, bytesRead, readableFlowing, readableLength, destroyed } = stream as FileStream
  const untouched = bytesRead === 0 && readableFlowing === null && readableLength === 0 && !destroyed
  return untouched && end === Infinity && stream.listenerCount('readable') === 0
}

/** A stream of the web's. */
class WebReader implements Reader {
  readonly #stream: ReadableStreamLike
  #reader: ReturnType<ReadableStreamLike['getReader']> | undefined

  constructor(stream: ReadableStreamLike) {
    this.#stream = stream
  }

  open(): Reading {
    spend(this.#stream)
    const reader = (this.#reader = this.#stream.getReader())
    return { next: () => reader.read() }
  }

  end(how: End): void {
    if (how !== 'failure') return
    const stream = this.#reader ?? (this.#stream as Partial<ReadableStream>)
    // What it says then concerns nobody any more.
    stream.cancel?.().catch(() => {})
  }
}

/** An iterable; a promise that it gives is awaited. */
class Iterated implements Reader {
  readonly #iterable: AsyncIterable<unknown> | Iterable<unknown>
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined
  #over = false

  constructor(iterable: AsyncIterable<unknown> | Iterable<unknown>) {
    this.#iterable = iterable
  }

  open(): Reading {
    const iterable = this.#iterable
    const iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]()
    // One that is its own iterator goes on where it stands.
    if ((iterator as object) === iterable) spend(iterable)
    this.#iterator = iterator
    return {
      next: async () => {
        const { done, value } = await iterator.next()
        this.#over = done === true
        return { done: this.#over, value: await value }
      },
    }
  }

  end(how: End): void {
    if (how !== 'failure' || this.#over) return
    const stop = async (): Promise<unknown> => this.#iterator?.return?.()
    stop().catch(() => {})
  }
}
