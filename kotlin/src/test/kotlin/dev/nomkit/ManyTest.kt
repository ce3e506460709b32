package dev.nomkit

import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Many runs waited for at once. */
class ManyTest : World() {
    private suspend fun launched(count: Int) = List(count) { nomic.agents.launch("Look $it") }

    /** Runs that are over, of which one cannot be read to its end. */
    private suspend fun stalled(count: Int): Pair<List<AgentRun>, String> {
        val runs = launched(count).onEach { it.wait() }
        return runs to emulator.fault("GET /agents/{id}/conversation", "stall")
    }

    @Test
    fun `each has its outcome, in the order of the runs`() =
        test {
            slow()
            val stopped = launched(1).single()
            emulator.timing(0.milliseconds, 50.milliseconds, 0.milliseconds)
            val broken = Source.bytes("%PDF-1.7 nothing more".toByteArray(), "broken.pdf")
            val runs = listOf(stopped) + launched(3) + nomic.agents.launch("Look", listOf(broken))
            stopped.stop()
            val told = mutableListOf<Progress>()
            val outcomes = nomic.waitAll(runs) { told += it }
            assertEquals(runs.map { it.agentId }, outcomes.map { it.run.agentId })
            assertEquals(listOf(false, true, true, true, false), outcomes.map { it.ok })
            assertEquals(runs[1].wait(), outcomes[1].result)
            assertTrue(outcomes[0].error is RunStoppedException && outcomes[4].error is RunFailedException)
            assertEquals(listOf(null, null), listOf(outcomes[0].result, outcomes[1].error))
            assertEquals(listOf("waiting", 5.0, 5.0), told.last().let { listOf(it.phase, it.done, it.total) })
            assertEquals(emptyList<Any>(), nomic.waitAll(emptyList()))
        }

    @Test
    fun `one deadline holds for all, and the agents run on`() =
        test {
            slow()
            val runs = launched(3)
            val errors = nomic.waitAll(runs, 50.milliseconds).map { it.error }
            assertEquals(runs.map { it.token }, errors.map { (it as WaitTimeoutException).token })
            val asTheyEnd = nomic.asCompleted(runs, 50.milliseconds).toList()
            assertEquals(runs.map { it.agentId }.toSet(), asTheyEnd.map { it.run.agentId }.toSet())
            assertEquals(0, requests("POST /agents/{id}/stop").size)
        }

    @Test
    fun `they come as they end, and a flow is read anew`() =
        test {
            slow()
            val late = launched(1).single()
            emulator.timing(0.milliseconds, 50.milliseconds, 0.milliseconds)
            val flow = nomic.asCompleted(listOf(late) + launched(1))
            val outcomes = flow.onEach { if (it.ok) late.stop() }.toList()
            assertEquals(listOf(true, false), outcomes.map { it.ok })
            assertEquals(late.agentId, outcomes[1].run.agentId)
            assertEquals(2, flow.toList().size)
        }

    @Test
    fun `what cannot be right is refused at once, and nothing is sent`() =
        test {
            val own = launched(1)
            val foreign = emulator.nomic().agents.attach(own[0].agentId)
            emulator.reset()
            assertEquals("runs", failure<InvalidInputException> { nomic.asCompleted(own + foreign) }.argument)
            assertEquals("runs", failure<InvalidInputException> { nomic.waitAll(own + foreign) }.argument)
            assertEquals("timeout", failure<InvalidInputException> { nomic.waitAll(own, 0.seconds) }.argument)
            assertEquals("timeout", failure<InvalidInputException> { nomic.asCompleted(own, 0.seconds) }.argument)
            assertEquals(emptyList<Any>(), requests())
        }

    @Test
    fun `whoever cancels closes what is in flight, and stops no agent`() =
        test {
            val (runs, stall) = stalled(2)
            val job = launch { nomic.waitAll(runs) }
            until { emulator.faultReport(stall).hits == 1 }
            job.cancelAndJoin()
            // What is endless is felt to its end when the client turns away: its connection is closed.
            until { emulator.faultReport(stall).completed == 1 }
            assertEquals(0, requests("POST /agents/{id}/stop").size)
        }

    @Test
    fun `whoever leaves the flow closes what is in flight`() =
        test {
            val (runs, stall) = stalled(2)
            val first = nomic.asCompleted(runs).first()
            assertTrue(first.ok)
            assertNull(first.error)
            until { emulator.faultReport(stall).completed == 1 }
        }
}
