package dev.nomkit

import dev.nomkit.bridge.Ended
import dev.nomkit.bridge.NomicBridge
import kotlinx.coroutines.flow.Flow
import java.nio.file.Path
import kotlin.time.Duration

/**
 * The client of one instance and one key. It makes no request until its first call.
 *
 * What is left out comes from the environment: `NOMIC_API_KEY`, and `NOMIC_BASE_URL` or `NOMIC_DOMAIN`. A key that the
 * environment binds to one host is never sent to another.
 *
 * @param domain the instance's name: `acme` means `https://acme.nomic.ai`
 * @param apiKey a key of the Developer Console, `npk_…`
 * @param baseUrl the instance's URL, instead of [domain]; `http` only on loopback
 * @param timeout how long one request may take, 60 seconds by default; uploads have their own limits
 * @param retries how many times a request is made again where that is safe, 3 by default
 * @param proxy a proxy's URL; `HTTPS_PROXY` and `NO_PROXY` otherwise. Never used for loopback
 * @param caCerts a PEM file of certificates to trust besides the system's
 * @param userAgent what to add to the `User-Agent` header
 * @param pace whether requests wait for the platform's limits here rather than be refused there; true by default. All
 *   clients of a process with the same key share the limits
 * @param onEvent is told what the client does, one event after another, on a thread of nomkit's, until the client is closed.
 *   No call waits for it: of more than a thousand events that wait for it the oldest are dropped. What it throws is printed
 * @throws ConfigException the key or the instance is missing or cannot be right
 * @throws InvalidInputException an argument is wrong
 */
class Nomic(
    domain: String? = null,
    apiKey: String? = null,
    baseUrl: String? = null,
    timeout: Duration? = null,
    retries: Int? = null,
    proxy: String? = null,
    caCerts: Path? = null,
    userAgent: String? = null,
    pace: Boolean? = null,
    onEvent: ((Event) -> Unit)? = null,
) : AutoCloseable {
    private val bridge =
        now {
            NomicBridge(
                ClientOptions(
                    domain,
                    baseUrl,
                    apiKey,
                    timeout.orNull(),
                    retries,
                    proxy,
                    caCerts?.local("caCerts"),
                    userAgent,
                    pace,
                ),
            )
        }

    init {
        onEvent?.let { listen(bridge.listen(), it) }
    }

    /** Files: upload and search. */
    val files: Files = Files(bridge.files())

    /** Agents: launch, look, stop, delete, attach. */
    val agents: Agents = Agents(bridge.agents())

    /** Workflows: which there are. */
    val workflows: Workflows = Workflows(bridge.workflows())

    /**
     * Uploads the files, launches an agent on them and waits for its answer.
     *
     * @param prompt what the agent shall do; `null` for a workflow that requests files, which takes [inputs]
     * @param timeout how long to wait for the answer, 30 minutes by default; [Duration.INFINITE] without end
     * @return what the agent said and made
     * @throws Exception what a source or [onProgress] throws by itself, as it is: an `IOException` of a stream, say;
     *   it no longer counts when the result is there already
     * @throws NomkitException those of [Agents.launch] and [AgentRun.wait]
     */
    suspend fun ask(
        prompt: String?,
        files: List<Source> = emptyList(),
        fileIds: List<String> = emptyList(),
        workflowId: String? = null,
        inputs: Map<String, List<Source>> = emptyMap(),
        images: List<Image> = emptyList(),
        projectId: String? = null,
        timeout: Duration? = null,
        onProgress: ((Progress) -> Unit)? = null,
    ): RunResult {
        val attached = Attached(files, inputs, images)
        val launch = LaunchOptions(prompt, workflowId, fileIds, projectId, null)
        return call(onProgress, attached.readings) { cancel, told ->
            bridge.ask(launch, attached.given, waiting(timeout), told, cancel)
        }
    }

    /**
     * Waits for all of these runs at once, by few requests. A run that fails is an outcome, never an error of the whole.
     * A wait that is cancelled stops no agent.
     *
     * @param runs runs of this client
     * @param timeout for all of them together, 30 minutes by default; [Duration.INFINITE] without end. What is not over
     *   by then has a [WaitTimeoutException]
     * @param onProgress is told how many are over, in the caller's context
     * @return what became of each, in their order
     * @throws InvalidInputException an argument is wrong, or a run belongs to another client; nothing was sent
     */
    suspend fun waitAll(
        runs: Collection<AgentRun>,
        timeout: Duration? = null,
        onProgress: ((Progress) -> Unit)? = null,
    ): List<RunOutcome> {
        val given = runs.map { it.bridge }
        return call(onProgress, emptyList()) { cancel, told -> bridge.waitAll(given, waiting(timeout), told, cancel) }
            .map(Ended::outcome)
    }

    /**
     * The same, one after another as they end. Leaving the flow aborts requests that are in flight; the agents run on.
     *
     * @param runs runs of this client
     * @param timeout for all of them together, from when the flow is collected
     * @throws InvalidInputException an argument is wrong, or a run belongs to another client; nothing was sent
     */
    fun asCompleted(runs: Collection<AgentRun>, timeout: Duration? = null): Flow<RunOutcome> =
        completed(runs, timeout).flow()

    internal fun completed(runs: Collection<AgentRun>, timeout: Duration?): Steps<RunOutcome> {
        val given = runs.map { it.bridge }
        return steps({ bridge.asCompleted(given, waiting(timeout)) }) { ended, cancel -> ended.next(cancel)?.outcome() }
    }

    /**
     * Closes the client: calls made from now on fail with [ClosedException], idle connections are dropped, and `onEvent`
     * hears of what happened before, and no more.
     */
    override fun close() {
        bridge.shut()
    }

    override fun toString(): String = bridge.describe()
}
