package dev.nomkit

import kotlinx.coroutines.future.await
import java.net.URI
import java.net.URLEncoder
import java.nio.file.Path
import java.time.Instant
import kotlin.time.Duration
import kotlin.time.DurationUnit

/**
 * The emulator: the platform on this machine, with no account, for tests on the JVM.
 *
 * It is the `nomkit` command, whose path `NOMKIT_CLI` gives; it listens on loopback only, and ends with this process.
 * What can be set is explained in `docs/emulator.md`.
 *
 * @property url where it listens
 * @property apiKey a key that may do everything; only this emulator knows it
 * @property token what the control routes want
 */
class Emulator private constructor(
    val url: String,
    val apiKey: String,
    val token: String,
    private val program: Program?,
) : AutoCloseable {
    private val control = Control(url, token)

    /**
     * A client of this emulator.
     *
     * @param apiKey another key than the one that may do everything
     * @param timeout how long one request may take
     * @param retries how many times a request is made again where that is safe
     * @param userAgent what to add to the `User-Agent` header
     */
    fun nomic(
        apiKey: String = this.apiKey,
        timeout: Duration? = null,
        retries: Int? = null,
        userAgent: String? = null,
    ): Nomic = Nomic(baseUrl = url, apiKey = apiKey, timeout = timeout, retries = retries, userAgent = userAgent)

    /**
     * Makes something go wrong: `fault("POST /agents", "status", "status" to 503)`. `docs/emulator.md` lists what can.
     *
     * @param operation method and path, such as `POST /agents`; `*` is any
     * @param fault its name, such as `lose_response`, `status` or `stall`
     * @param parameters the fault's own; spans of time are numbers of seconds
     * @param times how many requests it befalls: one, or as many as its script has values
     * @param skip how many requests pass before it
     * @return its id, for [faultReport]
     * @throws InvalidInputException there is no such fault, it cannot befall this operation, or a parameter is wrong
     */
    suspend fun fault(
        operation: String,
        fault: String,
        vararg parameters: Pair<String, Any?>,
        times: Int? = null,
        skip: Int = 0,
    ): String {
        val given = mapOf("operation" to operation, "fault" to fault, "skip" to skip) + parameters
        return control.send("POST", "faults", given + set("times" to times)).text("id")
    }

    /** How many requests met a fault, and how many felt it to its end; [id] is what [fault] gave. */
    suspend fun faultReport(id: String): FaultReport {
        val told = control.send("GET", "faults/${URLEncoder.encode(id, Charsets.UTF_8)}")
        return FaultReport(told.int("hits"), told.int("completed"), told)
    }

    /** Takes all waiting faults away, and what they left behind: keys that they revoked work again. */
    suspend fun clearFaults() {
        control.send("DELETE", "faults")
    }

    /** Words answers as the platform's documents show them, `plain`, or in every other way, `drifted`. */
    suspend fun persona(persona: String) {
        control.send("PUT", "persona", mapOf("persona" to persona))
    }

    /**
     * The emulator's time, put right before if one argument is given. It goes on by itself; turns, timestamps, the
     * `Date` header, limits of rate, lags and stalls follow it.
     *
     * @param now the time that it is
     * @param advance by how much it is moved on
     * @param offset how far it is ahead of this machine
     * @return what time it is there
     * @throws InvalidInputException more than one is given
     */
    suspend fun clock(now: Instant? = null, advance: Duration? = null, offset: Duration? = null): Instant {
        val change = set("now" to now?.toString(), "advance" to advance.seconds(), "offset" to offset.seconds())
        val told = if (change.isEmpty()) control.send("GET", "clock") else control.send("PUT", "clock", change)
        return Instant.parse(told.text("now"))
    }

    /** The limits of rate. */
    suspend fun rates(): RateLimits = RateLimits(control.send("GET", "rates"))

    /**
     * Changes the limits of rate as given; what was used of them is forgotten then.
     *
     * @param enabled whether it limits at all
     * @param standard reads and stops, a minute
     * @param write small changes, a minute
     * @param heavy uploads, launches and follow-ups, a minute
     * @param search searches of codes, a minute
     * @param burst how many may come at once; a whole minute's worth before it is first set
     */
    suspend fun rates(
        enabled: Boolean? = null,
        standard: Int? = null,
        write: Int? = null,
        heavy: Int? = null,
        search: Int? = null,
        burst: Int? = null,
    ): RateLimits {
        val tiers = set("standard" to standard, "write" to write, "heavy" to heavy, "search" to search)
        return RateLimits(control.send("PUT", "rates", tiers + set("enabled" to enabled, "burst" to burst)))
    }

    /** Refuses launches and follow-ups after so many more, because the user's money is spent; `null`: never. */
    suspend fun spend(launches: Int?) {
        control.send("PUT", "spend", mapOf("limit" to launches))
    }

    /** What it received, processed and answered. */
    suspend fun ledger(): Ledger =
        control.send("GET", "ledger").let { Ledger(it.objects("requests"), it.objects("agents"), it.objects("files")) }

    /** A new key; [scopes] are what it may do, such as `developer:files`. */
    suspend fun key(vararg scopes: String): String =
        control.send("POST", "keys", mapOf("scopes" to scopes.asList())).text("api_key")

    /**
     * Adds a workflow to the samples that ship.
     *
     * @param description what it does: its agents list what is to be done if this speaks of a list; otherwise they
     *   summarise
     * @param requestedFiles its slots; without, it takes a prompt
     * @param projectId the project that it belongs to
     * @return its id
     */
    suspend fun workflow(
        name: String,
        description: String? = null,
        requestedFiles: List<RequestedFile> = emptyList(),
        projectId: String? = null,
    ): String {
        val slots = requestedFiles.map {
            val switches = mapOf("optional" to it.optional, "multiple" to it.multiple)
            switches + set("name" to it.name, "description" to it.description)
        }
        val given = mapOf("name" to name, "requestedFiles" to slots)
        val more = set("description" to description, "projectId" to projectId)
        return control.send("POST", "workflows", given + more).text("id")
    }

    /** Sets how long agents wait, run, and take to stop; it holds for turns that begin from now on. */
    suspend fun timing(waiting: Duration? = null, running: Duration? = null, stopping: Duration? = null) {
        control.send("PUT", "timing", times(waiting, running, stopping))
    }

    /** Forgets agents, files, faults and the ledger; puts clock, limits and persona back. Keys and timing stay. */
    suspend fun reset() {
        control.send("POST", "reset", emptyMap<String, Any>())
    }

    /** Ends it, and returns when it has ended. An emulator that was connected to goes on. */
    suspend fun stop() {
        program?.end()?.await()
    }

    /** Lets it end, and does not wait for that. An emulator that was connected to goes on. */
    override fun close() {
        program?.end()
    }

    /** Where it is, without its key and token. */
    override fun toString(): String = "Emulator($url)"

    companion object {
        /**
         * Starts one.
         *
         * @param data a folder to keep its state in; without it everything is forgotten
         * @param waiting how long an agent waits before it runs
         * @param running how long it runs
         * @param stopping how long it takes to stop
         * @param persona `plain`, or `drifted` for answers worded in every other way that the documents allow
         * @param rates whether it refuses requests that come faster than the platform's limits allow
         * @throws ConfigException the command is not there, or does not start
         */
        suspend fun start(
            data: Path? = null,
            waiting: Duration? = null,
            running: Duration? = null,
            stopping: Duration? = null,
            persona: String? = null,
            rates: Boolean = true,
        ): Emulator = start(data, times(waiting, running, stopping), persona, rates, System.getenv())

        internal suspend fun start(
            data: Path? = null,
            times: Map<String, Double> = emptyMap(),
            persona: String? = null,
            rates: Boolean = true,
            environment: Map<String, String>,
        ): Emulator {
            val options = (set("data" to data, "persona" to persona) + times).flatMap { (name, value) ->
                listOf("--$name", value.toString())
            }
            val switches = listOfNotNull("emulator", "--until-stdin-closes", "--no-rates".takeUnless { rates })
            val (program, ready) = Program.start(switches + options, environment)
            return Emulator(ready.text("url"), ready.text("api_key"), ready.text("token"), program)
        }

        /**
         * An emulator that runs already; `nomkit emulator` prints where, and its key and token.
         *
         * @param apiKey a key of it; the environment's `NOMIC_API_KEY` otherwise
         * @param token its control token; the environment's `NOMKIT_EMULATOR_TOKEN` otherwise
         * @throws ConfigException the key or the token is neither given nor in the environment
         * @throws InvalidInputException the URL is none
         */
        @JvmStatic
        @JvmOverloads
        fun connect(url: String, apiKey: String? = null, token: String? = null): Emulator =
            connect(url, apiKey, token, System.getenv())

        internal fun connect(
            url: String,
            apiKey: String?,
            token: String?,
            environment: Map<String, String>,
        ): Emulator {
            if (runCatching { URI(url) }.getOrNull()?.run { scheme == "http" && host != null } != true) {
                throw invalid("url", "`url` should be that of an emulator, such as `http://127.0.0.1:8080`.")
            }

            fun ambient(variable: String, value: String?) =
                (value ?: environment[variable]).orEmpty().ifEmpty {
                    val known = "An emulator that runs already is reached with its key and its token"
                    throw config("$known; $variable is not set.")
                }
            val key = ambient("NOMIC_API_KEY", apiKey)
            return Emulator(url.trimEnd('/'), key, ambient("NOMKIT_EMULATOR_TOKEN", token), null)
        }

        private fun times(waiting: Duration?, running: Duration?, stopping: Duration?) =
            set("waiting" to waiting.seconds(), "running" to running.seconds(), "stopping" to stopping.seconds())

        private fun Duration?.seconds() = this?.toDouble(DurationUnit.SECONDS)

        /** Those that are given. */
        private fun <T : Any> set(vararg members: Pair<String, T?>): Map<String, T> =
            buildMap { for ((name, value) in members) if (value != null) put(name, value) }
    }
}
