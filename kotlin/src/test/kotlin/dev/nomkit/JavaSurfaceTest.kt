package dev.nomkit

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.lang.reflect.Modifier
import java.nio.file.Files
import java.nio.file.Path

/** What is written for Java names nothing that is Kotlin's alone. */
class JavaSurfaceTest {
    private val classes =
        Files.list(Path.of("target/classes/dev/nomkit/blocking")).use { files ->
            files.map { Class.forName("dev.nomkit.blocking." + it.fileName.toString().removeSuffix(".class")) }.toList()
        }.filter { Modifier.isPublic(it.modifiers) && !it.isSynthetic && "$" !in it.simpleName }

    @Test
    fun `no mangled names, no continuations, no times of Kotlin`() {
        assertTrue(classes.size > 10)
        val foreign =
            classes.flatMap { type ->
                type.methods.filter { it.declaringClass == type && !it.isSynthetic }.filter { method ->
                    val types = (method.parameterTypes.toList() + method.returnType).map { it.name }
                    val alien = listOf("kotlin.Unit", "kotlin.time.Duration", "kotlin.coroutines.Continuation")
                    '-' in method.name || '$' in method.name || types.any { it in alien || "kotlin.jvm" in it }
                }
            }
        assertEquals(emptyList<Any>(), foreign)
    }
}
