package dev.nomkit.blocking

import dev.nomkit.Event
import dev.nomkit.Nomic
import dev.nomkit.RunResult
import dev.nomkit.Source
import java.nio.file.Path
import java.time.Duration
import java.util.function.Consumer

/**
 * [Nomic] for Java, and for whoever has no coroutines: each call blocks its thread until it ends.
 *
 * Errors are the same, and unchecked. Interrupting a thread gives its call up, with the request that is in flight: the
 * call throws a `java.util.concurrent.CancellationException`, and the thread stays interrupted. Clients can be used
 * from any number of threads.
 */
class BlockingNomic(private val nomic: Nomic) : AutoCloseable {
    /** Files: upload and search. */
    val files: BlockingFiles
        @JvmName("files")
        get() = BlockingFiles(nomic.files)

    /** Agents: launch, look, stop, delete, attach. */
    val agents: BlockingAgents
        @JvmName("agents")
        get() = BlockingAgents(nomic.agents)

    /** Workflows: which there are. */
    val workflows: BlockingWorkflows
        @JvmName("workflows")
        get() = BlockingWorkflows(nomic.workflows)

    /** [Nomic.ask]: uploads the files, launches an agent on them and waits for its answer, at most 30 minutes. */
    fun ask(prompt: String, vararg files: Source): RunResult = blocking { nomic.ask(prompt, files.asList()) }

    /** The same, waiting for at most [timeout]; `ChronoUnit.FOREVER.getDuration()` is without end. */
    fun ask(prompt: String, files: List<Source>, timeout: Duration): RunResult =
        blocking { nomic.ask(prompt, files, timeout = timeout.kotlin()) }

    /** [Nomic.waitAll]: waits for all of these runs at once, at most 30 minutes, and gives what became of each. */
    fun waitAll(runs: Collection<BlockingRun>): List<BlockingOutcome> = waitAll(runs, null)

    /** The same, waiting for at most [timeout]; `ChronoUnit.FOREVER.getDuration()` is without end. */
    fun waitAll(runs: Collection<BlockingRun>, timeout: Duration?): List<BlockingOutcome> =
        blocking { nomic.waitAll(runs.map { it.run }, timeout.kotlin()) }.map(::BlockingOutcome)

    /** [Nomic.asCompleted]: the same, one after another as they end. */
    fun asCompleted(runs: Collection<BlockingRun>): BlockingCompleted = asCompleted(runs, null)

    /** The same, for at most [timeout] from when it is read. */
    fun asCompleted(runs: Collection<BlockingRun>, timeout: Duration?): BlockingCompleted =
        BlockingCompleted(nomic.completed(runs.map { it.run }, timeout.kotlin()))

    /** Closes the client: calls made from now on fail, and idle connections are dropped. */
    override fun close(): Unit = nomic.close()

    override fun toString(): String = "Blocking$nomic"

    /** What [Nomic] is made with. What is left out comes from the environment. */
    class Builder internal constructor() {
        private var domain: String? = null
        private var apiKey: String? = null
        private var baseUrl: String? = null
        private var timeout: Duration? = null
        private var retries: Int? = null
        private var proxy: String? = null
        private var caCerts: Path? = null
        private var userAgent: String? = null
        private var pace: Boolean? = null
        private var onEvent: Consumer<Event>? = null

        /** The instance's name: `acme` means `https://acme.nomic.ai`. */
        fun domain(domain: String): Builder = apply { this.domain = domain }

        /** A key of the Developer Console, `npk_…`. */
        fun apiKey(apiKey: String): Builder = apply { this.apiKey = apiKey }

        /** The instance's URL, instead of the domain; `http` only on loopback. */
        fun baseUrl(baseUrl: String): Builder = apply { this.baseUrl = baseUrl }

        /** How long one request may take, 60 seconds by default; uploads have their own limits. */
        fun timeout(timeout: Duration): Builder = apply { this.timeout = timeout }

        /** How many times a request is made again where that is safe, 3 by default. */
        fun retries(retries: Int): Builder = apply { this.retries = retries }

        /** A proxy's URL; `HTTPS_PROXY` and `NO_PROXY` otherwise. Never used for loopback. */
        fun proxy(proxy: String): Builder = apply { this.proxy = proxy }

        /** A PEM file of certificates to trust besides the system's. */
        fun caCerts(caCerts: Path): Builder = apply { this.caCerts = caCerts }

        /** What to add to the `User-Agent` header. */
        fun userAgent(userAgent: String): Builder = apply { this.userAgent = userAgent }

        /**
         * Whether requests wait for the platform's limits here rather than be refused there; true by default. All clients
         * of a process with the same key share the limits.
         */
        fun pace(pace: Boolean): Builder = apply { this.pace = pace }

        /**
         * Is told what the client does, one event after another, on a thread of nomkit's, until the client is closed. No
         * call waits for it. What it throws is printed.
         */
        fun onEvent(listener: Consumer<Event>): Builder = apply { onEvent = listener }

        /**
         * The client. It makes no request until its first call.
         *
         * @throws dev.nomkit.ConfigException the key or the instance is missing or cannot be right
         * @throws dev.nomkit.InvalidInputException an argument is wrong
         */
        fun build(): BlockingNomic =
            BlockingNomic(
                Nomic(
                    domain,
                    apiKey,
                    baseUrl,
                    timeout.kotlin(),
                    retries,
                    proxy,
                    caCerts,
                    userAgent,
                    pace,
                    onEvent.kotlin(),
                ),
            )
    }

    companion object {
        /** A client with what is set on the builder, and the environment's key and instance otherwise. */
        @JvmStatic
        fun builder(): Builder = Builder()
    }
}
