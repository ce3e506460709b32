package dev.nomkit

import com.sun.jna.Platform
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The native library comes with the package. */
class LibraryTest {
    @Test
    fun `the library of this platform is where JNA looks for it`() {
        val name = System.mapLibraryName("nomkit_uniffi")
        val found = javaClass.classLoader.getResource("${Platform.RESOURCE_PREFIX}/$name")
        assertNotNull(found, "${Platform.RESOURCE_PREFIX}/$name")
    }

    @Test
    fun `a platform that there is none for is named`() {
        val missing = "-Duniffi.component.nomkit_uniffi.libraryOverride=no_such_library"
        val path = System.getProperty("java.class.path")
        val process = ProcessBuilder("java", missing, "-cp", path, "dev.nomkit.programs.MissingKt").start()
        val lines = process.inputReader().readLines()
        assertEquals(2, lines.count { "native library of nomkit for ${Platform.RESOURCE_PREFIX} " in it }, "$lines")
    }

    @Test
    fun `it answers`() {
        Nomic(apiKey = "npk_none", baseUrl = "http://127.0.0.1:1").use {
            assertTrue("127.0.0.1:1" in it.toString()) { "$it" }
            assertTrue("npk_none" !in it.toString()) { "$it" }
        }
    }
}
