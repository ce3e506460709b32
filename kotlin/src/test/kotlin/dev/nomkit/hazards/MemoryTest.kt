package dev.nomkit.hazards

import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.RandomAccessFile
import java.nio.file.Path

private const val PROGRAM = "dev.nomkit.programs.MemoryKt"

/** However large a source is, memory stays flat. Each is uploaded by a process of its own. */
class MemoryTest {
    @TempDir
    lateinit var folder: Path

    /**
     * How many MiB the process took at its peak over what it had before. Its heap is all taken at the start, since what of
     * it is garbage is the collector's business; that the call needs no more than there is of it shows in that it ends.
     */
    private fun grown(what: String, heap: String, url: String, key: String, path: String): Long {
        val java = listOf("java", "-Xms$heap", "-Xmx$heap", "-Xmn10m", "-XX:+UseSerialGC", "-XX:+AlwaysPreTouch")
        // What the second compiler takes while it is at work is more than all else.
        val classes = listOf("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), PROGRAM)
        val command = java + classes + listOf(url, key, what, path)
        val process = ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT)
        return process.start().inputReader().readText().trim().toLong().also { println("$what: $it MiB") }
    }

    private fun uploaded(what: String, heap: String = "24m") {
        val path = folder.resolve("large.bin")
        RandomAccessFile(path.toFile(), "rw").use { it.setLength(500L shl 20) }
        val options = listOf("--discard-uploads", "--no-rates", "--until-stdin-closes")
        val emulator = ProcessBuilder(listOf(System.getenv("NOMKIT_CLI") ?: "nomkit", "emulator") + options).start()
        try {
            val ready = com.google.gson.JsonParser.parseString(emulator.inputReader().readLine()).asJsonObject
            val more = grown(what, heap, ready["url"].asString, ready["api_key"].asString, path.toString())
            assertTrue(more <= 16, "$more MiB")
        } finally {
            emulator.outputStream.close()
            emulator.waitFor()
        }
    }

    @Test
    fun `500 MB from a file`() = uploaded("file")

    @Test
    fun `500 MB from bytes, over these`() = uploaded("bytes", "530m")

    @Test
    fun `500 MB from an InputStream`() = uploaded("stream")

    @Test
    fun `500 MB from a Flow`() = uploaded("flow")
}
