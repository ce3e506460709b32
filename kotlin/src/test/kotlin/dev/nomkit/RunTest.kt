package dev.nomkit

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** The handle on one turn. */
class RunTest : World() {
    @Test
    fun `properties are what was last seen, and cost no request`() =
        test {
            val run = nomic.agents.launch("Look")
            run.wait()
            val before = requests().size
            assertEquals(listOf(1, AgentStatus.Finished, run.agentId), listOf(run.turn, run.status, run.agent.id))
            assertTrue(run.url.endsWith(run.agentId) && run.token.endsWith(run.agentId))
            assertEquals("AgentRun(agentId=${run.agentId}, turn=1, status=finished)", "$run")
            assertEquals(before, requests().size)
            assertEquals(AgentStatus.Finished, run.refresh().status)
        }

    @Test
    fun `waiting again gives the same again, and progress is told in the caller's thread`() =
        test {
            val threads = mutableSetOf<Thread>()
            val run = nomic.agents.launch("Look")
            val result = run.wait(Duration.INFINITE) { threads += Thread.currentThread() }
            assertEquals(setOf(Thread.currentThread()), threads)
            assertEquals(listOf(1, 2), listOf(result.turn, result.artifacts.size))
            assertEquals(result, run.wait())
            assertEquals(result.artifacts[0], run.artifact(result.artifacts[0].id))
        }

    @Test
    fun `a wait that expires leaves the agent alone, and its token leads back`() =
        test {
            slow()
            val run = nomic.agents.launch("Look")
            val error = failure<WaitTimeoutException> { run.wait(50.milliseconds) }
            assertEquals(listOf(run.token, true), listOf(error.token, error.retryable))
            assertEquals(run.status.toString(), error.lastStatus)
            assertEquals(0, requests("POST /agents/{id}/stop").size)
            assertEquals(run.agentId, nomic.agents.attach(error.token).agentId)
            assertEquals(1, nomic.agents.attach(run.agentId).turn)
            failure<WaitTimeoutException> { run.updates(50.milliseconds).toList() }
        }

    @Test
    fun `updates give each change up to the end, and a stopped turn ends them too`() =
        test {
            slow()
            val run = nomic.agents.launch("Look")
            val seen = run.updates().onEach {
                if (it.status ==
                    AgentStatus.Running
                ) {
                    run.stop()
                }
            }.map { it.status }.toList()
            assertEquals(AgentStatus.Stopped, seen.last())
            assertEquals(seen.distinct(), seen)
            failure<RunStoppedException> { run.wait() }
        }

    @Test
    fun `leaving the updates ends them`() =
        test {
            slow()
            val (left, followed) = List(2) { nomic.agents.launch("Look") }
            suspend fun looks(run: AgentRun) = requests().count { run.agentId in it["path"].toString() }
            left.updates().first()
            val before = looks(left)
            // Who stays goes on looking meanwhile.
            val staying = launch { followed.updates().collect { } }
            until { looks(followed) >= 3 }
            staying.cancel()
            assertEquals(before, looks(left))
        }

    @Test
    fun `a follow-up is the next turn, asked once`() =
        test {
            val run = nomic.agents.launch("Look")
            val first = run.wait()
            val next = run.followUp("Now a punch list", timeout = 30.seconds)
            val second = next.wait()
            assertEquals(listOf(2, 2, run.agentId), listOf(next.turn, second.turn, next.agentId))
            assertNotEquals(first.text, second.text)
            assertEquals(1, requests("POST /agents/{id}/followup").size)
            assertEquals(2, next.conversation().count { it.role == Role.User })
        }

    @Test
    fun `what goes wrong with a follow-up is said in the words of this language`() =
        test {
            slow()
            val run = nomic.agents.launch("Look")
            run.refresh()
            val error = failure<ConflictException> { run.followUp("More") }
            assertTrue(error.message.startsWith("agents.followUp: The agent is still"), error.message)
            assertFalse(error.current.isNullOrEmpty())
            emulator.timing(0.seconds, 0.seconds, 0.seconds)
            val done = nomic.agents.launch("Look").apply { wait() }
            emulator.fault("POST /agents/{id}/followup", "reset", "at" to "before_commit")
            val lost = failure<OutcomeUnknownException> { done.followUp("More", timeout = 4.seconds) }
            assertEquals(listOf("agents.follow_up", RequestOutcome.Unknown), listOf(lost.operation, lost.outcome))
        }

    @Test
    fun `a failed run says why`() =
        test {
            val broken = Source.bytes("%PDF-1.7 nothing more".toByteArray(), "broken.pdf")
            val run = nomic.agents.launch("Look", listOf(broken))
            val error = failure<RunFailedException> { run.wait() }
            assertContains(error.reason, "broken.pdf")
            assertTrue(error.messages.isNotEmpty())
            assertEquals(listOf(run.agentId, run.token), listOf(error.agentId, error.token))
        }

    @Test
    fun `an agent is asked again, whatever became of it`() =
        test {
            val first = nomic.agents.launch("Look")
            first.wait()
            val second = nomic.agents.resume(first.agentId, "And the roof?", timeout = 30.seconds)
            second.wait()
            slow()
            val third = nomic.agents.resume(second.token, "And the stairs?")
            failure<ConflictException> { nomic.agents.resume(third.agentId, "Quick") }
            emulator.timing(0.seconds, 0.seconds, 0.seconds)
            val fourth = nomic.agents.resume(third.agentId, "Quick", interrupt = true)
            assertEquals(listOf(2, 3, 4), listOf(second.turn, third.turn, fourth.turn))
            assertEquals(setOf(first.agentId), setOf(second.agentId, third.agentId, fourth.agentId))
            fourth.wait()
            nomic.agents.delete(first.agentId)
            failure<NotFoundException> { nomic.agents.resume(first.agentId, "Look") }
            val again = nomic.agents.resume(first.agentId, "Look", ifMissing = IfMissing.Launch)
            assertNotEquals(first.agentId, again.agentId)
            assertEquals(1, again.turn)
            assertEquals(1, requests("POST /agents/{id}/stop").size)
            assertEquals("prompt", failure<InvalidInputException> { nomic.agents.resume(again.token, " ") }.argument)
        }

    @Test
    fun `what was lost is found, and not sent again`() =
        test {
            emulator.fault("POST /agents", "lose_response")
            val run = nomic.agents.launch("Look")
            assertEquals(run.agentId, run.wait().agent.id)
            emulator.fault("POST /agents/{id}/followup", "lose_response")
            val next = run.followUp("And the roof?")
            assertEquals(listOf(true, true, 2), listOf(run.recovered, next.recovered, next.wait().turn))
            assertContains(run.explain(), "found after its answer was lost")
            emulator.fault("POST /files/upload", "lose_response")
            val file = nomic.files.upload(Source.file(REPORT), path = "plans/report.pdf")
            assertTrue(file.recovered)
            for (sent in listOf("POST /agents", "POST /agents/{id}/followup", "POST /files/upload")) {
                assertEquals(1, requests(sent).size, sent)
            }
        }
}
