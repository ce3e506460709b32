package dev.nomkit

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.net.Socket
import java.net.URI
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

class EmulatorTest : World() {
    @TempDir
    lateinit var folder: Path

    private fun listens(url: String) = runCatching { Socket("127.0.0.1", URI(url).port).close() }.isSuccess

    /** A program instead of the command. */
    private fun script(text: String): Path =
        Files.writeString(Files.createTempFile(folder, "script", null), "#!/bin/sh\n$text\n").also {
            it.toFile().setExecutable(true)
        }

    private suspend fun startOf(program: Any?) =
        Emulator.start(environment = if (program == null) emptyMap() else mapOf("NOMKIT_CLI" to "$program"))

    @Test
    fun `one starts, answers and ends, by a stop or with its block`() =
        test {
            val started = Emulator.start()
            assertEquals(emptyList<Any>(), started.nomic().agents.list().first(1))
            assertTrue(listens(started.url))
            started.stop()
            started.stop()
            assertFalse(listens(started.url))
            val error = failure<ConnectException> { started.ledger() }
            assertContains(error.message, "cannot be reached")
            assertTrue(error.cause is java.io.IOException)
            val url = Emulator.start().use { it.url }
            until { !listens(url) }
        }

    @Test
    fun `a state that is kept outlives it`() =
        test {
            val data = folder.resolve("state")
            val first = Emulator.start(data, waiting = 0.seconds, running = 0.seconds, persona = "plain")
            val run = first.nomic().agents.launch("Look")
            first.stop()
            Emulator.start(data).use { second ->
                assertEquals(run.agentId, second.nomic(apiKey = first.apiKey).agents.get(run.agentId).id)
            }
        }

    @Test
    fun `one that runs already is connected to, and goes on after a stop`() =
        test {
            for (url in listOf(emulator.url, "${emulator.url}/")) {
                val other = Emulator.connect(url, emulator.apiKey, emulator.token)
                other.nomic().agents.list().first(1)
                other.stop()
            }
            assertEquals(2, requests("GET /agents").size)
        }

    @Test
    fun `how to reach one comes from the environment otherwise`() =
        test {
            val known = mutableMapOf<String, String>()

            fun connect() = Emulator.connect(emulator.url, null, null, known)
            assertContains(failure<ConfigException> { connect() }.message, "NOMIC_API_KEY")
            known["NOMIC_API_KEY"] = emulator.apiKey
            assertContains(failure<ConfigException> { connect() }.message, "NOMKIT_EMULATOR_TOKEN")
            known["NOMKIT_EMULATOR_TOKEN"] = emulator.token
            connect().ledger()
        }

    @Test
    fun `what is no emulator is told apart`() =
        test {
            for (url in listOf("", "acme", "https://127.0.0.1:1", "ftp://127.0.0.1", "http:", "http://[")) {
                val error = failure<InvalidInputException> { Emulator.connect(url, "npk_x", "x") }
                assertEquals("url", error.argument)
            }
            Loopback("<html>").use { page ->
                failure<ProtocolException> { Emulator.connect(page.url, "npk_x", "x").ledger() }
            }
            val stranger = Emulator.connect(emulator.url, "npk_x", "x")
            assertContains(failure<InvalidInputException> { stranger.ledger() }.message, "refused")
        }

    @Test
    fun `a command that is missing, or is another, is a matter of configuration`() =
        test {
            assertContains(failure<ConfigException> { startOf(null) }.message, "NOMKIT_CLI")
            val cases =
                mapOf(
                    folder.resolve("missing") to "No such file",
                    folder to "Permission denied",
                    script("exit 3") to "last words",
                    script("echo Hello") to "is not the nomkit command",
                    script("echo {}") to "is not the nomkit command",
                    script("echo 5") to "is not the nomkit command",
                )
            for ((program, words) in cases) {
                val error = failure<ConfigException> { startOf(program) }
                assertContains(error.message, words)
                assertTrue(error.message.startsWith("The emulator did not start; "), error.message)
            }
        }

    @Test
    fun `a start that is given up leaves no process`() =
        test {
            val mark = folder.resolve("pid")
            val starting: Job = launch { startOf(script("echo \$\$ > $mark; exec sleep 60")) }
            until { Files.exists(mark) && Files.readString(mark).isNotBlank() }
            val process = ProcessHandle.of(Files.readString(mark).trim().toLong())
            starting.cancelAndJoin()
            until { process.isEmpty || !process.get().isAlive }
        }

    @Test
    fun `it ends when the process that started it is killed`() =
        test {
            val program = program("HeldKt")
            val url = program.inputReader().readLine()
            assertTrue(listens(url))
            program.destroyForcibly()
            until { !listens(url) }
        }

