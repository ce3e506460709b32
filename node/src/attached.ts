/** What a call is given to be read, as it crosses: described in JSON, with bytes and readers beside it. */
import { invalid, isObject, isUrl, kind, localPath, text } from './arguments'
import { isBytes, unshared, view, type Bytes } from './bytes'
import type { Reader } from './feed'
import { blob, memory, stream, type Described } from './readers'
import { contentOf, isBlob, type Content, type Source } from './source'

/** A file that the platform has: what an upload, a search or an agent gives, or just its id. */
export interface FileOnPlatform {
  /** Its id. */
  readonly id: string
}

/** What an agent is given to read. Text is refused, so that no local file is uploaded by accident. */
export type LaunchFile = Source | FileOnPlatform | URL

/** The files of each of a workflow's slots, by the slot's name: one, or several where the slot is `multiple`. */
export type LaunchInputs = Readonly<Record<string, LaunchFile | readonly LaunchFile[]>>

/** A picture in a prompt: JPEG, PNG, WebP or GIF, 20 MB at most. A `Blob` that has a type must be of that type. */
export type Image = Source | URL | Bytes | Blob | TypedImage

/** Bytes of a picture that must be of one type. */
export interface TypedImage {
  /** The picture. */
  readonly data: Bytes
  /** Its type, such as `image/png`. */
  readonly mediaType: string
}

/** Bytes up to here are copied at once, which is faster; more of them are read while they are sent. */
const FEW = 1024 * 1024

/** @internal What goes beside the JSON of one call. */
export class Beside {
  readonly buffers: Uint8Array[] = []
  readonly readers: Reader[] = []

  /** What is read from a path by the core, or from here. */
  source(content: Content): object {
    if ('path' in content) return { path: content.path }
    const { name } = content
    if ('bytes' in content) {
      const size = content.bytes.length
      if (size <= FEW) return { bytes: { buffer: this.#buffer(content.bytes), name } }
      return this.#stream({ name, size, again: true }, () => memory(content.bytes))
    }
    if ('blob' in content) return this.#stream({ name, size: content.blob.size, again: true }, () => blob(content.blob))
    return this.#stream({ name, size: content.size, again: false }, (described) => stream(content.chunks, described))
  }

  /** A picture's bytes, which are copied. */
  picture(bytes: Bytes, mediaType?: string): object {
    return { bytes: { buffer: this.#buffer(view(bytes)), ...(mediaType ? { mediaType } : {}) } }
  }

  /** A picture that has to be read first. */
  pictureLater(blob: Blob): object {
    const described = {}
    const ready = async (): Promise<void> => {
      Object.assign(described, this.picture(await blob.arrayBuffer(), blob.type))
    }
    this.readers.push({ ready, open: () => ({ next: async () => ({ done: true }) }) })
    return described
  }

  #buffer(bytes: Uint8Array): number {
    return this.buffers.push(unshared(bytes)) - 1
  }

  #stream(described: Omit<Described, 'reader'>, reader: (described: Described) => Reader): object {
    const placed = { ...described, reader: this.readers.length }
    this.readers.push(reader(placed))
    return { stream: placed }
  }
}

/** @internal What a launch is given besides its options. */
export function attached(files: unknown = [], inputs: unknown = {}, images: unknown = [], beside: Beside): object {
  return {
    files: launchFiles('files', files, beside),
    inputs: launchInputs(inputs, beside),
    images: pictures(images, beside),
  }
}

/** @internal Pictures that go with a prompt. */
export function pictures(images: unknown, beside: Beside): object[] {
  if (!Array.isArray(images)) throw invalid('images', '`images` is a list. Put the image into one: images: [...].')
  return images.map((image) => picture(image, beside))
}

function launchInputs(inputs: unknown, beside: Beside): object {
  if (!isObject(inputs)) throw invalid('inputs', `\`inputs\` maps a slot's name to its files; it is ${kind(inputs)}.`)
  const slots = Object.entries(inputs).map(([slot, files]) => [
    text('inputs', slot),
    launchFiles('inputs', Array.isArray(files) ? files : [files], beside),
  ])
  return Object.fromEntries(slots)
}

function launchFiles(argument: string, files: unknown, beside: Beside): object[] {
  if (!Array.isArray(files))
    throw invalid(argument, `\`${argument}\` is a list. Put the file into one: ${argument}: [...].`)
  return files.map((file) => launchFile(argument, file, beside))
}

function launchFile(argument: string, file: unknown, beside: Beside): object {
  const content = contentOf(file)
  if (content) return beside.source(content)
  if (isUrl(file)) return { path: localPath(argument, file) }
  if (typeof file === 'object' && file !== null && 'id' in file) return { file: text(argument, file.id) }
  // A service that passes its users' text on must never upload a local file by accident.
  const remedy = 'Give Source.path(...), Source.bytes(...) or Source.stream(...); for an id { id }, or `fileIds`.'
  throw invalid(argument, `\`${argument}\` holds sources and files of the platform, not ${kind(file)}. ${remedy}`)
}

function picture(image: unknown, beside: Beside): object {
  if (isUrl(image)) return { path: localPath('images', image) }
  if (isBytes(image)) return beside.picture(image)
  if (isBlob(image)) return beside.pictureLater(image)
  const content = contentOf(image)
  if (content && 'path' in content) return content
  if (content && 'bytes' in content) return beside.picture(content.bytes)
  if (content && 'blob' in content) return beside.pictureLater(content.blob)
  if (typeof image === 'object' && image !== null && 'data' in image && 'mediaType' in image && isBytes(image.data)) {
    return beside.picture(image.data, text('images', image.mediaType))
  }
  throw invalid(
    'images',
    `\`images\` holds Source.path(...), bytes, Blobs and { data, mediaType }, not ${kind(image)}.`,
  )
}
