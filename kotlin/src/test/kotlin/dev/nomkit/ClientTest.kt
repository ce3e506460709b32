package dev.nomkit

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/** The client and its configuration. */
class ClientTest : World() {
    private val key = "npk_secret_0123456789"

    @Test
    fun `what cannot be right is refused before anything is sent`() =
        test {
            failure<ConfigException> { Nomic(domain = "acme.nomic.ai/x", apiKey = key) }
            failure<ConfigException> { Nomic(baseUrl = "http://acme.example", apiKey = key) }
            val cases =
                listOf<Pair<String, () -> Nomic>>(
                    "timeout" to { Nomic("acme", key, timeout = 0.seconds) },
                    "timeout" to { Nomic("acme", key, timeout = Duration.INFINITE) },
                    "-1" to { Nomic("acme", key, retries = -1) },
                    "proxy" to { Nomic("acme", key, proxy = "nonsense") },
                    "user agent" to { Nomic("acme", key, userAgent = "a\nb") },
                )
            for ((argument, case) in cases) {
                val error = runCatching { case() }.exceptionOrNull() as? NomkitException
                assertTrue(error is InvalidInputException || error is ConfigException, "$argument: $error")
                assertContains(error?.message, argument)
                assertFalse(key in error!!.stackTraceToString())
            }
        }

    @Test
    fun `its options hold`() =
        test {
            val client = emulator.nomic(timeout = 2.seconds, retries = 0, userAgent = "tests/1")
            val stalled = emulator.fault("GET /agents/{id}", "stall")
            failure<RequestTimeoutException> { client.agents.get(NOBODY) }
            until { emulator.faultReport(stalled).hits == 1 }
            assertContains(requests().last()["user_agent"].toString(), "tests/1")
        }

    @Test
    fun `once closed it refuses calls`() =
        test {
            val client = emulator.nomic()
            client.use { it.agents.list().first(1) }
            failure<ClosedException> { client.agents.get(NOBODY) }
            failure<ClosedException> { client.agents.list().first(1) }
            assertEquals(1, requests().size)
        }

    @Test
    fun `a key is in nothing that is printed`() =
        test {
            val wrong = emulator.nomic(apiKey = key)
            val error = failure<AuthenticationException> { wrong.agents.launch("Look", listOf(Source.file(REPORT))) }
            val options = ClientOptions(apiKey = key)
            assertFalse((options as Any) is java.io.Serializable)
            val printed = listOf(wrong, wrong.agents, wrong.files, Source.file(REPORT), error.details, options)
            for (text in printed.map { "$it" } + error.stackTraceToString()) assertFalse(key in text, text)
            val run = nomic.agents.launch("Look")
            for (text in listOf(run.toString(), run.token, run.agent.toString())) {
                assertFalse(emulator.apiKey in text, text)
            }
        }
}
