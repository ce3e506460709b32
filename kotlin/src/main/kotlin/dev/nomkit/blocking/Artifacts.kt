@file:JvmName("Artifacts")

package dev.nomkit.blocking

import dev.nomkit.Artifact
import java.nio.file.Path
import java.nio.file.Paths
import dev.nomkit.download as downloaded

/**
 * Writes an artifact into [folder]: Markdown as it is, a table as CSV; never outside the folder or over another file.
 *
 * @return the file's path
 * @throws dev.nomkit.LocalIoException it cannot be written, or the artifact has an `error` instead of content
 */
@JvmOverloads
fun download(artifact: Artifact, folder: Path = Paths.get("")): Path = blocking { artifact.downloaded(folder) }
