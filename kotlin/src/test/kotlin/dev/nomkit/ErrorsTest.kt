package dev.nomkit

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.ObjectInputStream
import java.io.ObjectOutputStream
import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration.Companion.seconds

/** One tree of errors, from the core's table. */
class ErrorsTest : World() {
    private fun made(code: String, vararg details: Pair<String, Any?>): NomkitException {
        val given = details.toMap().mapValues { json(it.value) }
        return ErrorInfo(code, "text", null, null, null, 0, 0.0, false, null, emptyList(), given).respelt().exception()
    }

    private inline fun <reified T> again(value: T): T {
        val bytes = ByteArrayOutputStream().also { ObjectOutputStream(it).writeObject(value) }.toByteArray()
        return ObjectInputStream(ByteArrayInputStream(bytes)).readObject() as T
    }

    @Test
    fun `each code is a class, below the one that the table says`() {
        val table = Files.readString(Path.of("../core/src/error.rs"))
        val rows = Regex("""^    (\w+) "(\w+)" < (\w+), """, RegexOption.MULTILINE).findAll(table).map {
            it.groupValues
        }
        assertTrue(rows.count() > 25)
        for ((_, stem, code, parent) in rows) {
            val error = made(code)
            assertEquals("${stem}Exception", error.javaClass.simpleName)
            assertEquals("${parent}Exception", error.javaClass.superclass.simpleName)
            assertEquals("dev.nomkit.${stem}Exception: text", "$error")
            assertEquals(code, error.code)
        }
        assertEquals(NomkitException::class, made("newer")::class)
    }

    @Test
    fun `fields are typed`() {
        val limit = made("rate_limit", "retry_after" to 3, "maybe_spend" to true) as RateLimitException
        assertEquals(listOf(3.seconds, null, true), listOf(limit.retryAfter, limit.tier, limit.maybeSpend))
        assertEquals("pageSize", (made("invalid_input", "argument" to "page_size") as InvalidInputException).argument)
        val wrong = made(
            "bad_request",
            "issues" to listOf(mapOf("path" to "a", "message" to "b")),
        ) as BadRequestException
        assertEquals(listOf(mapOf("path" to "a", "message" to "b")), wrong.issues.map { it.toPlain() })
    }

    @Test
    fun `an error says what is known of the request, and what was uploaded`() =
        test {
            val body = mapOf("error" to "not now", "code" to "busy")
            emulator.fault("POST /agents", "status", "status" to 409, "body" to body)
            val error = failure<ConflictException> { nomic.agents.launch("Look", listOf(Source.file(REPORT))) }
            assertEquals(listOf("conflict", 409, "busy"), listOf(error.code, error.status, error.serverCode))
            assertEquals(listOf(RequestOutcome.Answered, 1, false), error.run { listOf(outcome, attempts, retryable) })
            assertTrue(error.elapsed > 0.seconds)
            assertEquals(listOf("inspection-report.pdf"), error.uploaded.map { it.name })
            assertTrue("$error".startsWith("dev.nomkit.ConflictException: agents.launch: "), "$error")
            val copy = again(error)
            assertEquals(error.info, copy.info)
            assertEquals(error.message, copy.message)
        }

    @Test
    fun `records and words are the same after they were written and read`() =
        test {
            val result = nomic.ask("What is wrong with the fire doors?", listOf(Source.file(REPORT)))
            val copy = again(result)
            assertEquals(result, copy)
            assertEquals(result.hashCode(), copy.hashCode())
            assertTrue(copy.agent.status === AgentStatus.Finished)
        }
}
