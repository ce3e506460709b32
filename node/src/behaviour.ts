/** What records can do, by hand. The generated classes of `records.ts` stand on these. */
import { call, type CallOptions } from './call'
import { localPath, only } from './arguments'
import { native } from './native'
import type { Artifact } from './records'

/** The methods of an artifact. */
export abstract class ArtifactBehaviour {
  /**
   * Writes the artifact into a folder, which is made if need be: a document as it is, a table as CSV.
   *
   * The file appears whole or not at all. Nothing is overwritten: where the name is taken, the artifact's id is added
   * to it. Its name comes from the platform and is never trusted as a path.
   *
   * @param folder - Where to put the file: a path, or a `file:` URL.
   * @returns The file's path.
   * @throws {@link LocalIoError} The folder cannot be written to, both names are taken, or the artifact has an `error`
   *   instead of content.
   */
  async download(this: Artifact, folder: string | URL, options: CallOptions = {}): Promise<string> {
    const { id, name, kind, text, columns, rows, error } = this
    const wire = JSON.stringify({ id, name, type: kind, content: text, columns, rows, error })
    const [path, given] = [localPath('folder', folder), only(options, 'signal')]
    return call<string>((queue, number) => native().download(wire, path, queue, number), given)
  }
}
