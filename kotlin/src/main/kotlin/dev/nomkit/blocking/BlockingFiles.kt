package dev.nomkit.blocking

import dev.nomkit.File
import dev.nomkit.FileHit
import dev.nomkit.Files
import dev.nomkit.Source
import dev.nomkit.UploadOutcome
import java.nio.file.Path

/** [Files], blocking. */
class BlockingFiles internal constructor(private val files: Files) {
    /** [Files.upload] with no options: the source says the name. */
    fun upload(source: Source): File = upload(source, Upload())

    /** [Files.upload]: uploads one file, streamed in constant memory. */
    fun upload(source: Source, options: Upload): File = blocking { options.upload(files, source) }

    /** [Files.uploadFolder] of all files of a folder. */
    fun uploadFolder(folder: Path): List<UploadOutcome> = uploadFolder(folder, UploadFolder())

    /** [Files.uploadFolder]: uploads the files of a folder, one after another; the same content once. */
    fun uploadFolder(folder: Path, options: UploadFolder): List<UploadOutcome> =
        blocking { options.upload(files, folder) }

    /** [Files.search]: finds files by a part of their name, in any case. */
    @JvmOverloads
    fun search(query: String, pageSize: Int? = null, integrationId: String? = null): BlockingPages<FileHit> =
        BlockingPages(files.search(query, pageSize, integrationId))
}
