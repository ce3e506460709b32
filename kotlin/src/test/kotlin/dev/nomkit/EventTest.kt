package dev.nomkit

import dev.nomkit.hazards.Held
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger

/** What a client does, as it is told. */
class EventTest : World() {
    private fun listening(onEvent: (Event) -> Unit) =
        Nomic(baseUrl = emulator.url, apiKey = emulator.apiKey, onEvent = onEvent)

    @Test
    fun `a listener hears what its client does, in order`() =
        test {
            val (heard, threads) = ConcurrentLinkedQueue<Event>() to ConcurrentLinkedQueue<Thread>()
            listening { heard.add(it).also { threads.add(Thread.currentThread()) } }.use { client ->
                val run = client.agents.launch("What of the stairs?")
                val result = run.wait()
                until { heard.any { it.kind == EventKind.Over } }
                assertEquals(listOf("agents.launch", 201), heard.first().let { listOf(it.operation, it.status) })
                val looks = heard.filter { it.kind == EventKind.Looked }
                assertTrue(
                    looks.isNotEmpty() && looks.all {
                        it.agentId == run.agentId && it.level == EventLevel.Debug
                    },
                )
                assertEquals(heard.map { it.at }.sorted(), heard.map { it.at })
                for (secret in listOf(emulator.apiKey, "stairs", result.text)) assertFalse(secret in "$heard")
                assertFalse(Thread.currentThread() in threads)
                assertTrue(threads.all { it.isDaemon })
            }
        }

    @Test
    fun `what a listener throws, and how long it takes, hurts nobody`() =
        test {
            val (free, heard) = CountDownLatch(1) to AtomicInteger()
            val client =
                listening {
                    free.await()
                    check(heard.incrementAndGet() > 1) { "This is of a test, and should be printed." }
                }
            val run = client.agents.launch("Look")
            assertTrue(run.wait().text.isNotEmpty())
            assertEquals(0, heard.get())
            free.countDown()
            until { heard.get() > 2 }
            client.close()
        }

    @Test
    fun `its client's end ends it, whether that is closed or forgotten`() =
        test {
            listening { }.use { it.agents.list().toList() }
            val before = Held.now()
            val heard = AtomicInteger()
            val closed = listening { heard.incrementAndGet() }
            closed.agents.list().toList()
            until { heard.get() > 0 }
            assertNotEquals(before.futures, Held.now().futures)
            closed.close()
            failure<ClosedException> { closed.agents.get(NOBODY) }
            Held.noMoreThan(before)
            repeat(20) { listening { }.agents.list().toList() }
            // What came last is on the stack until this is suspended.
            until { Held.now().futures <= before.futures.also { System.gc() } }
            Held.noMoreThan(before)
        }

    @Test
    fun `a run tells what happened to it`() =
        test {
            val run = nomic.agents.launch("What of the stairs?")
            run.wait()
            val sent = requests().size
            val text = run.explain()
            assertContains(text, "Agent ${run.agentId}, turn 1: finished")
            assertContains(text, "agents.launch")
            assertFalse("stairs" in text || emulator.apiKey in text, text)
            assertFalse(run.recovered)
            assertEquals(sent, requests().size)
        }
}