    @Test
    fun `it keeps no process alive`() =
        test {
            val program = program("LeftKt")
            val url = program.inputReader().readLine()
            until { !program.isAlive }
            assertEquals(0, program.exitValue())
            until { !listens(url) }
        }

    private fun program(name: String): Process =
        ProcessBuilder("java", "-cp", System.getProperty("java.class.path"), "dev.nomkit.programs.$name")
            .redirectError(ProcessBuilder.Redirect.INHERIT).start()

    @Test
    fun `faults come, are reported, and are taken away`() =
        test {
            val once = emulator.nomic(retries = 0)
            val id = emulator.fault("GET /agents/{id}", "status", "status" to 500, times = 2, skip = 1)
            assertEquals(0, emulator.faultReport(id).hits)
            failure<NotFoundException> { once.agents.get(NOBODY) }
            failure<ServerException> { once.agents.get(NOBODY) }
            assertEquals(listOf(1, 1), emulator.faultReport(id).run { listOf(hits, completed) })
            emulator.clearFaults()
            failure<NotFoundException> { once.agents.get(NOBODY) }
        }

    @Test
    fun `a fault that there is not, or with a parameter that it has not, is refused`() =
        test {
            val cases =
                listOf<suspend () -> String>(
                    { emulator.fault("POST /agents", "nonsense") },
                    { emulator.fault("GET /nonsense", "reset") },
                    { emulator.fault("POST /agents", "status", "status" to "x") },
                    { emulator.fault("POST /agents", "reset", "nonsense" to listOf(1.5, mapOf("a" to null))) },
                )
            for (case in cases) {
                val error = failure<InvalidInputException> { case() }
                assertTrue(error.message.startsWith("The emulator refused: "), error.message)
            }
            failure<InvalidInputException> { emulator.faultReport("../ledger") }
        }

    @Test
    fun `the clock is read, set and moved`() =
        test {
            val now = Instant.parse("2030-01-02T03:04:05.678Z")

            fun near(time: Instant, other: Instant) = assertTrue(Duration.between(time, other).abs().seconds < 5)
            near(now, emulator.clock(now = now))
            near(now.plusSeconds(3600), emulator.clock(advance = 1.hours))
            near(Instant.now().minusSeconds(60), emulator.clock(offset = -1.minutes))
            near(Instant.now().minusSeconds(60), emulator.clock())
            failure<InvalidInputException> { emulator.clock(now = now, advance = 1.seconds) }
        }

    @Test
    fun `limits of rate and of money hold`() =
        test {
            emulator.rates(enabled = true, standard = 1, burst = 1)
            assertEquals(listOf(true, 1, 1), emulator.rates().run { listOf(enabled, standard, burst) })
            val impatient = Nomic(baseUrl = emulator.url, apiKey = emulator.apiKey, retries = 0, pace = false)
            impatient.agents.list().first(1)
            failure<RateLimitException> { impatient.agents.list().first(1) }
            emulator.rates(enabled = false)
            emulator.spend(1)
            nomic.agents.launch("Look")
            failure<SpendLimitException> { nomic.agents.launch("Look") }
            emulator.spend(null)
            nomic.agents.launch("Look")
        }

    @Test
    fun `timing, persona and keys are set`() =
        test {
            emulator.timing(waiting = 1.minutes)
            assertEquals(AgentStatus.Waiting, nomic.agents.launch("Look").status)
            emulator.timing(waiting = 0.seconds, running = 0.seconds)
            emulator.persona("drifted")
            assertEquals(AgentStatus.Finished, nomic.ask("Look").agent.status)
            failure<InvalidInputException> { emulator.persona("nonsense") }
            assertTrue(emulator.key("developer").startsWith("npk_"))
            val wrong = emulator.nomic(apiKey = "npk_emu_wrong", timeout = 5.seconds)
            failure<AuthenticationException> { wrong.agents.get(NOBODY) }
        }

    @Test
    fun `a reset forgets, and the ledger tells`() =
        test {
            nomic.agents.launch("Look")
            val (requests, agents, files) = emulator.ledger()
            assertEquals(listOf(1, 1, 0), listOf(requests.size, agents.size, files.size))
            assertEquals(JsonValue.Text("POST /agents"), requests[0]["operation"])
            emulator.reset()
            assertEquals(emptyList<Any>(), emulator.ledger().agents)
        }

    @Test
    fun `a call to its controls can be given up`() =
        test {
            Loopback(null).use { page ->
                val silent = Emulator.connect(page.url, "npk_x", "x")
                var ended: Throwable? = null
                val asking = launch { runCatching { silent.ledger() }.onFailure { ended = it } }
                until { page.visits > 0 }
                delay(1.milliseconds)
                asking.cancelAndJoin()
                assertTrue(ended is CancellationException, "$ended")
            }
        }

    @Test
    fun `what is printed holds neither key nor token`() = assertEquals("Emulator(${emulator.url})", "$emulator")
}
