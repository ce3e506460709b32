package dev.nomkit

import example.ReportState
import example.ReportViewModel
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.flow.first
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Test
import java.util.concurrent.Executors
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes

/** An Android screen: it launches, shows, is left, and comes back. */
class ViewModelTest : World() {
    private val main = Executors.newSingleThreadExecutor()
    private val saved = mutableMapOf<String, String>()

    private fun model(name: String) =
        ReportViewModel(emulator.nomic(userAgent = name), saved, main.asCoroutineDispatcher())

    private suspend fun ReportViewModel.awaited(condition: (ReportState) -> Boolean) = state.first(condition)

    private suspend fun asked(name: String) = requests().filter { name in it["user_agent"].toString() }

    @AfterAll
    fun done() {
        main.shutdown()
    }

    @Test
    fun `left in the midst, it closes its connection, and another finds the agent by the token`() =
        test {
            emulator.timing(waiting = 0.milliseconds, running = 1.minutes, stopping = 0.milliseconds)
            val first = model("first")
            first.ask("What is wrong with the fire doors?", Source.file(REPORT))
            first.awaited { it.status == AgentStatus.Running }
            assertEquals(1.0, first.state.value.uploaded)

            val stalled = emulator.fault("GET /agents/{id}", "stall")
            until { emulator.faultReport(stalled).hits == 1 }
            first.onCleared()
            // What is endless is felt to its end when the client turns away: its connection is closed.
            until { emulator.faultReport(stalled).completed == 1 }
            val made = asked("first").size

            emulator.clock(advance = 5.minutes)
            val second = model("second")
            val state = second.awaited { !it.working }
            assertEquals(AgentStatus.Finished, state.status)
            assertNotNull(state.result?.text)
            assertEquals(listOf(null, made), listOf(state.problem, asked("first").size))
            assertEquals(1, requests("POST /agents").size)
            assertEquals(0, requests("POST /agents/{id}/stop").size)
            second.onCleared()
        }

    @Test
    fun `what goes wrong is shown`() =
        test {
            saved.clear()
            val model = model("third")
            model.ask("Look", Source.file(REPORT.resolveSibling("missing.pdf")))
            assertContains(model.awaited { it.problem != null }.problem, "missing.pdf")
            model.onCleared()
        }
}
