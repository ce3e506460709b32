package dev.nomkit

import dev.nomkit.bridge.readJson
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asExecutor
import kotlinx.coroutines.future.await
import java.io.IOException
import java.net.HttpURLConnection
import java.net.Proxy
import java.net.URI
import java.util.concurrent.CompletableFuture.supplyAsync

/** Milliseconds that an emulator may take to answer. */
private const val PATIENCE = 30_000

/** The control routes of an emulator. */
internal class Control(private val url: String, private val token: String) {
    /** Makes one request and gives what it is answered. */
    suspend fun send(method: String, path: String, body: Any? = null): JsonMap {
        val (status, text) = exchange(method, path, body?.let { json(it).toString() })
        val answer = readJson(text.ifEmpty { "{}" })
        if (answer !is JsonValue.Object) {
            throw local("protocol", "What answers at $url is no emulator.", mapOf("reason" to JsonValue.Text("json")))
        }
        if (status < 400) return answer.fields
        val issues = answer.fields.list("issues").map { it["message"] }
        val why = listOf(answer["error"] ?: status) + issues
        throw invalid("emulator", "The emulator refused: ${why.joinToString { plain(it) }}")
    }

    private suspend fun exchange(method: String, path: String, body: String?): Pair<Int, String> {
        val connection = URI("$url/_emulator/$path").toURL().openConnection(Proxy.NO_PROXY) as HttpURLConnection
        connection.requestMethod = method
        connection.readTimeout = PATIENCE
        // A connection of its own, which nothing keeps open afterwards.
        for ((name, value) in listOf("Connection" to "close", "X-Emulator-Token" to token)) {
            connection.setRequestProperty(name, value)
        }
        try {
            return supplyAsync({ connection.ask(body) }, Dispatchers.IO.asExecutor()).await()
        } catch (cause: IOException) {
            val message = "The emulator at $url cannot be reached. Does it run?"
            throw local("connect", message).apply { initCause(cause) }
        } finally {
            // Whoever gives it up leaves nobody waiting.
            connection.disconnect()
        }
    }

    private fun HttpURLConnection.ask(body: String?): Pair<Int, String> {
        if (body != null) {
            doOutput = true
            setRequestProperty("Content-Type", "application/json")
            val bytes = body.toByteArray()
            // Without its length it would be sent again by itself.
            setFixedLengthStreamingMode(bytes.size)
            outputStream.use { it.write(bytes) }
        }
        val answer = if (responseCode < 400) inputStream else errorStream
        return responseCode to answer?.use { it.reader().readText() }.orEmpty()
    }

    private fun plain(why: Any?) = ((why as? JsonValue)?.toPlain() ?: why).toString()
}

internal fun invalid(argument: String, message: String): NomkitException =
    local("invalid_input", message, mapOf("argument" to JsonValue.Text(argument)))
