package dev.nomkit

import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking

/** What a class loader of its own is asked for. */
object Twice {
    /** How many agents there are. */
    @JvmStatic
    fun list(url: String, key: String): Int =
        runBlocking { Nomic(apiKey = key, baseUrl = url).agents.list().toList().size }
}
