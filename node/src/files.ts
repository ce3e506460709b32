import { localPath, named, only, seconds, text, wire } from './arguments'
import { Beside } from './attached'
import { call, now, type CallOptions, type MovingOptions } from './call'
import type { NativeFiles } from './native'
import { Pages } from './pages'
import { revive, type File, type FileHit, type UploadOutcome } from './records'
import { uploaded, type UploadSource } from './source'

/** How a file is uploaded. */
export interface UploadOptions extends MovingOptions {
  /** Where to put it, file name included: `reports/2026/plan.pdf`. Folders are made. */
  readonly path?: string | undefined
  /** An existing folder to put it into. */
  readonly parentId?: string | undefined
  /** Its name, where neither the path nor the source gives one. */
  readonly name?: string | undefined
  /** Bytes that a stream will give; without it the stream is copied to a private temporary file first. */
  readonly size?: number | undefined
  /** Milliseconds for all of it; without, as long as it needs if it keeps moving. */
  readonly timeout?: number | undefined
}

/** How the files of a folder are uploaded. */
export interface FolderOptions extends MovingOptions {
  /** Which of them, all by default: `*` is anything in one folder, `**` any folders, `{a,b}` either. */
  readonly pattern?: string | undefined
  /** The folder to put them into, by its path on the platform; they keep their places below it. */
  readonly path?: string | undefined
  /** An existing folder to put them into. */
  readonly parentId?: string | undefined
  /** Milliseconds for each file. */
  readonly timeout?: number | undefined
}

/** What to search for besides a part of the name. */
export interface SearchOptions extends CallOptions {
  /** How many a page holds, 1 to 50. */
  readonly pageSize?: number | undefined
  /** Only files of this integration. */
  readonly integrationId?: string | undefined
}

/** `nomic.files`. */
export class Files {
  readonly #native: NativeFiles

  private constructor(native: NativeFiles) {
    this.#native = native
  }

  /** @internal */
  static of(native: NativeFiles): Files {
    return new Files(native)
  }

  /**
   * Uploads one file, streamed in constant memory. `POST /files/upload` of the Files & Workflows page; scope
   * `developer:files`, tier Heavy.
   *
   * @param source - A path or a `file:` URL; bytes; a `Blob`; a `Readable`, a `ReadableStream` or any iterable of
   *   bytes, which is read as fast as it is sent; or a {@link Source}. Bytes and streams need a `name` or a `path`.
   * @returns The file on the platform.
   * @throws {@link InvalidInputError} An argument is wrong; nothing was sent.
   * @throws {@link LocalIoError} The source cannot be read.
   * @throws {@link SourceChangedError} It changed while it was sent; the platform has no file then.
   * @throws {@link TooLargeError} It is larger than 500 MB.
   * @throws {@link OutcomeUnknownError} The answer was lost. It is never sent a second time; with `path` the file is
   *   looked for first, and what is found is given, with `recovered`.
   */
  async upload(source: UploadSource, options: UploadOptions = {}): Promise<File> {
    const { signal, onProgress, size, timeout, ...given } = named(options)
    const beside = new Beside()
    const described = beside.source(uploaded(source, given.name, size))
    const chosen = wire({ ...given, timeout: seconds('timeout', timeout) })
    const file = await call(
      (queue, number) =>
        this.#native.upload(JSON.stringify(described), beside.buffers, chosen, !!onProgress, queue, number),
      { signal, onProgress, readers: beside.readers },
    )
    return revive.File(file)
  }

  /**
   * Uploads the files of a folder, one after another; the same content once. An error of one file does not end it,
   * unless it would befall every further one. `POST /files/upload` of the Files & Workflows page, for each file; scope
   * `developer:files`, tier Heavy.
   *
   * @param folder - A local folder. Hidden files are left out, symlinked folders are not followed.
   * @returns What became of each file, sorted by path: it has a `file` or an `error`.
   * @throws {@link InvalidInputError} Nothing matches, or an argument is wrong; nothing was sent.
   */
  async uploadFolder(folder: string | URL, options: FolderOptions = {}): Promise<readonly UploadOutcome[]> {
    const { signal, onProgress, timeout, ...given } = named(options)
    const path = localPath('folder', folder)
    const chosen = wire({ ...given, timeout: seconds('timeout', timeout) })
    const outcomes = await call<unknown[]>(
      (queue, number) => this.#native.uploadFolder(path, chosen, !!onProgress, queue, number),
      { signal, onProgress },
    )
    return outcomes.map(revive.UploadOutcome)
  }

  /**
   * Finds files that the user may read by a part of their name. `GET /files/search` of the Files & Workflows page; scope
   * `developer:files`, tier Standard.
   *
   * @param query - A part of the file's name, in any case.
   * @returns The hits, lazy over all pages: `for await`, `.first(n)`, or `.pages()`.
   * @throws {@link InvalidInputError} The query is empty, or an argument is wrong; nothing was sent.
   */
  search(query: string, options: SearchOptions = {}): Pages<FileHit> {
    const { signal, ...given } = only(options, 'signal', 'pageSize', 'integrationId')
    const pages = now(this.#native.search(wire({ ...given, query: text('query', query) })))
    return Pages.of(pages, revive.FileHit, { signal })
  }
}
