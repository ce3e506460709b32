package dev.nomkit

import kotlinx.coroutines.flow.first
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

/** Workflows and their slots. */
class WorkflowsTest : World() {
    private fun slot(
        name: String,
        multiple: Boolean,
    ) = RequestedFile(name, null, optional = false, multiple, emptyMap())

    @Test
    fun `they are listed with their slots, which take files from anywhere`() =
        test {
            val slots = listOf(slot("drawings", multiple = true), slot("notes", multiple = false))
            val id = emulator.workflow("Review", "Makes a punch list.", slots)
            val workflow = nomic.workflows.list(pageSize = 1).first { it.id == id }
            assertEquals(slots, workflow.requestedFiles.map { it.copy(description = null, extra = emptyMap()) })
            val file = nomic.files.upload(Source.file(REPORT))
            val notes = listOf(Source.bytes("A note.".toByteArray(), "notes.txt"))
            val inputs = mapOf("drawings" to listOf(Source.uploaded(file), Source.file(REPORT)), "notes" to notes)
            val result = nomic.ask(null, workflowId = id, inputs = inputs)
            assertEquals(id, result.agent.workflowId)
            assertEquals(3, result.agent.files.size)
            assertEquals(400, failure<BadRequestException> { nomic.agents.launch(workflowId = id) }.status)
        }
}
