// The conformance driver of the Kotlin client.
package driver

import com.google.gson.GsonBuilder
import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonNull
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import com.google.gson.JsonPrimitive
import dev.nomkit.AgentRun
import dev.nomkit.AgentStatus
import dev.nomkit.IfMissing
import dev.nomkit.Image
import dev.nomkit.InvalidInputException
import dev.nomkit.JsonValue
import dev.nomkit.Nomic
import dev.nomkit.NomkitException
import dev.nomkit.RunOutcome
import dev.nomkit.Source
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import java.io.FileInputStream
import java.lang.reflect.Modifier
import java.nio.file.Path
import java.time.Instant
import java.util.Base64
import java.util.concurrent.ConcurrentHashMap
import kotlin.system.exitProcess
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

private val gson = GsonBuilder().serializeNulls().disableHtmlEscaping().create()
private var client: Nomic? = null

/** The runs that the runner knows by a handle. */
private val runs = ConcurrentHashMap<String, AgentRun>()

/** The arguments of a call. Each is taken once; what is left over is an error of the scenario. */
private class Arguments(private val given: JsonObject) {
    private fun take(name: String): JsonElement? = given.remove(name)?.takeUnless { it.isJsonNull }

    fun text(name: String): String? = take(name)?.asString

    fun needed(name: String): String = text(name) ?: error("`$name` is missing")

    fun int(name: String): Int? = take(name)?.asInt

    fun long(name: String): Long? = take(name)?.asLong

    fun flag(name: String): Boolean = take(name)?.asBoolean ?: false

    fun choice(name: String): Boolean? = take(name)?.asBoolean

    fun timeout(): Duration? = take("timeout")?.asDouble?.seconds

    fun options(): Arguments = Arguments(take("options")?.asJsonObject ?: JsonObject())

    fun texts(name: String): List<String> = take(name)?.asJsonArray?.map { it.asString }.orEmpty()

    fun sources(name: String): List<Source> = take(name)?.asJsonArray?.map(::source).orEmpty()

    fun images(): List<Image> = texts("images").map { Image.file(Path.of(it)) }

    fun inputs(): Map<String, List<Source>> =
        take("inputs")?.asJsonObject?.asMap().orEmpty().mapValues { (_, files) ->
            files.asJsonArray.map(::source)
        }

    fun done() = check(given.isEmpty) { "the driver knows no arguments ${given.keySet()}" }
}

/** A local file, or one on the platform. */
private fun source(file: JsonElement) =
    if (file.isJsonObject) Source.uploaded(file.asJsonObject["id"].asString) else Source.file(Path.of(file.asString))

private fun nomic() = client ?: error("client.new comes first")

private fun Arguments.run() = run(needed("run"))

private fun run(handle: String) = runs[handle] ?: error("there is no run $handle")

/** Keeps a run and gives what the runner is told of it. */
private fun added(run: AgentRun): Any {
    val handle = "r${runs.size + 1}"
    runs[handle] = run
    return mapOf(
        "\$run" to handle,
        "id" to run.agentId,
        "turn" to run.turn,
        "status" to run.status,
        "token" to run.token,
        "url" to run.url,
        "recovered" to run.recovered,
    )
}

/** What became of a run of many. */
private fun ended(outcome: RunOutcome) =
    mapOf(
        "id" to outcome.run.agentId,
        "turn" to outcome.run.turn,
        "ok" to outcome.ok,
        "result" to outcome.result,
        "error" to outcome.error,
    )

/** What the runner may call. */
private suspend fun call(operation: String, a: Arguments): Any? =
    when (operation) {
        "client.new" -> {
            client =
                Nomic(
                    domain = a.text("domain"),
                    apiKey = a.text("api_key"),
                    baseUrl = a.text("base_url"),
                    timeout = a.timeout(),
                    retries = a.int("retries"),
                    proxy = a.text("proxy"),
                    caCerts = a.text("ca_certs")?.let(Path::of),
                    userAgent = a.text("user_agent"),
                    pace = a.choice("pace"),
                )
            null
        }
        "files.upload" -> {
            val (path, bytes) = a.text("path") to a.text("bytes_base64")?.let(Base64.getDecoder()::decode)
            val (name, streamed, size) = Triple(a.text("name"), a.flag("stream"), a.long("size"))
            val named = name ?: path?.substringAfterLast('/').orEmpty()
            val source =
                when {
                    streamed -> Source.stream(bytes?.inputStream() ?: FileInputStream(path!!), named, size)
                    bytes != null -> Source.bytes(bytes, name.orEmpty())
                    else -> Source.file(Path.of(path!!))
                }
            val o = a.options()
            nomic().files.upload(source, o.text("path"), o.text("parent_id"), o.text("name") ?: name, o.timeout())
                .also { o.done() }
        }
        "files.upload_folder" ->
            nomic().files.uploadFolder(
                Path.of(a.needed("folder")),
                a.text("pattern"),
                a.text("path"),
                a.text("parent_id"),
                a.timeout(),
            )
        "files.search" -> nomic().files.search(a.needed("query"), a.int("limit"), a.text("integration_id")).toList()
        "agents.launch" ->
            added(
                nomic().agents.launch(
                    a.text("prompt"),
                    a.sources("files"),
                    a.texts("file_ids"),
                    a.text("workflow_id"),
                    a.inputs(),
                    a.images(),
                    a.text("project_id"),
                    a.timeout(),
                ),
            )
        "agents.get" -> nomic().agents.get(a.needed("id"))
        "agents.list" ->
            nomic().agents.list(
                a.text("status")?.let(::status),
                a.text("workflow_id"),
                a.flag("without_workflow"),
                a.int("limit"),
            ).toList()
        "agents.attach" -> added(nomic().agents.attach(a.needed("target")))
        "agents.resume" ->
            added(
                nomic().agents.resume(
                    a.needed("target"),
                    a.needed("prompt"),
                    a.images(),
                    a.flag("interrupt"),
                    a.text("if_missing")?.let(::missing) ?: IfMissing.Raise,
                    a.timeout(),
                ),
            )
        "nomic.wait_all" -> nomic().waitAll(a.texts("runs").map(::run), a.timeout()).map(::ended)
        "nomic.as_completed" -> nomic().asCompleted(a.texts("runs").map(::run), a.timeout()).toList().map(::ended)
        "agents.artifact" -> nomic().agents.artifact(a.needed("agent_id"), a.needed("artifact_id"))
        "agents.conversation" -> nomic().agents.conversation(a.needed("id"))
        "agents.stop" -> nomic().agents.stop(a.needed("id"))
        "agents.delete" -> nomic().agents.delete(a.needed("id")).let { null }
        "workflows.list" -> nomic().workflows.list(a.text("project_id"), a.int("limit")).toList()
        "run.refresh" -> a.run().refresh()
        "run.wait" -> a.run().wait(a.timeout())
        "run.updates" -> a.run().updates(a.timeout()).toList().map { it.status }
        "run.follow_up" -> added(a.run().followUp(a.needed("prompt"), a.images(), a.timeout()))
        "run.stop" -> a.run().stop(a.flag("wait"), a.timeout())
        "run.conversation" -> a.run().conversation()
        "run.explain" -> a.run().explain()
        "run.artifact" -> a.run().artifact(a.needed("artifact_id"))
        else -> error("there is no operation $operation")
    }.also { a.done() }

