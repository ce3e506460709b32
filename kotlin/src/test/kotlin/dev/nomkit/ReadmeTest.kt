package dev.nomkit

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path

/** What README shows is what the examples are, and it runs. */
class ReadmeTest {
    private val root = Path.of("..").toAbsolutePath().normalize()

    private fun shown(language: String) =
        Regex("^```$language\n(.*?)^```$", setOf(RegexOption.MULTILINE, RegexOption.DOT_MATCHES_ALL))
            .findAll(Files.readString(root.resolve("README.md")))
            .map { it.groupValues[1] }.toList()

    private fun said(program: String): String {
        val java = ProcessBuilder("java", "-cp", System.getProperty("java.class.path"), program)
        java.directory(root.toFile()).redirectError(ProcessBuilder.Redirect.INHERIT)
        val process = java.start()
        val said = process.inputReader().readText()
        assertEquals(0, process.waitFor())
        return said
    }

    @Test
    fun `Kotlin's example runs as pasted`() {
        assertEquals(listOf(Files.readString(root.resolve("examples/kotlin/InspectionReport.kt"))), shown("kotlin"))
        assertContains(said("InspectionReportKt"), "fire doors")
    }

    @Test
    fun `Java's example runs as pasted`() {
        assertEquals(listOf(Files.readString(root.resolve("examples/java/InspectionReport.java"))), shown("java"))
        assertContains(said("InspectionReport"), "fire doors")
    }
}
