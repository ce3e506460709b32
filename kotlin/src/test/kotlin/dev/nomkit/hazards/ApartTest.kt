package dev.nomkit.hazards

import dev.nomkit.REPORT
import dev.nomkit.Source
import dev.nomkit.World
import dev.nomkit.test
import dev.nomkit.until
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Runnable
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit.SECONDS
import kotlin.concurrent.thread
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/** Where the caller's code runs, and what comes of it. */
class ApartTest : World() {
    /** As some dispatchers of user interfaces and tests, it stays in whichever thread it is. */
    private object Staying : CoroutineDispatcher() {
        override fun isDispatchNeeded(context: CoroutineContext) = false

        override fun dispatch(context: CoroutineContext, block: Runnable) = error("it never does")
    }

    @Test
    fun `callers whose dispatcher has no threads may block, and others go on`() {
        val (free, blocked) = CountDownLatch(1) to CountDownLatch(40)
        repeat(40) {
            // From a thread of its own: when the result is there already, that is the one which it goes on in.
            thread(isDaemon = true) {
                CoroutineScope(Staying).launch {
                    nomic.agents.list().toList()
                    blocked.countDown()
                    free.await()
                }
            }
        }
        try {
            assertTrue(blocked.await(30, SECONDS), "${blocked.count} are held up")
        } finally {
            free.countDown()
        }
    }

    @Test
    fun `who throws when the result is there already does not lose it`() =
        test {
            val queue = LinkedBlockingQueue<Runnable>()
            val caller = ThreadPoolExecutor(1, 1, 1, SECONDS, queue)
            var thrown = 0
            caller.asCoroutineDispatcher().use { dispatcher ->
                withContext(dispatcher) {
                    val file =
                        nomic.files.upload(Source.file(REPORT)) {
                            // The result waits for the only thread that can take it, or was taken before this is told.
                            val begun = TimeSource.Monotonic.markNow()
                            while (queue.isEmpty() && begun.elapsedNow() < 5.seconds) Thread.onSpinWait()
                            thrown++
                            error("mine")
                        }
                    assertEquals("inspection-report.pdf", file.name)
                }
            }
            assertEquals(1, thrown)
        }

    @Test
    fun `bytes and streams are read while the caller's only thread is busy`() =
        test {
            val bytes = ByteArray(4 shl 20)
            val sources = listOf(Source.bytes(bytes, "a"), Source.stream(bytes.inputStream(), "b", bytes.size.toLong()))
            Executors.newSingleThreadExecutor().asCoroutineDispatcher().use { caller ->
                withContext(caller) {
                    for ((at, source) in sources.withIndex()) {
                        nomic.files.upload(source) { runBlocking { until { emulator.ledger().files.size > at } } }
                    }
                }
            }
        }
}
