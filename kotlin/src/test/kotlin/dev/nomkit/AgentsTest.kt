package dev.nomkit

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/** Launches, lists, looks, stops, deletions, and what is refused. */
class AgentsTest : World() {
    @Test
    fun `half a character is replaced, and a negative count refused`() =
        test {
            val half = "\uD83D"
            val run = nomic.agents.launch("Look $half", listOf(Source.bytes(ByteArray(9) { 65 }, "a$half.txt")))
            assertContains(run.conversation().first().text, "Look ?")
            failure<NomkitException> { nomic.agents.get(half) }
            assertEquals("count", failure<InvalidInputException> { nomic.agents.list().first(-1) }.argument)
        }

    @Test
    fun `what the core counts beyond this language's numbers is the largest of them`() {
        assertEquals(listOf(0, Int.MAX_VALUE), listOf(0, -1).map(SignedInt::lift))
        assertEquals(listOf(0L, Long.MAX_VALUE), listOf(0L, -1L).map(SignedLong::lift))
    }

    @Test
    fun `one is launched on local files and on the platform's`() =
        test {
            val file = nomic.files.upload(Source.file(REPORT))
            val sources = listOf(Source.uploaded(file), Source.bytes("A note.".toByteArray(), "notes.txt"))
            val run = nomic.agents.launch("Look", sources, fileIds = listOf(file.id), timeout = 30.seconds)
            assertEquals(1, run.turn)
            assertTrue("notes.txt" in run.wait().agent.files.map { it.name })
            assertEquals(run.agentId, nomic.agents.get(run.agentId).id)
        }

    @Test
    fun `ask is all of it`() =
        test {
            val result = nomic.ask("What is wrong with the fire doors?", listOf(Source.file(REPORT)))
            assertContains(result.text, "door")
            assertEquals(listOf(ArtifactKind.Markdown, ArtifactKind.Table), result.artifacts.map { it.kind })
        }

    @Test
    fun `lists are lazy, and ask for no page that nobody needs`() =
        test {
            repeat(3) { nomic.agents.launch("Look $it") }
            val list = nomic.agents.list(pageSize = 1)
            assertEquals(0, requests("GET /agents").size)
            list.first()
            assertEquals(1, requests("GET /agents").size)
            assertEquals(2, list.first(2).size)
            assertEquals(3, requests("GET /agents").size)
            assertEquals(emptyList<Any>(), list.first(0))
            assertEquals(3, requests("GET /agents").size)
            assertEquals(3, list.toList().distinct().size)
            assertEquals(listOf(1, 1, 1), list.pages().toList().map { it.items.size })
            assertEquals(emptyList<Any>(), nomic.agents.list(status = AgentStatus.Failed).toList())
            assertEquals(3, nomic.agents.list(withoutWorkflow = true).toList().size)
        }

    @Test
    fun `one is stopped, and deleted`() =
        test {
            slow()
            val run = nomic.agents.launch("Look")
            nomic.agents.stop(run.agentId)
            assertEquals(AgentStatus.Stopped, run.stop(wait = true).status)
            nomic.agents.delete(run.agentId)
            failure<NotFoundException> { nomic.agents.get(run.agentId) }
            failure<NotFoundException> { nomic.agents.conversation(run.agentId) }
            failure<NotFoundException> { nomic.agents.artifact(run.agentId, NOBODY) }
        }

    @Test
    fun `options that cannot be right are refused by their name, before a byte is sent`() =
        test {
            val run = nomic.agents.attach(nomic.agents.launch("Look").agentId)
            emulator.reset()
            val file = Source.bytes("text".toByteArray(), "a.txt")
            val cases =
                listOf<Pair<String?, suspend () -> Any?>>(
                    "prompt" to { nomic.agents.launch() },
                    "prompt" to { nomic.agents.launch(" ") },
                    "prompt" to { nomic.ask(null) },
                    "prompt" to { run.followUp("") },
                    "workflowId" to { nomic.agents.launch("Look", workflowId = "../a") },
                    "projectId" to { nomic.agents.launch("Look", projectId = "a/b") },
                    "fileIds" to { nomic.agents.launch("Look", fileIds = listOf("")) },
                    "files" to { nomic.agents.launch(workflowId = "a", files = listOf(file)) },
                    "inputs" to { nomic.agents.launch("Look", inputs = mapOf("notes" to listOf(file))) },
                    "inputs" to { nomic.agents.launch(workflowId = "a", inputs = mapOf("notes" to emptyList())) },
                    "timeout" to { nomic.agents.launch("Look", timeout = 0.seconds) },
                    "timeout" to { nomic.agents.launch("Look", timeout = Duration.INFINITE) },
                    "timeout" to { run.wait((-1).seconds) },
                    "timeout" to { run.wait(-Duration.INFINITE) },
                    "timeout" to { run.updates(0.seconds) },
                    "timeout" to { nomic.ask("Look", timeout = 0.seconds) },
                    "pageSize" to { nomic.agents.list(pageSize = 101) },
                    null to { nomic.agents.list(pageSize = -1) },
                    "withoutWorkflow" to { nomic.agents.list(workflowId = "a", withoutWorkflow = true) },
                    "id" to { nomic.agents.get("../users") },
                    "id" to { nomic.agents.stop("") },
                    "artifactId" to { nomic.agents.artifact(NOBODY, "..") },
                    "target" to { nomic.agents.attach("a/b") },
                )
            for ((at, case) in cases.withIndex()) {
                val error = failure<InvalidInputException> { case.second() }
                assertEquals("$at ${case.first}", "$at ${error.argument}", error.message)
            }
            assertEquals(emptyList<Any>(), requests())
        }
}
