package dev.nomkit

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Files
import java.nio.file.Path

/** What an agent made, as a file. */
class ArtifactsTest {
    @TempDir
    lateinit var folder: Path

    private val document =
        Artifact("a1", "report", ArtifactKind.Markdown, "# Hi", emptyList(), emptyList(), null, emptyMap())

    @Test
    fun `a document is written as it is, and a taken name gets the id`() =
        test {
            assertEquals(folder.resolve("report.md"), document.download(folder))
            assertEquals(folder.resolve("report-a1.md"), document.copy(text = "other").download(folder))
            assertEquals("# Hi", Files.readString(folder.resolve("report.md")))
            assertEquals("io", failure<LocalIoException> { document.download(folder) }.code)
        }

    @Test
    fun `a table is written as CSV, in the order of its columns`() =
        test {
            val columns = listOf(Column("b", "B, quoted"), Column("a", null))
            val row = mapOf("a" to JsonValue.Int(1), "b" to JsonValue.Text("x\"y"))
            val table = document.copy(
                name = "Findings",
                kind = ArtifactKind.Table,
                columns = columns,
                rows = listOf(row),
            )
            val path = table.download(folder.resolve("new"))
            assertEquals("\"B, quoted\",a\n\"x\"\"y\",1\n", Files.readString(path))
        }

    @Test
    fun `hostile names stay inside the folder`() =
        test {
            for (name in listOf("../../x", "/etc/x", "a\u0000b", "CON", "...", "", null)) {
                val place = Files.createTempDirectory(folder, "made")
                assertEquals(place, document.copy(name = name).download(place).parent)
            }
        }

    @Test
    fun `one that has an error instead of content writes nothing`() =
        test {
            val broken = document.copy(text = null, error = "It is too large.")
            assertContains(failure<LocalIoException> { broken.download(folder) }.message, "It is too large.")
            assertEquals(0, Files.list(folder).use { it.count() })
        }
}