private fun status(word: String): AgentStatus = AgentStatus.Other(word)

private fun missing(word: String) = IfMissing.entries.first { it.name.lowercase() == word }

/** A value of the client as JSON: fields in snake_case, instants as RFC 3339 text, `extra` and rows as they came. */
private fun plain(value: Any?): JsonElement =
    when (value) {
        null -> JsonNull.INSTANCE
        is String -> JsonPrimitive(value)
        is Number -> JsonPrimitive(value)
        is Boolean -> JsonPrimitive(value)
        is Instant, is Path -> JsonPrimitive(value.toString())
        is Duration -> JsonPrimitive(value.inWholeNanoseconds / 1e9)
        is NomkitException -> told(value)
        is JsonValue -> asSent(value)
        is List<*> -> JsonArray().apply { value.forEach { add(plain(it)) } }
        is Map<*, *> -> JsonObject().apply { value.forEach { (name, held) -> add(name as String, plain(held)) } }
        // Open enums are told by their words.
        else -> if (value.javaClass.name.contains('$')) JsonPrimitive(value.toString()) else record(value)
    }

private fun record(value: Any) =
    JsonObject().apply {
        val fields = value.javaClass.declaredFields.filterNot { Modifier.isStatic(it.modifiers) }
        for (field in fields.onEach { it.isAccessible = true }) add(snake(field.name), plain(field.get(value)))
    }

private fun asSent(value: JsonValue): JsonElement =
    when (value) {
        is JsonValue.Null -> JsonNull.INSTANCE
        is JsonValue.Bool -> JsonPrimitive(value.value)
        is JsonValue.Int -> JsonPrimitive(value.value)
        is JsonValue.Float -> JsonPrimitive(value.value)
        is JsonValue.Text -> JsonPrimitive(value.value)
        is JsonValue.Array -> plain(value.items)
        is JsonValue.Object -> plain(value.fields)
    }

/** An error; the fields of its class stand beside those that all have. */
private fun told(error: NomkitException) =
    JsonObject().apply {
        val common =
            mapOf(
                "code" to error.code,
                "message" to error.message,
                "status" to error.status,
                "server_code" to error.serverCode,
                "request_id" to error.requestId,
                "attempts" to error.attempts,
                "elapsed" to error.elapsed,
                "retryable" to error.retryable,
                "outcome" to error.outcome,
                "uploaded" to error.uploaded,
            )
        for ((name, held) in common + error.details) add(name, plain(held))
        // Spelt as the fields are.
        if (error is InvalidInputException) add("argument", plain(error.argument?.let(::snake)))
    }

private fun snake(name: String) = name.replace(Regex("[A-Z]")) { "_" + it.value.lowercase() }

private fun answer(id: JsonElement, name: String, value: JsonElement) {
    val message = JsonObject().apply { add("id", id) }
    message.add(name, value)
    write(message)
}

private fun write(message: JsonObject) =
    synchronized(gson) {
        println(gson.toJson(message))
        System.out.flush()
    }

fun main(): Unit =
    runBlocking(Dispatchers.IO) {
        val calls = ConcurrentHashMap<JsonElement, Job>()
        write(
            JsonObject().apply {
                addProperty("ready", true)
                addProperty("driver", "kotlin")
            },
        )
        for (line in generateSequence(::readlnOrNull)) {
            val message = JsonParser.parseString(line).asJsonObject
            if (message.has("close")) break
            if (message.has("cancel")) {
                calls[message["cancel"]]?.cancel()
                continue
            }
            val id = message["id"]
            calls[id] =
                launch {
                    val given = Arguments(message["args"]?.asJsonObject ?: JsonObject())
                    try {
                        answer(id, "ok", plain(call(message["call"].asString, given)))
                    } catch (_: CancellationException) {
                        answer(id, "cancelled", JsonPrimitive(true))
                    } catch (error: NomkitException) {
                        answer(id, "error", told(error))
                    } catch (error: Exception) {
                        val told = mapOf("code" to "driver", "message" to error.toString(), "retryable" to false)
                        answer(id, "error", plain(told))
                    }
                }
        }
        exitProcess(0)
    }
