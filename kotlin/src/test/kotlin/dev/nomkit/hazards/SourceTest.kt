package dev.nomkit.hazards

import dev.nomkit.InvalidInputException
import dev.nomkit.Source
import dev.nomkit.SourceChangedException
import dev.nomkit.World
import dev.nomkit.failure
import dev.nomkit.test
import dev.nomkit.toPlain
import dev.nomkit.until
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.asFlow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import java.io.IOException
import java.io.InputStream
import java.io.SequenceInputStream
import java.nio.file.Files
import java.security.MessageDigest
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import kotlin.random.Random
import kotlin.time.Duration.Companion.milliseconds

/** Whatever gives bytes, however it does, all of them arrive, once; and whatever goes wrong with it ends its call. */
@Timeout(60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SourceTest : World() {
    private val content = Random(5).nextBytes(3_000_001)
    private val size = content.size.toLong()

    /** The names and digests of what the platform has. */
    private suspend fun arrived(): List<Pair<Any?, Any?>> =
        emulator.ledger().files.map { it.toPlain() }.map { it["name"] to it["sha256"] }

    private fun digest(bytes: ByteArray) =
        MessageDigest.getInstance("SHA-256").digest(bytes).joinToString("") { "%02x".format(it) }

    /** Gives its bytes a few at a time. */
    private class Slow(private val bytes: ByteArray, private val step: Int) : InputStream() {
        private var at = 0

        override fun read(): Int = if (at < bytes.size) bytes[at++].toInt() and 0xff else -1

        override fun read(block: ByteArray, offset: Int, length: Int): Int {
            val count = minOf(step, length, bytes.size - at)
            if (count == 0) return -1
            bytes.copyInto(block, offset, at, at + count)
            at += count
            return count
        }
    }

    private fun pieces(step: Int): Flow<ByteArray> =
        flow {
            for (from in content.indices step step) {
                emit(content.copyOfRange(from, minOf(from + step, content.size)))
                emit(ByteArray(0))
            }
        }

    /** A stream that does this when it is read. */
    private fun reading(read: (ByteArray) -> Int) =
        object : InputStream() {
            override fun read(): Int = read(ByteArray(1))

            override fun read(block: ByteArray, offset: Int, length: Int): Int = read(block)
        }

    @Test
    fun `all of them arrive as they are`() =
        test {
            val path = Files.createTempFile("nomkit", ".bin").also { Files.write(it, content) }
            val sources =
                listOf(
                    Source.file(path),
                    Source.bytes(content, "a"),
                    Source.stream(content.inputStream(), "a"),
                    Source.stream(content.inputStream(), "a", size),
                    Source.stream(Slow(content, 1009), "a", size),
                    Source.stream(SequenceInputStream(content.inputStream(), ByteArray(0).inputStream()), "a"),
                    Source.stream(flowOf(content), "a"),
                    Source.stream(flowOf(content), "a", size),
                    Source.stream(pieces(1009), "a", size),
                    Source.stream(pieces(700_000), "a"),
                )
            for (source in sources) {
                assertEquals(size, nomic.files.upload(source, name = "b").size)
                assertEquals("b" to digest(content), arrived().last())
            }
            Files.delete(path)
        }

    @Test
    fun `several in one launch, and one twice`() =
        test {
            val twice = Source.bytes(content, "bytes")
            val files =
                listOf(twice, Source.stream(content.inputStream(), "stream"), Source.stream(pieces(5000), "flow", size))
            nomic.agents.launch("Look", files + twice)
            assertEquals(listOf("bytes", "stream", "flow", "bytes"), arrived().map { it.first })
            assertEquals(setOf<Any?>(digest(content)), arrived().map { it.second }.toSet())
        }

    @Test
    fun `bytes go with several calls at once, and are read again when they are sent again`() =
        test {
            val source = Source.bytes(content, "a")
            emulator.fault("POST /files/upload", "status", "status" to 429, "headers" to mapOf("Retry-After" to "0"))
            val calls = List(8) { async(Dispatchers.Default) { nomic.files.upload(source) } }
            for (call in calls) assertEquals(size, call.await().size)
            assertEquals(List(8) { "a" to digest(content) }, arrived())
        }

    @Test
    fun `what can be read once is read once`() =
        test {
            for (source in listOf(
                Source.stream(content.inputStream(), "a"),
                Source.stream(flowOf(content), "a", size),
            )) {
                nomic.files.upload(source)
                val sent = requests().size
                assertEquals("source", failure<InvalidInputException> { nomic.files.upload(source) }.argument)
                failure<InvalidInputException> { nomic.agents.launch("Look", listOf(source)) { } }
                assertEquals(sent, requests().size)
            }
            val twice = Source.stream(content.inputStream(), "a")
            failure<InvalidInputException> { nomic.agents.launch("Look", listOf(twice, twice)) }
            assertEquals(2, arrived().size)
        }

    @Test
    fun `a call that was refused leaves it as it was`() =
        test {
            var collected = 0
            val chunks =
                flow {
                    collected++
                    emit(content)
                }
            val source = Source.stream(chunks, "a")
            failure<InvalidInputException> { nomic.files.upload(source, path = "..") }
            nomic.files.upload(source)
            assertEquals(1, collected)
            assertEquals("a" to digest(content), arrived().single())
        }

    @Test
    fun `while one call has it, another is refused`() =
        test {
            val (begun, go) = CompletableDeferred<Unit>() to CompletableDeferred<Unit>()
            val source =
                Source.stream(
                    flow {
                        begun.complete(Unit)
                        go.await()
                        emit(content)
                    },
                    "a",
                )
            val first = async { nomic.files.upload(source) }
            begun.await()
            failure<InvalidInputException> { nomic.files.upload(source) }
            go.complete(Unit)
            assertEquals(size, first.await().size)
        }

    @Test
    fun `none, fewer and more than announced`() =
        test {
            for (empty in listOf(Source.stream(ByteArray(0).inputStream(), "a"), Source.stream(flowOf(), "a"))) {
                failure<InvalidInputException> { nomic.files.upload(empty) }
            }
            for (wrong in listOf(size - 1, size + 1)) {
                failure<SourceChangedException> {
                    nomic.files.upload(Source.stream(content.inputStream(), "a", wrong))
                }
                failure<SourceChangedException> { nomic.files.upload(Source.stream(pieces(5000), "a", wrong)) }
            }
            assertEquals(0, arrived().size)
        }

    /** Its fields keep coroutines from copying it. */
    private class Own(val given: Int) : IOException("own")

    @Test
    fun `one that gives more than it was asked for sends nothing that nobody gave`() =
        test {
            val more =
                object : InputStream() {
                    override fun read(): Int = -1

                    override fun read(block: ByteArray, offset: Int, length: Int): Int = length + 10
                }
            failure<IndexOutOfBoundsException> { nomic.files.upload(Source.stream(more, "a", size)) }
            assertEquals(emptyList<Any>(), arrived())
        }

    @Test
    fun `what it throws comes out, and its connection is closed`() =
        test {
            val thrown =
                listOf(Own(1), CancellationException("theirs"), InterruptedException("theirs"), StackOverflowError())
            for (own in thrown) {
                for (size in listOf(null, size)) {
                    val left = AtomicInteger(3)
                    val stream = reading { if (left.decrementAndGet() < 0) throw own else it.size }
                    val chunks =
                        flow {
                            emit(content.copyOf(1000))
                            throw own
                        }
                    Wire().use { wire ->
                        for (source in listOf(Source.stream(stream, "a", size), Source.stream(chunks, "a", size))) {
                            val raised = runCatching { wire.nomic().files.upload(source) { } }.exceptionOrNull()
                            assertSame(own, raised)
                        }
                        wire.untilHungUp()
                    }
                }
            }
        }

    @Test
    fun `a flow that cancels itself ends its call`() =
        test {
            val chunks =
                flow<ByteArray> {
                    currentCoroutineContext().cancel(CancellationException("mine"))
                    awaitCancellation()
                }
            val raised = failure<CancellationException> { nomic.files.upload(Source.stream(chunks, "a", size)) }
            assertEquals("mine", raised.message)
        }

    @Test
    fun `endless nothing is given up`() =
        test {
            val asked = AtomicInteger()
            val nothing = Sequence {
                generateSequence { ByteArray(0).also { asked.incrementAndGet() } }.iterator()
            }.asFlow()
            val zero = reading { 0.also { asked.incrementAndGet() } }
            for (size in listOf(null, 9L)) {
                for (source in listOf(Source.stream(nothing, "a", size), Source.stream(zero, "a", size))) {
                    val before = asked.get()
                    val call = launch(Dispatchers.Default) { nomic.files.upload(source) { } }
                    until { asked.get() > before }
                    call.cancelAndJoin()
                    // Nobody goes on asking.
                    until { asked.get() == asked.also { delay(10.milliseconds) }.get() }
                }
            }
        }

    @Test
    fun `a read that heeds nothing keeps its thread, and nothing else`() =
        test {
            val (reading, free) = CountDownLatch(80) to CountDownLatch(1)
            val stuck =
                reading {
                    reading.countDown()
                    while (true) if (runCatching { free.await() }.isSuccess) break
                    -1
                }
            val calls = List(80) { launch(Dispatchers.Default) { nomic.files.upload(Source.stream(stuck, "a", size)) } }
            reading.await()
            // More of them than the dispatchers have threads.
            assertEquals(size, nomic.files.upload(Source.stream(content.inputStream(), "a", size)).size)
            calls.forEach { it.cancel() }
            calls.forEach { it.join() }
            free.countDown()
        }

    @Test
    fun `one that calls the client, and waits for that`() =
        test {
            suspend fun call() = nomic.files.upload(Source.stream("text".byteInputStream(), "b"))
            val input = reading { -1.also { runBlocking { call() } } }
            failure<InvalidInputException> { nomic.files.upload(Source.stream(input, "a")) }
            val chunks = flow { runBlocking { emit(ByteArray(9)).also { call() } } }
            val nested =
                flow {
                    runBlocking { call() }
                    emit(ByteArray(9))
                }
            nomic.files.upload(Source.stream(nested, "a", 9))
            assertEquals(listOf<Any?>("b", "b", "a"), arrived().map { it.first })
            // A flow may not emit from elsewhere; it says so itself.
            failure<IllegalStateException> { nomic.files.upload(Source.stream(chunks, "a", 9)) }
            assertTrue(arrived().size >= 3)
        }
}
