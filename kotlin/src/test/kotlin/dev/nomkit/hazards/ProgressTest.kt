package dev.nomkit.hazards

import dev.nomkit.Progress
import dev.nomkit.Source
import dev.nomkit.World
import dev.nomkit.failure
import dev.nomkit.test
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineName
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asContextElement
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/** Who listens hears each phase in the caller's own context, and holds up nobody else. */
@Timeout(60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProgressTest : World() {
    private val size = 40L * (1 shl 20)

    /** Comes slowly enough to be told of. */
    private fun trickle() =
        flow {
            repeat(40) {
                emit(ByteArray(1 shl 20))
                delay(25.milliseconds)
            }
        }

    @Test
    fun `each phase, at most ten times a second, before the call returns`() =
        test {
            for ((given, phases) in listOf(
                null to listOf("reading", "sending", "accepted"),
                size to listOf("sending", "accepted"),
            )) {
                val told = mutableListOf<Progress>()
                val begun = TimeSource.Monotonic.markNow()
                nomic.files.upload(Source.stream(trickle(), "a", given)) { told += it }
                val count = told.size
                // What was read first may be sent in less time than one telling takes.
                val certain = if (given == null) phases - "sending" else phases
                assertEquals(certain, told.map { it.phase }.distinct().filter { it in certain })
                assertEquals(size.toDouble(), told.last().done)
                assertEquals(told, told.sortedWith(compareBy({ phases.indexOf(it.phase) }, { it.done })))
                // One more for each phase's beginning and end.
                assertTrue(count <= begun.elapsedNow().inWholeMilliseconds / 100 + 2 * phases.size, "$told")
                assertTrue(count >= phases.size + 3, "$told")
                delay(150.milliseconds)
                assertEquals(count, told.size)
            }
        }

    @Test
    fun `it is heard in the caller's context`() =
        test {
            val local = ThreadLocal<String>()
            Executors.newSingleThreadExecutor { Thread(it, "caller") }.asCoroutineDispatcher().use { caller ->
                withContext(caller + CoroutineName("mine") + local.asContextElement("here")) {
                    var told = 0
                    val listener = { _: Progress ->
                        told++
                        assertEquals("here", local.get())
                        // With assertions on, coroutines put their names after it.
                        assertEquals("caller", Thread.currentThread().name.substringBefore(" @"))
                    }
                    nomic.files.upload(Source.bytes(ByteArray(9), "a"), onProgress = listener)
                    nomic.agents.launch("Look").wait(onProgress = listener)
                    assertTrue(told > 1)
                }
            }
        }

    @Test
    fun `one who listens slowly holds up nobody else, and hears the newest`() =
        test {
            val (heard, free) = CountDownLatch(1) to CountDownLatch(1)
            val told = mutableListOf<Progress>()
            val slow =
                async(Dispatchers.IO) {
                    nomic.files.upload(Source.stream(trickle(), "a", size)) {
                        told += it
                        heard.countDown()
                        free.await()
                    }
                }
            withContext(Dispatchers.IO) { heard.await() }
            // It is sent meanwhile, and others go on.
            nomic.files.upload(Source.bytes(ByteArray(9), "b")) { }
            while (emulator.ledger().files.size < 2) delay(10.milliseconds)
            assertFalse(slow.isCompleted)
            free.countDown()
            slow.await()
            // The first one, what was newest of the sending, and the end.
            assertTrue(told.size <= 3, "$told")
            assertEquals("accepted", told.last().phase)
        }

    private class Own(val given: Int) : Exception("own")

    @Test
    fun `what it throws ends the call, and aborts its request`() =
        test {
            slow()
            for (own in listOf(Own(1), CancellationException("theirs"), AssertionError("own", null))) {
                Wire().use { wire ->
                    val source = Source.stream(trickle(), "a", size)
                    assertSame(own, runCatching { wire.nomic().files.upload(source) { throw own } }.exceptionOrNull())
                    wire.untilHungUp()
                }
                val run = nomic.agents.launch("Look")
                assertSame(own, runCatching { run.wait { throw own } }.exceptionOrNull())
            }
        }

    @Test
    fun `none is heard after a cancel`() =
        test {
            val (heard, late) = AtomicInteger() to AtomicInteger()
            repeat(20) { round ->
                val over = AtomicBoolean()
                val call =
                    launch(Dispatchers.Default) {
                        nomic.files.upload(Source.stream(trickle(), "a")) {
                            heard.incrementAndGet()
                            if (over.get()) late.incrementAndGet()
                        }
                    }
                delay(5.milliseconds * round)
                call.cancelAndJoin()
                over.set(true)
            }
            // Whoever is told still would be by now.
            delay(0.2.seconds)
            assertTrue(heard.get() > 0)
            assertEquals(0, late.get())
        }

    @Test
    fun `one who cancels`() =
        test {
            var told = 0
            val call =
                launch {
                    val mine = coroutineContext
                    failure<CancellationException> {
                        nomic.files.upload(Source.stream(trickle(), "a", size)) {
                            told++
                            mine[kotlinx.coroutines.Job]!!.cancel()
                        }
                    }
                }
            call.join()
            assertTrue(call.isCancelled)
            assertEquals(1, told)
        }
}
