package dev.nomkit

import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.FileSystems
import java.nio.file.Files
import java.nio.file.Path
import java.security.MessageDigest
import java.util.HexFormat
import kotlin.time.Duration.Companion.seconds

/** Uploads and searches. */
class FilesTest : World() {
    @TempDir
    lateinit var folder: Path

    private val bytes = "The door of stair B sticks.".toByteArray()

    private suspend fun stored() = emulator.ledger().files.map { it.toPlain()["sha256"] }

    private fun hash(bytes: ByteArray) = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes))

    @Test
    fun `a file comes from a path, from bytes, from a stream and from a flow`() =
        test {
            val path = Files.write(folder.resolve("notes.txt"), bytes)
            val sources =
                listOf(
                    Source.file(path),
                    Source.file(path.toFile()),
                    Source.bytes(bytes, "notes.txt"),
                    Source.stream(bytes.inputStream(), "notes.txt"),
                    Source.stream(bytes.inputStream(), "notes.txt", bytes.size.toLong()),
                    Source.stream(flowOf(bytes.copyOf(5), ByteArray(0), bytes.copyOfRange(5, bytes.size)), "notes.txt"),
                )
            val files = sources.map { nomic.files.upload(it) }
            assertEquals(sources.map { "notes.txt" }, files.map { it.name })
            assertEquals(sources.map { bytes.size.toLong() }, files.map { it.size })
            assertEquals(sources.map { hash(bytes) }, stored())
        }

    @Test
    fun `it goes where it should, with progress on the way`() =
        test {
            val told = mutableListOf<Progress>()
            val file = nomic.files.upload(Source.file(REPORT), "alpha/doors.pdf", timeout = 30.seconds) { told += it }
            assertEquals("doors.pdf", file.name)
            assertEquals(Files.size(REPORT).toDouble(), told.last().total)
            assertEquals(told.last().total, told.last().done)
            assertEquals(listOf("alpha/doors.pdf"), nomic.files.search("DOORS").toList().map { it.path })
            val inside = nomic.files.upload(Source.bytes(bytes, "b.txt"), parentId = file.parentId, name = "c.txt")
            assertEquals(listOf(file.parentId, "c.txt"), listOf(inside.parentId, inside.name))
        }

    @Test
    fun `a folder has an outcome for each file`() =
        test {
            Files.write(folder.resolve("a.txt"), bytes)
            Files.write(folder.resolve("b.txt"), bytes)
            Files.createFile(folder.resolve("empty.txt"))
            val outcomes = nomic.files.uploadFolder(folder, "*.txt", path = "alpha").associateBy { it.source }
            assertEquals("a.txt", outcomes["a.txt"]?.file?.name)
            assertEquals("a.txt", outcomes["b.txt"]?.sameAs)
            assertTrue(outcomes["empty.txt"]?.error is InvalidInputException)
            assertEquals(1, stored().size)
        }

    @Test
    fun `a path of another file system is not taken for one of this`() =
        test {
            val local = Files.write(folder.resolve("notes.txt"), bytes)
            val artifact = nomic.ask("Look", listOf(Source.file(REPORT))).artifacts[0]
            emulator.reset()
            FileSystems.newFileSystem(folder.resolve("a.zip"), mapOf("create" to "true")).use { zip ->
                val (file, inside) = zip.getPath("$local") to zip.getPath("$folder")
                val cases =
                    listOf<Pair<String, suspend () -> Any?>>(
                        "path" to { nomic.files.upload(Source.file(file)) },
                        "path" to { nomic.agents.launch("Look", images = listOf(Image.file(file))) },
                        "folder" to { nomic.files.uploadFolder(inside) },
                        "folder" to { artifact.download(inside) },
                        "caCerts" to { Nomic("acme", "npk_test", caCerts = file) },
                    )
                for ((argument, case) in cases) {
                    assertEquals(argument, failure<InvalidInputException> { case() }.argument)
                }
            }
            assertEquals(emptyList<Any>(), requests())
        }

    @Test
    fun `what cannot be sent costs no request`() =
        test {
            val report = Source.file(REPORT)
            val cases =
                listOf<suspend () -> Any?>(
                    { nomic.files.upload(Source.file(folder.resolve("missing"))) },
                    { nomic.files.upload(Source.file(folder)) },
                    { nomic.files.upload(Source.bytes(ByteArray(0), "a.txt")) },
                    { nomic.files.upload(Source.bytes(bytes, "")) },
                    { nomic.files.upload(Source.stream(bytes.inputStream(), "a.txt", -1)) },
                    { nomic.files.upload(report, parentId = "../a") },
                    { nomic.files.uploadFolder(folder, "*.none") },
                    { nomic.files.search("") },
                )
            for ((at, case) in cases.withIndex()) {
                val error = runCatching { case() }.exceptionOrNull()
                assertTrue(error is LocalIoException || error is InvalidInputException, "$at: $error")
            }
            assertEquals(emptyList<Any>(), requests())
        }
}
