package dev.nomkit

import dev.nomkit.bridge.Feed
import dev.nomkit.bridge.GivenSource
import kotlinx.coroutines.flow.Flow
import java.io.InputStream
import java.nio.file.FileSystems
import java.nio.file.Path

/** Something to upload, or for an agent to read. */
class Source private constructor(
    private val given: (MutableList<Reading>) -> GivenSource,
    private val described: String,
) {
    internal fun given(readings: MutableList<Reading>): GivenSource = given.invoke(readings)

    override fun toString(): String = "Source($described)"

    companion object {
        /**
         * A local file, streamed from disk.
         *
         * @throws InvalidInputException it is of another file system than the machine's own
         */
        @JvmStatic
        fun file(path: Path): Source = file(path.local("path"))

        /** A local file, streamed from disk. */
        @JvmStatic
        fun file(file: java.io.File): Source = file(file.path)

        private fun file(path: String) = Source({ GivenSource.Path(path) }, "file $path")

        /**
         * Bytes in memory and the [name] that they shall have. They are not copied: what is changed while they are sent
         * may be sent changed.
         */
        @JvmStatic
        fun bytes(bytes: ByteArray, name: String): Source =
            Source({ readings ->
                Feed().given(name, bytes.size.toLong(), true, readings) { BytesReading(it, bytes) }
            }, name)

        /**
         * What [input] gives up to its end, once, and the [name] that it shall have; it is not closed. With its [size],
         * in bytes, it is sent while it is read; without, it is first copied to a private temporary file, since the
         * platform wants to know the size.
         *
         * It is read in threads of its own, which are interrupted when the call is cancelled; many files and channels
         * are closed by that. Cancelling does not wait for a `read` that heeds no interrupt: that keeps its thread until
         * it returns.
         */
        @JvmStatic
        @JvmOverloads
        fun stream(input: InputStream, name: String, size: Long? = null): Source =
            once(name, size) { StreamReading(it, input) }

        /** The same for [chunks] of bytes, of any size. They are collected once, in the caller's context. */
        @JvmStatic
        @JvmOverloads
        fun stream(chunks: Flow<ByteArray>, name: String, size: Long? = null): Source =
            once(name, size) { FlowReading(it, chunks) }

        /** A file that the platform has. */
        @JvmStatic
        fun uploaded(file: File): Source = uploaded(file.id)

        /** A file that the platform has, by its id. */
        @JvmStatic
        fun uploaded(id: String): Source = Source({ GivenSource.File(id) }, "uploaded $id")

        /** All calls have the same feed, which knows what was read. */
        private fun once(name: String, size: Long?, reading: (Feed) -> Reading): Source {
            val feed by lazy(::Feed)
            return Source({ readings -> feed.given(name, size, false, readings, reading) }, name)
        }

        private fun Feed.given(
            name: String,
            size: Long?,
            again: Boolean,
            readings: MutableList<Reading>,
            reading: (Feed) -> Reading,
        ): GivenSource {
            readings += reading(this)
            return GivenSource.Feed(this, name, size, again)
        }
    }
}

/** As the core opens it, which would take a path of another file system, such as a ZIP file's, for one of its own. */
internal fun Path.local(argument: String): String {
    if (fileSystem == FileSystems.getDefault()) return toString()
    throw invalid(argument, "`$argument` is of another file system than the machine's own.")
}
