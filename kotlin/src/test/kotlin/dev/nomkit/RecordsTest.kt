package dev.nomkit

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.time.Instant

/** Records, open enums and JSON are as Kotlin has them. */
class RecordsTest : World() {
    @Test
    fun `a record is compared, copied and taken apart`() =
        test {
            val agent = nomic.agents.launch("Look").agent
            assertEquals(agent, agent.copy())
            assertNotEquals(agent, agent.copy(id = "other"))
            assertEquals(agent.hashCode(), agent.copy().hashCode())
            val (id, status) = agent
            assertEquals(listOf(agent.id, agent.status), listOf(id, status))
            assertTrue("status=$status" in "$agent", "$agent")
            assertTrue(agent.createdAt is Instant)
        }

    @Test
    fun `words that this version does not know are kept, and members too`() =
        test {
            emulator.fault("GET /agents/{id}", "mutate", "pointer" to "/data/status", "value" to "DREAMING")
            val id = nomic.agents.launch("Look").agentId
            val agent = nomic.agents.get(id)
            assertEquals(AgentStatus.Other("DREAMING"), agent.status)
            assertEquals("DREAMING", "${agent.status}")
            assertEquals("awaiting_tool", "${AgentStatus.AwaitingTool}")
            val word = when (val status = agent.status) {
                is AgentStatus.Finished -> "done"
                is AgentStatus.Other -> status.word
                else -> "active"
            }
            assertEquals("DREAMING", word)
        }

    @Test
    fun `JSON prints as JSON, and is plain values on demand`() {
        val plain = mapOf("a" to listOf(1L, 1.5, true, null, "x\"y"))
        val json = json(plain)
        assertEquals("""{"a":[1,1.5,true,null,"x\"y"]}""", "$json")
        assertEquals(plain, json.toPlain())
        assertEquals(JsonValue.Int(1), json["a"]?.get(0))
        assertEquals("x\"y", json["a"]?.get(4)?.toPlain())
        for (nothing in listOf(json["b"], json[0], json["a"]?.get(9), json["a"]?.get("b"))) assertNull(nothing)
    }
}
