/**
 * What users give to be read. Paths are read by the core by itself; everything else is pulled, as fast as the connection
 * takes it.
 */
import { invalid, isUrl, kind, localPath, text } from './arguments'
import { isBytes, view, type Bytes } from './bytes'
import { stream, type ReadableStreamLike } from './readers'

/** What gives bytes while it is read, once: a `Readable`, a `ReadableStream`, any iterable of bytes. */
export type Chunks = AsyncIterable<Bytes> | Iterable<Bytes> | ReadableStreamLike

/** What can be uploaded. */
export type UploadSource = string | URL | Bytes | Blob | Chunks | Source

/** @internal What a source holds. */
export type Content =
  | { readonly path: string }
  | { readonly bytes: Uint8Array; readonly name: string }
  | { readonly blob: Blob; readonly name: string }
  | { readonly chunks: Chunks; readonly name: string; readonly size: number | null }

/** By this name a source of another copy of this module is known, too. */
const CONTENT = Symbol.for('nomkit.Source.content')

/** Something to upload, or for an agent to read. */
export class Source {
  readonly #content: Content

  private constructor(content: Content) {
    this.#content = content
  }

  /**
   * A local file, streamed from disk: a path, or a `file:` URL.
   *
   * @throws {@link InvalidInputError} It is neither.
   */
  static path(path: string | URL): Source {
    return new Source({ path: localPath('path', path) })
  }

  /**
   * Bytes in memory, and the name that they shall have. More than a mebibyte is not copied: leave them as they are until
   * they are sent.
   *
   * @throws {@link InvalidInputError} What is given is no bytes.
   */
  static bytes(data: Bytes, { name = '' }: { readonly name?: string | undefined } = {}): Source {
    if (!isBytes(data)) throw invalid('data', `\`data\` should be bytes; what is given is ${kind(data)}.`)
    return new Source({ bytes: view(data), name: text('name', name) })
  }

  /**
   * What is made while it is read, once. With its `size`, in bytes, it is sent while it is read; without, it is first
   * copied to a private temporary file, since the platform wants to know the size. The size of a `Blob` is known, and
   * that of a file which `createReadStream` opened and nobody reads yet.
   *
   * Once sent, it has ended. When the call fails, a stream is destroyed or cancelled, an iterator returned; one that was
   * refused before anything was sent is left as it was.
   *
   * @throws {@link InvalidInputError} It gives no bytes, was read before, or something else reads it.
   */
  static stream(
    chunks: Chunks | Blob,
    { name, size }: { readonly name?: string | undefined; readonly size?: number | undefined } = {},
  ): Source {
    if (isBlob(chunks)) {
      if (size !== undefined) throw known()
      return new Source({ blob: chunks, name: text('name', name ?? fileName(chunks)) })
    }
    if (!isChunks(chunks))
      throw invalid('chunks', `\`chunks\` should be a stream of bytes; what is given is ${kind(chunks)}.`)
    stream.check(chunks)
    return new Source({ chunks, name: text('name', name ?? ''), size: size === undefined ? null : whole('size', size) })
  }

  /** @internal */
  get [CONTENT](): Content {
    return this.#content
  }
}

/** @internal What a source holds, if it is one. */
export function contentOf(source: unknown): Content | undefined {
  return typeof source === 'object' && source !== null ? (source as Partial<Source>)[CONTENT] : undefined
}

/** @internal What is uploaded. */
export function uploaded(source: UploadSource, name: string | undefined, size: number | undefined): Content {
  const given = { name, size }
  const content = contentOf(source) ?? contentOf(made(source, given))
  if (content === undefined) {
    throw invalid('source', `\`source\` is a path, bytes, a Blob or a stream of bytes, not ${kind(source)}.`)
  }
  if (size !== undefined && !('chunks' in content && content.size === size)) throw known()
  return content
}

function made(source: UploadSource, given: { readonly name: string | undefined; readonly size: number | undefined }) {
  if (typeof source === 'string' || isUrl(source)) return Source.path(source)
  if (isBytes(source)) return Source.bytes(source, given)
  return isBlob(source) || isChunks(source) ? Source.stream(source, given) : undefined
}

/** @internal */
export function isBlob(value: unknown): value is Blob {
  if (typeof value !== 'object' || value === null) return false
  const { size, slice, arrayBuffer } = value as Partial<Blob>
  return typeof size === 'number' && typeof slice === 'function' && typeof arrayBuffer === 'function'
}

function isChunks(value: unknown): value is Chunks {
  if (typeof value !== 'object' || value === null || isBytes(value)) return false
  return Symbol.asyncIterator in value || Symbol.iterator in value || 'getReader' in value
}

/** The name of a `File`. */
function fileName(chunks: Blob): string {
  return 'name' in chunks && typeof chunks.name === 'string' ? chunks.name : ''
}

const known = (): Error => invalid('size', '`size` is for streams; the size of everything else is known.')

function whole(argument: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw invalid(argument, `\`${argument}\` is a number of bytes, 0 or more.`)
}
