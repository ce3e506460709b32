package dev.nomkit

import dev.nomkit.bridge.download
import java.nio.file.Path
import java.nio.file.Paths

/**
 * Writes the artifact into [folder]: Markdown as it is, a table as CSV. The name is made safe, and nothing is ever
 * written outside the folder or over another file.
 *
 * @return the file's path
 * @throws InvalidInputException the folder is of another file system than the machine's own
 * @throws LocalIoException it cannot be written, or the artifact has an `error` instead of content
 */
suspend fun Artifact.download(folder: Path = Paths.get("")): Path {
    val local = folder.local("folder")
    return Paths.get(call { download(this@download, local, it) })
}
