package dev.nomkit

import dev.nomkit.bridge.AgentsBridge
import kotlin.time.Duration

/** `nomic.agents`. */
class Agents internal constructor(private val bridge: AgentsBridge) {
    /**
     * Launches one agent; it does not wait for the agent. `POST /agents` of the Agents page; scope `developer:agent`,
     * tier Heavy.
     *
     * @param prompt what the agent shall do; a workflow that requests files takes [inputs] instead
     * @param files what it may read: local files, which are uploaded first, and files on the platform
     * @param fileIds ids of files and folders on the platform that it may read
     * @param workflowId the workflow to launch, of [Workflows.list]; it takes a prompt, or [inputs] where it requests
     *   files; never [files] and [fileIds]
     * @param inputs the files of each of a workflow's slots
     * @param images at most 4 pictures that go with the prompt
     * @param projectId the project to launch it in
     * @param timeout for the launch itself, 2 minutes by default and more for images; uploads are not counted
     * @param onProgress is told how far the uploads are, in the caller's context
     * @return the run, turn 1
     * @throws InvalidInputException an argument is wrong; nothing was sent
     * @throws SpendLimitException the user's spend limit is reached
     * @throws OutcomeUnknownException the answer was lost, and the agent was not found within 30 seconds of [timeout], or
     *   cannot be told from others (`candidates`); a launch is never sent a second time
     * @throws Exception what a source or [onProgress] throws by itself, as it is: an `IOException` of a stream, say;
     *   it no longer counts when the result is there already
     * @throws NomkitException whatever fails, its `uploaded` lists the files that are on the platform by then
     */
    suspend fun launch(
        prompt: String? = null,
        files: List<Source> = emptyList(),
        fileIds: List<String> = emptyList(),
        workflowId: String? = null,
        inputs: Map<String, List<Source>> = emptyMap(),
        images: List<Image> = emptyList(),
        projectId: String? = null,
        timeout: Duration? = null,
        onProgress: ((Progress) -> Unit)? = null,
    ): AgentRun {
        val attached = Attached(files, inputs, images)
        val options = LaunchOptions(prompt, workflowId, fileIds, projectId, timeout.orNull())
        return AgentRun(
            call(onProgress, attached.readings) { cancel, told ->
                bridge.launch(options, attached.given, told, cancel)
            },
        )
    }

    /**
     * Reads one agent. `GET /agents/{id}` of the Agents page, tier Standard.
     *
     * @throws InvalidInputException [id] is no id; nothing was sent
     * @throws NotFoundException there is none, or it is not yours
     */
    suspend fun get(id: String): Agent = call { bridge.get(id, it) }

    /**
     * Lists the user's own agents, newest first (the order is an assumption). `GET /agents` of the Agents page, tier
     * Standard.
     *
     * @param status only those with this status
     * @param workflowId only those of this workflow
     * @param withoutWorkflow only those of no workflow
     * @param pageSize how many one request brings, 1 to 100
     * @return the agents, lazy over all pages
     * @throws InvalidInputException an argument is wrong, or two exclude each other; nothing was sent
     */
    fun list(
        status: AgentStatus? = null,
        workflowId: String? = null,
        withoutWorkflow: Boolean = false,
        pageSize: Int? = null,
    ): Pages<Agent> {
        val options = ListOptions(status?.toString(), workflowId, withoutWorkflow, pageSize)
        return Pages(
            steps({ bridge.list(options) }) { pages, cancel ->
                pages.nextPage(cancel)?.let { Page(it.items, it.totalCount) }
            },
        )
    }

    /**
     * The whole conversation of an agent, in order. `GET /agents/{id}/conversation` of the Agents page, tier Standard;
     * the shape of its body is an assumption.
     *
     * @throws NotFoundException there is no such agent, or it is not yours
     */
    suspend fun conversation(id: String): List<Message> = call { bridge.conversation(id, it) }

    /**
     * One artifact with its content. `GET /agents/{id}/artifacts/{artifactId}` of the Agents page, tier Standard; the
     * shape of its body is an assumption.
     *
     * @throws NotFoundException there is none, or it is not yours
     */
    suspend fun artifact(agentId: String, artifactId: String): Artifact =
        call { bridge.artifact(agentId, artifactId, it) }

    /**
     * Asks an agent to stop; it may still finish first. `POST /agents/{id}/stop` of the Agents page, tier Standard; what
     * it answers is an assumption.
     *
     * @return the agent as it then stood
     * @throws NotFoundException there is none, or it is not yours
     */
    suspend fun stop(id: String): Agent = call { bridge.stop(id, it) }

    /**
     * Deletes an agent, with its conversation and artifacts. `DELETE /agents/{id}`, tier Standard: an assumption.
     *
     * @throws NotFoundException there is none, or it is not yours
     * @throws ConflictException it is at work; stop it first
     */
    suspend fun delete(id: String) {
        call { bridge.delete(id, it) }
    }

    /**
     * Picks a run up again.
     *
     * @param target a run's token, for the very turn that it names, or an agent's id, for its latest turn
     * @throws InvalidInputException it is neither; nothing was sent
     * @throws ConfigException the token belongs to another instance
     * @throws NotFoundException the agent is gone
     */
    suspend fun attach(target: String): AgentRun = AgentRun(call { bridge.attach(target, it) })

    /**
     * Asks an agent again, whatever became of it meanwhile: one ticket, one agent. A turn that is over is followed up; an
     * agent that is at work is a [ConflictException], or stopped first; one that is gone is a [NotFoundException], or
     * launched afresh.
     *
     * @param target a run's token, or an agent's id
     * @param prompt what the agent shall do
     * @param images at most 4 pictures that go with the prompt
     * @param interrupt whether to stop a turn that is still at work
     * @param ifMissing what to do if there is no such agent; a new one gets the same prompt
     * @param timeout for the stop, the follow-up or the launch together, 2 minutes by default and more for images
     * @return the next turn, or the first of a new agent
     * @throws InvalidInputException an argument is wrong; nothing was sent
     * @throws ConfigException the token belongs to another instance
     * @throws ConflictException the agent is at work, and [interrupt] is not set
     * @throws NotFoundException the agent is gone, and [ifMissing] is [IfMissing.Raise]
     * @throws WaitTimeoutException the turn that was to be stopped had not ended by then
     * @throws OutcomeUnknownException the answer was lost, and what became of it could not be found; nothing is sent a
     *   second time
     */
    suspend fun resume(
        target: String,
        prompt: String,
        images: List<Image> = emptyList(),
        interrupt: Boolean = false,
        ifMissing: IfMissing = IfMissing.Raise,
        timeout: Duration? = null,
    ): AgentRun {
        val options = ResumeOptions(prompt, interrupt, ifMissing.name.lowercase(), timeout.orNull())
        return AgentRun(call { bridge.resume(target, options, images.map(Image::given), it) })
    }
}

/** What [Agents.resume] does if there is no such agent. */
enum class IfMissing {
    /** It throws a [NotFoundException]. */
    Raise,

    /** It launches a new one. */
    Launch,
}
