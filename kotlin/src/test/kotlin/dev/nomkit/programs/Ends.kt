package dev.nomkit.programs

import dev.nomkit.Nomic
import dev.nomkit.Source
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.GlobalScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlin.system.exitProcess

/** Ends by itself after a call, or at once with one in flight: `URL [now]`. */
@OptIn(kotlinx.coroutines.DelicateCoroutinesApi::class)
fun main(given: Array<String>) {
    val nomic = Nomic(baseUrl = given[0], apiKey = "npk_test", retries = 0, onEvent = { })
    if (given.size == 1) {
        runBlocking { nomic.agents.get("agent") }
        println("done")
        return
    }
    GlobalScope.launch(Dispatchers.Default) { nomic.files.upload(Source.bytes(ByteArray(9), "a")) { } }
    readln()
    exitProcess(3)
}
