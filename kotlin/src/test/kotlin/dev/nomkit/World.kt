package dev.nomkit

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.TestInstance
import java.nio.file.Path
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

/** After which time something counts as hanging: far more than a busy machine needs. */
val PATIENCE: Duration = 30.seconds

/** A document of seven pages. */
val REPORT: Path = Path.of("../examples/inspection-report.pdf")

const val NOBODY = "019abc12-3456-7890-abcd-ef1234567890"

/** What tests stand on: an emulator for each class, whose agents are quick, and a client of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class World {
    val emulator = runBlocking { Emulator.start(waiting = 10.milliseconds, running = 50.milliseconds, rates = false) }
    val nomic = emulator.nomic()

    @BeforeEach
    fun begin() =
        runBlocking {
            emulator.reset()
            emulator.timing(10.milliseconds, 50.milliseconds, 0.milliseconds)
        }

    @AfterAll
    fun end() = emulator.close()

    /** Agents that run until they are stopped. */
    suspend fun slow() = emulator.timing(0.milliseconds, 1.minutes, 0.milliseconds)

    /** What the server received, in order. */
    suspend fun requests(operation: String? = null): List<Map<String, Any?>> =
        emulator.ledger().requests.map { it.toPlain() }.filter { operation == null || it["operation"] == operation }
}

/** A test that does not hang. */
fun test(work: suspend CoroutineScope.() -> Unit): Unit = runBlocking { withTimeout(PATIENCE, work) }

/** Waits until something is so. */
suspend fun until(condition: suspend () -> Boolean): Unit =
    withTimeout(PATIENCE) { while (!condition()) delay(1.milliseconds) }

/** What a call throws, of this class. */
suspend inline fun <reified T : Throwable> failure(call: suspend () -> Any?): T {
    val error = runCatching { call() }.exceptionOrNull() ?: throw AssertionError("nothing was thrown")
    return error as? T ?: throw AssertionError("not of ${T::class}", error)
}

fun assertContains(text: String?, part: String): Unit = assertTrue(text.orEmpty().contains(part), text)
