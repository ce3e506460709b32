package dev.nomkit.blocking

import dev.nomkit.Agent
import dev.nomkit.Agents
import dev.nomkit.Artifact
import dev.nomkit.Message
import dev.nomkit.Source

/** [Agents], blocking. */
class BlockingAgents internal constructor(private val agents: Agents) {
    /** [Agents.launch] with a prompt and files. */
    fun launch(prompt: String, vararg files: Source): BlockingRun = launch(Launch(prompt).files(*files))

    /** [Agents.launch]: launches one agent; it does not wait for the agent. */
    fun launch(options: Launch): BlockingRun = BlockingRun(blocking { options.launch(agents) })

    /** [Agents.get]: reads one agent. */
    fun get(id: String): Agent = blocking { agents.get(id) }

    /** [Agents.list] of all agents, newest first. */
    fun list(): BlockingPages<Agent> = list(AgentList())

    /** [Agents.list]: lists the user's own agents, newest first. */
    fun list(options: AgentList): BlockingPages<Agent> = BlockingPages(options.list(agents))

    /** [Agents.conversation]: the whole conversation of an agent, in order. */
    fun conversation(id: String): List<Message> = blocking { agents.conversation(id) }

    /** [Agents.artifact]: one artifact with its content. */
    fun artifact(agentId: String, artifactId: String): Artifact = blocking { agents.artifact(agentId, artifactId) }

    /** [Agents.stop]: asks an agent to stop; it may still finish first. */
    fun stop(id: String): Agent = blocking { agents.stop(id) }

    /** [Agents.delete]: deletes an agent, with its conversation and artifacts. */
    fun delete(id: String): Unit = blocking { agents.delete(id) }

    /** [Agents.attach]: picks a run up again, by its token or by an agent's id. */
    fun attach(target: String): BlockingRun = BlockingRun(blocking { agents.attach(target) })

    /** [Agents.resume] with a prompt. */
    fun resume(target: String, prompt: String): BlockingRun = resume(target, Resume(prompt))

    /** [Agents.resume]: asks an agent again, by its id or by a run's token, whatever became of it meanwhile. */
    fun resume(target: String, options: Resume): BlockingRun = BlockingRun(blocking { options.resume(agents, target) })
}
