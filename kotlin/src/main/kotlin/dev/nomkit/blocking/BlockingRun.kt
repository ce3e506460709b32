package dev.nomkit.blocking

import dev.nomkit.Agent
import dev.nomkit.AgentRun
import dev.nomkit.AgentStatus
import dev.nomkit.Artifact
import dev.nomkit.Image
import dev.nomkit.Message
import dev.nomkit.Progress
import dev.nomkit.RunResult
import java.time.Duration
import java.util.function.Consumer

/** [AgentRun], blocking: the handle on one turn of one agent. Its properties are what was last seen. */
class BlockingRun internal constructor(@get:JvmSynthetic internal val run: AgentRun) {
    /** The agent's id. */
    val agentId: String get() = run.agentId

    /** Which turn this is: 1 is the launch, each follow-up the next. */
    val turn: Int get() = run.turn

    /** The status as it was last seen; no request is made. */
    val status: AgentStatus get() = run.status

    /** The agent as it was last seen; no request is made. */
    val agent: Agent get() = run.agent

    /** This run as text, for [BlockingAgents.attach] in any language. It holds no secret. */
    val token: String get() = run.token

    /** Where people look at it. */
    val url: String get() = run.url

    /** Whether the answer to its request was lost, and this run was found by looking for it. */
    val isRecovered: Boolean get() = run.recovered

    /** [AgentRun.explain]: what happened to this run in this process, a line for each event. */
    fun explain(): String = run.explain()

    /** [AgentRun.refresh]: looks at the agent again. */
    fun refresh(): Agent = blocking { run.refresh() }

    /**
     * [AgentRun.wait]: waits until this turn is over. A wait that expires, or is interrupted, does not stop the agent.
     *
     * @param timeout 30 minutes by default; `ChronoUnit.FOREVER.getDuration()` is without end
     * @param onProgress is told each second, in the thread that waits
     */
    @JvmOverloads
    fun await(timeout: Duration? = null, onProgress: Consumer<Progress>? = null): RunResult =
        blocking { run.wait(timeout.kotlin(), onProgress.kotlin()) }

    /**
     * [AgentRun.updates]: the agent each time it changes, up to the end of this turn, read anew by each iterator. No
     * request is made but while the next one is waited for.
     */
    @JvmOverloads
    fun updates(timeout: Duration? = null): BlockingUpdates = BlockingUpdates(run.steps(timeout.kotlin()))

    /** [AgentRun.conversation]: the whole conversation, earlier turns included. */
    fun conversation(): List<Message> = blocking { run.conversation() }

    /** [AgentRun.artifact]: one of the agent's artifacts with its content, read again. */
    fun artifact(artifactId: String): Artifact = blocking { run.artifact(artifactId) }

    /** [AgentRun.followUp]: asks the agent again; this turn must be over. */
    @JvmOverloads
    fun followUp(prompt: String, images: List<Image> = emptyList(), timeout: Duration? = null): BlockingRun =
        BlockingRun(blocking { run.followUp(prompt, images, timeout.kotlin()) })

    /** [AgentRun.stop]: asks the agent to stop and, if asked to, waits until it has ended. */
    @JvmOverloads
    fun stop(wait: Boolean = false, timeout: Duration? = null): Agent = blocking { run.stop(wait, timeout.kotlin()) }

    override fun toString(): String = "Blocking$run"
}
