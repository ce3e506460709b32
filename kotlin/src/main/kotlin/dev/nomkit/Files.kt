package dev.nomkit

import dev.nomkit.bridge.FilesBridge
import java.nio.file.Path
import kotlin.time.Duration

/** `nomic.files`. */
class Files internal constructor(private val bridge: FilesBridge) {
    /**
     * Uploads one file, streamed in constant memory. `POST /files/upload` of the Files & Workflows page; scope
     * `developer:files`, tier Heavy.
     *
     * @param path where to put it, file name included: `reports/2026/plan.pdf`. Folders are made
     * @param parentId an existing folder to put it into
     * @param name its name, where neither the path nor the source gives one
     * @param timeout for all of it; without, as long as it needs if it keeps moving
     * @param onProgress is told how far it is, in the caller's context, at most ten times a second
     * @return the file on the platform
     * @throws InvalidInputException an argument is wrong; nothing was sent
     * @throws LocalIoException the source cannot be read
     * @throws SourceChangedException it changed while it was sent; the platform has no file then
     * @throws TooLargeException it is larger than 500 MB
     * @throws Exception what a source or [onProgress] throws by itself, as it is: an `IOException` of a stream, say;
     *   it no longer counts when the result is there already
     * @throws OutcomeUnknownException the answer was lost, and the file was not found by its [path]; without a path nobody
     *   looks for it. It is never sent a second time
     */
    suspend fun upload(
        source: Source,
        path: String? = null,
        parentId: String? = null,
        name: String? = null,
        timeout: Duration? = null,
        onProgress: ((Progress) -> Unit)? = null,
    ): File {
        val readings = mutableListOf<Reading>()
        val given = source.given(readings)
        val options = UploadOptions(path, parentId, name, timeout.orNull())
        return call(onProgress, readings) { cancel, told -> bridge.upload(given, options, told, cancel) }
    }

    /**
     * Uploads the files of a folder, one after another; the same content once. An error of one file does not end it,
     * unless it would befall every further one. `POST /files/upload` of the Files & Workflows page, for each file; scope
     * `developer:files`, tier Heavy.
     *
     * @param folder a local folder; hidden files are left out, symlinked folders are not followed
     * @param pattern which of them, all by default: `*` is anything in one folder, `**` any folders, `{a,b}` either
     * @param path the folder to put them into, by its path on the platform; they keep their places below it
     * @param parentId an existing folder to put them into
     * @param timeout for each file
     * @return what became of each file, sorted by path: it has a `file` or an `error`
     * @throws InvalidInputException nothing matches, or an argument is wrong; nothing was sent
     */
    suspend fun uploadFolder(
        folder: Path,
        pattern: String? = null,
        path: String? = null,
        parentId: String? = null,
        timeout: Duration? = null,
        onProgress: ((Progress) -> Unit)? = null,
    ): List<UploadOutcome> {
        val options = FolderOptions(pattern, path, parentId, timeout.orNull())
        val local = folder.local("folder")
        return call(onProgress, emptyList()) { cancel, told ->
            bridge.uploadFolder(local, options, told, cancel)
        }
    }

    /**
     * Finds files that the user may read by a part of their name. `GET /files/search` of the Files & Workflows page;
     * scope `developer:files`, tier Standard.
     *
     * @param query a part of the file's name, in any case
     * @param pageSize how many one request brings, 1 to 50
     * @param integrationId only files of this integration
     * @return the hits, lazy over all pages
     * @throws InvalidInputException the query is empty, or an argument is wrong; nothing was sent
     */
    fun search(query: String, pageSize: Int? = null, integrationId: String? = null): Pages<FileHit> {
        val options = SearchOptions(query, pageSize, integrationId)
        return Pages(
            steps({ bridge.search(options) }) { pages, cancel ->
                pages.nextPage(cancel)?.let { Page(it.items, it.totalCount) }
            },
        )
    }
}
