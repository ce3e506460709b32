package dev.nomkit.hazards

import dev.nomkit.ClosedException
import dev.nomkit.Source
import dev.nomkit.World
import dev.nomkit.failure
import dev.nomkit.test
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import java.io.File
import java.net.URLClassLoader
import java.util.concurrent.TimeUnit

/** How clients, processes and classes end. */
@Timeout(60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndTest : World() {
    private val none = answer("""{"data":[]}""")

    @Test
    fun `a closed client refuses, and its connections are gone`() =
        test {
            Wire { none }.use { wire ->
                val client = wire.nomic()
                client.agents.list().toList()
                val flow = client.agents.list()
                client.close()
                client.close()
                failure<ClosedException> { flow.toList() }
                failure<ClosedException> { client.files.upload(Source.bytes(ByteArray(9), "a")) { } }
                wire.untilHungUp()
                assertEquals(1, wire.requests.size)
            }
        }

    @Test
    fun `a thousand clients that nobody closes leave nothing`() =
        test {
            Wire { none }.use { wire ->
                wire.nomic().agents.list().toList()
                val before = Held.now()
                repeat(1000) { wire.nomic().agents.list().toList() }
                while (wire.left > 0) {
                    System.gc()
                    kotlinx.coroutines.delay(1)
                }
                Held.noMoreThan(before)
            }
        }

    @Test
    fun `one client in 32 threads`() =
        test {
            val run = nomic.agents.launch("Look")
            val list = nomic.agents.list()
            val threads = Dispatchers.IO.limitedParallelism(32)
            List(32) { number ->
                async(threads) {
                    repeat(5) {
                        assertEquals(run.agentId, run.refresh().id)
                        assertTrue(list.toList().isNotEmpty())
                        assertEquals(9, nomic.files.upload(Source.bytes(ByteArray(9), "$number")) { }.size)
                        assertTrue(run.token.isNotEmpty())
                    }
                    run.wait().text
                }
            }.awaitAll().let { assertEquals(1, it.toSet().size) }
        }

    private fun program(vararg given: String): Process =
        ProcessBuilder("java", "-cp", System.getProperty("java.class.path"), "dev.nomkit.programs.EndsKt", *given)
            .redirectError(ProcessBuilder.Redirect.INHERIT).start()

    @Test
    fun `a program ends by itself`() {
        Wire { answer(AGENT) }.use { wire ->
            val program = program(wire.url)
            assertTrue(program.waitFor(30, TimeUnit.SECONDS))
            assertEquals(0 to "done\n", program.exitValue() to program.inputReader().readText())
        }
    }

    @Test
    fun `a program ends with a call in flight`() {
        Wire().use { wire ->
            val program = program(wire.url, "now")
            wire.until { requests.size == 1 }
            program.outputWriter().use { it.write("now\n") }
            assertTrue(program.waitFor(30, TimeUnit.SECONDS))
            assertEquals(3, program.exitValue())
            wire.untilHungUp()
        }
    }

    @Test
    fun `classes may be loaded twice`() {
        val places = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
        val urls = places.split(File.pathSeparator).map { File(it).toURI().toURL() }.toTypedArray()
        val classes =
            List(2) { URLClassLoader(urls, ClassLoader.getPlatformClassLoader()).loadClass("dev.nomkit.Twice") }
        assertNotSame(classes[0], classes[1])
        for (loaded in classes + classes) {
            assertEquals(
                0,
                loaded.getMethod(
                    "list",
                    String::class.java,
                    String::class.java,
                ).invoke(null, emulator.url, emulator.apiKey),
            )
        }
    }
}
