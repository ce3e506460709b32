package dev.nomkit

import dev.nomkit.bridge.readJson
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.asExecutor
import kotlinx.coroutines.future.await
import kotlinx.coroutines.withContext
import java.io.IOException
import java.util.concurrent.CompletableFuture.supplyAsync
import java.util.concurrent.TimeUnit.SECONDS

/** Seconds that an emulator may take to end by itself. */
private const val PATIENCE = 2L

/** The `nomkit` command at work. It ends with this process: then its input closes. */
internal class Program private constructor(private val process: Process) {
    /** Lets it end; the future is done when it has. */
    fun end() =
        process.outputStream.runCatching { close() }.let {
            process.onExit().orTimeout(PATIENCE, SECONDS).exceptionallyCompose {
                process.destroy()
                process.onExit()
            }
        }

    companion object {
        /** Starts it and hears its first words. */
        suspend fun start(given: List<String>, environment: Map<String, String>): Pair<Program, JsonMap> {
            val name = command(environment)
            // Kept here, since whoever is cancelled on the way back from another thread gets no result.
            var process: Process? = null
            try {
                val spawned =
                    withContext(Dispatchers.IO + NonCancellable) {
                        spawn(listOf(name) + given).also { process = it }
                    }
                val line = supplyAsync({ spawned.inputReader().readLine() }, Dispatchers.IO.asExecutor()).await()
                return Program(spawned) to understood(line, name)
            } catch (cause: Throwable) {
                process?.destroy()
                if (cause !is IOException) throw cause
                throw config("The emulator did not start; ${cause.message}.", cause)
            }
        }

        private fun spawn(command: List<String>) =
            ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start()

        private fun command(environment: Map<String, String>) =
            environment["NOMKIT_CLI"].orEmpty().ifEmpty {
                throw config(
                    "The emulator is the `nomkit` command, and NOMKIT_CLI, which says where that is, is not set. " +
                        "`pip install nomkit-cli` and `npm install nomkit-cli` bring it.",
                )
            }

        private fun understood(line: String?, name: String): JsonMap {
            if (line == null) throw IOException("its last words are above")
            val ready = (readJson(line) as? JsonValue.Object)?.fields.orEmpty()
            if (listOf("url", "api_key", "token").any { ready[it] !is JsonValue.Text }) {
                throw IOException("`$name` is not the nomkit command")
            }
            return ready
        }
    }
}

internal fun config(message: String, cause: Throwable? = null): NomkitException =
    local("config", message).apply { initCause(cause) }

/** An error that no request caused, as the core makes them. */
internal fun local(code: String, message: String, details: JsonMap = emptyMap()): NomkitException =
    ErrorInfo(code, message, null, null, null, 0, 0.0, false, null, emptyList(), details).exception()
