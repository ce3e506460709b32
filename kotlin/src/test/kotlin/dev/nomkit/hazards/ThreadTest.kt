package dev.nomkit.hazards

import dev.nomkit.Source
import dev.nomkit.World
import dev.nomkit.test
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import java.lang.management.ManagementFactory
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit

/** Nothing of a call's takes the caller's thread, and nothing of the caller's takes a thread that calls need. */
@Timeout(60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThreadTest : World() {
    /** A conversation of 6 MB. */
    private val rows = List(20_000) { """{"role":"user","text":"${"word ".repeat(60)}"}""" }
    private val conversation = answer("""{"data":{"messages":[${rows.joinToString(",")}]}}""")

    @Test
    fun `a large result takes nothing of the caller's thread`() =
        test {
            Wire {
                if ("large" in
                    it
                ) {
                    conversation
                } else {
                    answer("""{"data":{"messages":[${rows.first()}]}}""")
                }
            }.use { wire ->
                Executors.newSingleThreadExecutor().asCoroutineDispatcher().use { main ->
                    withContext(main) {
                        val nomic = wire.nomic()
                        val thread = ManagementFactory.getThreadMXBean()
                        nomic.agents.conversation("small")
                        val before = thread.currentThreadCpuTime
                        assertEquals(rows.size, nomic.agents.conversation("large").size)
                        val took = (thread.currentThreadCpuTime - before) / 1e6
                        println("6 MB took $took ms of the caller's thread")
                        assertTrue(took < 10, "$took ms")
                    }
                }
            }
        }

    @Test
    fun `callers without a dispatcher may block, and others go on`() {
        val free = CountDownLatch(1)
        val blocked = CountDownLatch(40)
        repeat(40) {
            Thread {
                runBlocking(Dispatchers.Unconfined) {
                    launch(Dispatchers.Unconfined) {
                        nomic.agents.list().toList()
                        blocked.countDown()
                        free.await()
                    }
                }
            }.start()
        }
        assertTrue(blocked.await(30, TimeUnit.SECONDS))
        runBlocking { nomic.agents.list().toList() }
        free.countDown()
    }

    /** As many calls as there are threads, each of which waits for another call, which waits for another. */
    private fun nested(dispatcher: CoroutineDispatcher, threads: Int) =
        test {
            withContext(dispatcher) {
                val all = CountDownLatch(threads)
                List(threads) {
                    async {
                        all.countDown()
                        all.await()
                        runBlocking { nomic.agents.list().toList() }
                        val asked =
                            flow {
                                runBlocking { nomic.agents.list().toList() }
                                emit("text".toByteArray())
                            }
                        runBlocking {
                            nomic.files.upload(Source.stream(asked, "a")) {
                                runBlocking { nomic.files.upload(Source.bytes(ByteArray(9), "b")) { } }
                            }
                        }
                    }
                }.awaitAll()
            }
        }

    @Test
    fun `calls within calls, on Default`() = nested(
        Dispatchers.Default,
        maxOf(2, Runtime.getRuntime().availableProcessors()),
    )

    @Test
    fun `calls within calls, on IO`() = nested(Dispatchers.IO, 64)

    @Test
    fun `calls within calls, on one thread`() = Executors.newSingleThreadExecutor().asCoroutineDispatcher().use {
        nested(it, 1)
    }

    @Test
    fun `calls within calls, on an executor`() =
        Executors.newFixedThreadPool(3).asCoroutineDispatcher().use { nested(it, 3) }

    @Test
    fun `calls within calls, on none`() = nested(Dispatchers.Unconfined, 1)
}
