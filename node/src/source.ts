/**
 * What users give to be read. Paths are read by the core by itself; bytes are copied when the call begins; everything
 * else is pulled, block by block, as fast as the connection takes it.
 */
import { invalid, kind, localPath, text } from './arguments'
import type { Reader } from './call'

/** Bytes in memory. */
export type Bytes = Uint8Array | ArrayBuffer

/** What gives bytes while it is read, once: a `Readable`, a `ReadableStream`, any iterable of bytes. */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStreamLike

/** A web stream, whoever made it. */
export interface ReadableStreamLike {
  getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: unknown }>; cancel(): Promise<void> }
}

/** A file that the platform has: what an upload, a search or an agent gives, or just its id. */
export interface FileOnPlatform {
  readonly id: string
}

/** What an agent is given to read. Text is refused, so that no local file is uploaded by accident. */
export type LaunchFile = Source | FileOnPlatform | URL

/** The files of each of a workflow's slots, by the slot's name: one, or several where the slot is `multiple`. */
export type LaunchInputs = Readonly<Record<string, LaunchFile | readonly LaunchFile[]>>

/** A picture in a prompt: JPEG, PNG, WebP or GIF, 20 MB at most. */
export type Image = Source | URL | Bytes | { readonly data: Bytes; readonly mediaType: string }

/** What can be uploaded. */
export type UploadSource = string | URL | Bytes | Blob | Chunks | Source

/** @internal What goes beside the JSON of one call. */
export class Beside {
  readonly buffers: Uint8Array[] = []
  readonly readers: Reader[] = []

  bytes(data: Bytes): number {
    return this.buffers.push(data instanceof Uint8Array ? data : new Uint8Array(data)) - 1
  }
}

/** Something to upload, or for an agent to read. */
export class Source {
  readonly #described: (beside: Beside) => object

  private constructor(described: (beside: Beside) => object) {
    this.#described = described
  }

  /** A local file, streamed from disk: a path, or a `file:` URL. */
  static path(path: string | URL): Source {
    const local = localPath('path', path)
    return new Source(() => ({ path: local }))
  }

  /** Bytes in memory, and the name that they shall have. */
  static bytes(data: Bytes, { name = '' }: { readonly name?: string } = {}): Source {
    if (!isBytes(data)) throw invalid('data', `\`data\` should be bytes; what is given is ${kind(data)}.`)
    const named = text('name', name)
    return new Source((beside) => ({ bytes: { buffer: beside.bytes(data), name: named } }))
  }

  /**
   * What is made while it is read, once. With its `size`, in bytes, it is sent while it is read; without, it is first
   * copied to a private temporary file, since the platform wants to know the size.
   */
  static stream(chunks: Chunks | Blob, { name, size }: { readonly name?: string; readonly size?: number } = {}): Source {
    const known = chunks instanceof Blob ? chunks.size : size
    const own = chunks instanceof Blob && 'name' in chunks ? String(chunks.name) : ''
    const described = { name: text('name', name ?? own), size: known === undefined ? null : whole('size', known) }
    return new Source((beside) => {
      beside.readers.push(reader(chunks instanceof Blob ? chunks.stream() : chunks))
      return { stream: described }
    })
  }

  /** @internal */
  static describe(source: Source, beside: Beside): object {
    return source.#described(beside)
  }
}

/** @internal What is uploaded. */
export function uploadSource(source: UploadSource, name: string | undefined, size: number | undefined, beside: Beside): object {
  const streamed = source instanceof Blob || isChunks(source)
  if (size !== undefined && (!streamed || source instanceof Blob)) {
    throw invalid('size', '`size` is for streams; the size of everything else is known.')
  }
  const given = { ...(name === undefined ? {} : { name }), ...(size === undefined ? {} : { size }) }
  if (source instanceof Source) return Source.describe(source, beside)
  if (typeof source === 'string' || source instanceof URL) return Source.describe(Source.path(source), beside)
  if (isBytes(source)) return Source.describe(Source.bytes(source, given), beside)
  if (streamed) return Source.describe(Source.stream(source, given), beside)
  throw invalid('source', `\`source\` is a path, bytes, a Blob or a stream of bytes, not ${kind(source)}.`)
}

/** @internal What a launch is given besides its options. */
export function attached(files: unknown, inputs: unknown, images: unknown, beside: Beside): string {
  return JSON.stringify({
    files: launchFiles('files', files ?? [], beside),
    inputs: launchInputs(inputs ?? {}, beside),
    images: pictures(images ?? [], beside),
  })
}

