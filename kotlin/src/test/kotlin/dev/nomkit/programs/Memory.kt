package dev.nomkit.programs

import dev.nomkit.Nomic
import dev.nomkit.Source
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.runBlocking
import java.io.File
import java.io.FileInputStream
import java.nio.file.Path

/** Prints how many MiB it takes over what it took before: `URL KEY WHAT PATH`. */
fun main(given: Array<String>) =
    runBlocking {
        val (url, key, what, path) = given
        val nomic = Nomic(baseUrl = url, apiKey = key)
        val size = File(path).length()
        val bytes = ByteArray(if (what == "bytes") size.toInt() else 0) { 1 }
        val source: (Long) -> Source = { size ->
            when (what) {
                "file" -> Source.file(Path.of(path))
                "bytes" -> Source.bytes(bytes, "a")
                "stream" -> Source.stream(FileInputStream(path), "a", size)
                else -> Source.stream(blocks(size), "a", size)
            }
        }
        // What is taken once, and kept.
        repeat(9) { nomic.files.upload(Source.stream(blocks(SMALL), "a", SMALL)) { } }
        repeat(9) { nomic.files.upload(Source.stream(ByteArray(SMALL.toInt()).inputStream(), "a", SMALL)) { } }
        repeat(9) { nomic.files.upload(Source.bytes(ByteArray(SMALL.toInt()), "a")) { } }
        val before = peak()
        check(nomic.files.upload(source(size)) { }.size == size)
        println(peak() - before)
    }

private const val SMALL = 4L shl 20

private fun blocks(size: Long) =
    flow {
        val block = ByteArray(1 shl 20)
        repeat((size shr 20).toInt()) { emit(block) }
    }

private fun peak(): Long =
    File("/proc/self/status").readLines().first { it.startsWith("VmHWM") }.filter(Char::isDigit).toLong() / 1024
