package dev.nomkit

import dev.nomkit.bridge.RunBridge
import kotlinx.coroutines.flow.Flow
import kotlin.time.Duration

/** The handle on one turn of one agent. Its properties are what was last seen; [refresh] looks again. */
class AgentRun internal constructor(internal val bridge: RunBridge) {
    /** The agent's id. */
    val agentId: String get() = bridge.id()

    /** Which turn this is: 1 is the launch, each follow-up the next. */
    val turn: Int get() = bridge.turn()

    /** The status as it was last seen; no request is made. */
    val status: AgentStatus get() = bridge.status()

    /** The agent as it was last seen; no request is made. */
    val agent: Agent get() = bridge.agent()

    /** This run as text, for [Agents.attach] in any language. It holds no secret. */
    val token: String get() = bridge.token()

    /** Where people look at it. */
    val url: String get() = bridge.url()

    /** Whether the answer to its request was lost, and this run was found by looking for it. */
    val recovered: Boolean get() = bridge.recovered()

    /**
     * What happened to this run in this process, a line for each event: requests, pauses, looks, and what they showed. It
     * holds no key and nothing of what was asked or answered. No request is made.
     */
    fun explain(): String = bridge.explain()

    /**
     * Looks at the agent again. `GET /agents/{id}` of the Agents page, tier Standard.
     *
     * @throws NotFoundException it was deleted
     */
    suspend fun refresh(): Agent = call { bridge.refresh(it) }

    /**
     * Waits until this turn is over. A wait that expires, or is cancelled, does not stop the agent.
     *
     * @param timeout 30 minutes by default; [Duration.INFINITE] without end
     * @param onProgress is told each second, in the caller's context
     * @return what this turn said and made
     * @throws RunFailedException the agent failed; `reason` and `messages` say why
     * @throws RunStoppedException it was stopped
     * @throws WaitTimeoutException the time is over; `token` re-attaches
     * @throws StaleTurnException this turn's own answer did not appear; an earlier one is never given instead
     */
    suspend fun wait(timeout: Duration? = null, onProgress: ((Progress) -> Unit)? = null): RunResult =
        call(onProgress, emptyList()) { cancel, told -> bridge.waitFor(waiting(timeout), told, cancel) }

    /**
     * The agent each time it changes, up to the end of this turn; failed and stopped turns end it too. Leaving the flow
     * aborts a request that is in flight; the agent runs on.
     *
     * @param timeout 30 minutes by default; [Duration.INFINITE] without end
     * @throws WaitTimeoutException from the flow: the time is over; `token` re-attaches
     */
    fun updates(timeout: Duration? = null): Flow<Agent> = steps(timeout).flow()

    internal fun steps(timeout: Duration?): Steps<Agent> =
        steps({ bridge.updates(waiting(timeout)) }) { updates, cancel -> updates.next(cancel) }

    /**
     * The whole conversation, earlier turns included. `GET /agents/{id}/conversation` of the Agents page; the shape of
     * its body is an assumption.
     */
    suspend fun conversation(): List<Message> = call { bridge.conversation(it) }

    /**
     * One of the agent's artifacts with its content, of whichever turn; it is read again. `GET
     * /agents/{id}/artifacts/{artifactId}` of the Agents page, tier Standard; the shape of its body is an assumption.
     *
     * @param artifactId its id, of `run.agent.artifacts` or of a result's artifact that has an `error`
     * @throws NotFoundException there is none, or the agent was deleted
     */
    suspend fun artifact(artifactId: String): Artifact = call { bridge.artifact(artifactId, it) }

    /**
     * Asks the agent again; this turn must be over. `POST /agents/{id}/followup` of the Agents page, tier Heavy.
     *
     * @param prompt what the agent shall do next
     * @param images at most 4 pictures that go with the prompt
     * @param timeout for the follow-up itself, 2 minutes by default and more for images
     * @return the next turn
     * @throws InvalidInputException an argument is wrong; nothing was sent
     * @throws ConflictException the agent is still at work
     * @throws OutcomeUnknownException the answer was lost, and the question did not appear in the conversation within 30
     *   seconds of [timeout]; it is never sent a second time
     * @throws StaleTurnException the answer was lost, and somebody else's question stands in its place
     */
    suspend fun followUp(prompt: String, images: List<Image> = emptyList(), timeout: Duration? = null): AgentRun {
        val options = FollowUpOptions(prompt, timeout.orNull())
        return AgentRun(call { bridge.followUp(options, images.map(Image::given), it) })
    }

    /**
     * Asks the agent to stop; it may still finish first. `POST /agents/{id}/stop` of the Agents page, tier Standard.
     *
     * @param wait whether to wait until it has stopped, or has ended otherwise
     * @param timeout how long to wait, 30 minutes by default
     * @return the agent as it then stood; its status tells how it ended
     * @throws WaitTimeoutException with [wait]: it had not ended by then
     */
    suspend fun stop(wait: Boolean = false, timeout: Duration? = null): Agent =
        call { bridge.stop(StopOptions(wait, timeout.orNull()), it) }

    override fun toString(): String = "AgentRun(agentId=$agentId, turn=$turn, status=$status)"
}