/** @internal Pictures that go with a prompt. */
export function pictures(images: unknown, beside: Beside): object[] {
  if (!Array.isArray(images)) throw invalid('images', '`images` is a list. Put the image into one: images: [...].')
  return images.map((image) => picture(image, beside))
}

function launchInputs(inputs: object, beside: Beside): object {
  if (typeof inputs !== 'object') throw invalid('inputs', `\`inputs\` maps a slot's name to its files; it is ${kind(inputs)}.`)
  const slots = Object.entries(inputs).map(([slot, files]) => [
    text('inputs', slot),
    launchFiles('inputs', Array.isArray(files) ? files : [files], beside),
  ])
  return Object.fromEntries(slots)
}

function launchFiles(argument: string, files: unknown, beside: Beside): object[] {
  if (!Array.isArray(files)) throw invalid(argument, `\`${argument}\` is a list. Put the file into one: ${argument}: [...].`)
  return files.map((file) => launchFile(argument, file, beside))
}

function launchFile(argument: string, file: unknown, beside: Beside): object {
  if (file instanceof Source) return Source.describe(file, beside)
  if (file instanceof URL) return Source.describe(Source.path(file), beside)
  if (typeof file === 'object' && file !== null && 'id' in file) return { file: text(argument, file.id) }
  // A service that passes its users' text on must never upload a local file by accident.
  const remedy = 'For a local file give Source.path(...), for an id { id }, or `fileIds`.'
  throw invalid(argument, `\`${argument}\` holds sources and files of the platform, not ${kind(file)}. ${remedy}`)
}

function picture(image: unknown, beside: Beside): object {
  if (image instanceof URL) return { path: localPath('images', image) }
  if (isBytes(image)) return { bytes: { buffer: beside.bytes(image) } }
  if (image instanceof Source) {
    const described = Source.describe(image, beside) as { path?: string; bytes?: { buffer: number } }
    if (described.path !== undefined) return described
    if (described.bytes) return { bytes: { buffer: described.bytes.buffer } }
  } else if (typeof image === 'object' && image !== null && 'data' in image && 'mediaType' in image && isBytes(image.data)) {
    return { bytes: { buffer: beside.bytes(image.data), mediaType: text('images', image.mediaType) } }
  }
  throw invalid('images', `\`images\` holds Source.path(...), bytes, and { data, mediaType }, not ${kind(image)}.`)
}

function isBytes(value: unknown): value is Bytes {
  return value instanceof Uint8Array || value instanceof ArrayBuffer
}

function isChunks(value: unknown): value is Chunks {
  if (typeof value !== 'object' || value === null || value instanceof Source || isBytes(value)) return false
  return Symbol.asyncIterator in value || Symbol.iterator in value || 'getReader' in value
}

function whole(argument: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw invalid(argument, `\`${argument}\` is a number of bytes, 0 or more.`)
}

/** The blocks of what is read; empty ones are left out. */
function reader(chunks: Chunks): Reader {
  // A stream that fails before it is read would end the process; its error comes out when it is read.
  if ('on' in chunks && typeof chunks.on === 'function') chunks.on('error', () => {})
  const blocks = iterator(chunks)
  let over = false
  return {
    async next() {
      for (;;) {
        const { done, value } = await blocks.next()
        if (done) {
          over = true
          return null
        }
        if (typeof value === 'string') throw invalid('source', '`source` gives text; it should give bytes.')
        if (!(value instanceof Uint8Array)) throw invalid('source', `\`source\` should give bytes; it gave ${kind(value)}.`)
        if (value.length > 0) return value
      }
    },
    stop() {
      if (over) return
      over = true
      // What it says then concerns nobody any more.
      Promise.resolve(blocks.return?.()).catch(() => {})
    },
  }
}

function iterator(chunks: Chunks): AsyncIterator<unknown> {
  if (Symbol.asyncIterator in chunks) return chunks[Symbol.asyncIterator]()
  if (Symbol.iterator in chunks) {
    const blocks = chunks[Symbol.iterator]()
    return { next: async () => blocks.next(), return: async () => blocks.return?.() ?? { done: true, value: undefined } }
  }
  const read = chunks.getReader()
  return {
    next: async () => ({ value: undefined, ...(await read.read()) }) as IteratorResult<unknown>,
    return: async () => (await read.cancel(), { done: true, value: undefined }),
  }
}
