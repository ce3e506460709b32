import { AgentRun } from './agent_run'
import { named, only, seconds, text, wire } from './arguments'
import { attached, Beside, pictures, type Image, type LaunchFile, type LaunchInputs } from './attached'
import { call, now, type CallOptions, type MovingOptions } from './call'
import type { NativeAgentRun, NativeAgents } from './native'
import { Pages } from './pages'
import { revive, type Agent, type AgentStatus, type Artifact, type Message } from './records'

/** How an agent is launched. */
export interface LaunchOptions extends MovingOptions {
  /** What the agent shall do. A workflow that requests files takes `inputs` instead. */
  readonly prompt?: string | undefined
  /** What it may read: local files, which are uploaded first, and files on the platform. */
  readonly files?: readonly LaunchFile[] | undefined
  /** Ids of files and folders on the platform that it may read. */
  readonly fileIds?: readonly string[] | undefined
  /**
   * The workflow to launch, of {@link Workflows.list}. It takes a prompt, or `inputs` where it requests files; never
   * `files` and `fileIds`.
   */
  readonly workflowId?: string | undefined
  /** The files of each of a workflow's slots. */
  readonly inputs?: LaunchInputs | undefined
  /** At most 4 pictures that go with the prompt. */
  readonly images?: readonly Image[] | undefined
  /** The project to launch it in. */
  readonly projectId?: string | undefined
  /** Milliseconds for the launch itself, 120,000 by default and more for images; uploads are not counted. */
  readonly timeout?: number | undefined
}

/** How an agent is asked again, whatever became of it meanwhile. */
export interface ResumeOptions extends CallOptions {
  /** What the agent shall do next. */
  readonly prompt: string
  /** At most 4 pictures that go with the prompt. */
  readonly images?: readonly Image[] | undefined
  /** Whether to stop a turn that is still at work; otherwise such an agent is a conflict. */
  readonly interrupt?: boolean | undefined
  /** What to do if there is no such agent: `raise` (the default), or `launch` a new one with this prompt. */
  readonly ifMissing?: 'raise' | 'launch' | undefined
  /** Milliseconds for all of it together, 120,000 by default and more for images. */
  readonly timeout?: number | undefined
}

/** Which agents to list. */
export interface AgentListOptions extends CallOptions {
  /** Only those with this status. */
  readonly status?: AgentStatus | undefined
  /** Only those of this workflow. */
  readonly workflowId?: string | undefined
  /** Only those of no workflow. */
  readonly withoutWorkflow?: boolean | undefined
  /** How many one request brings, 1 to 100. */
  readonly pageSize?: number | undefined
}

/** `nomic.agents`. */
export class Agents {
  readonly #native: NativeAgents

  private constructor(native: NativeAgents) {
    this.#native = native
  }

  /** @internal */
  static of(native: NativeAgents): Agents {
    return new Agents(native)
  }

  /**
   * Launches one agent; it does not wait for the agent. `POST /agents` of the Agents page; scope `developer:agent`, tier
   * Heavy.
   *
   * @param options - What the agent shall do, and with what: `prompt`, `workflowId` or both are needed.
   * @returns The run, turn 1.
   * @throws {@link InvalidInputError} An argument is wrong; nothing was sent.
   * @throws {@link SpendLimitError} The user's spend limit is reached.
   * @throws {@link OutcomeUnknownError} The answer was lost, and the agent could not be found within 30 s, or not be
   *   told from the `candidates`. It is never sent a second time. What is found is given, with `recovered`.
   * @throws {@link NomkitError} Whatever fails, `uploaded` of the error lists the files that are on the platform by then.
   */
  async launch(options: LaunchOptions): Promise<AgentRun> {
    const { signal, onProgress, files, inputs, images, timeout, ...given } = named<LaunchOptions>(options)
    const beside = new Beside()
    const attachments = attached(files, inputs, images, beside)
    const chosen = wire({ ...given, timeout: seconds('timeout', timeout) })
    const run = await call<NativeAgentRun>(
      (queue, number) =>
        this.#native.launch(chosen, JSON.stringify(attachments), beside.buffers, !!onProgress, queue, number),
      { signal, onProgress, readers: beside.readers },
    )
    return AgentRun.of(run)
  }

  /**
   * Reads one agent. `GET /agents/{id}` of the Agents page, tier Standard.
   *
   * @param id - The agent's id.
   * @throws {@link InvalidInputError} It is no id; nothing was sent.
   * @throws {@link NotFoundError} There is none, or it is not yours.
   */
  async get(id: string, options: CallOptions = {}): Promise<Agent> {
    const [agent, given] = [text('id', id), only(options, 'signal')]
    return revive.Agent(await call((queue, number) => this.#native.get(agent, queue, number), given))
  }

  /**
   * Lists the user's own agents, newest first (the order is an assumption). `GET /agents` of the Agents page, tier
   * Standard.
   *
   * @returns The agents, lazy over all pages: `for await`, `.first(n)`, or `.pages()`.
   * @throws {@link InvalidInputError} An argument is wrong, or two exclude each other; nothing was sent.
   */
  list(options: AgentListOptions = {}): Pages<Agent> {
    const { signal, ...given } = named(options)
    return Pages.of(now(this.#native.list(wire(given))), revive.Agent, { signal })
  }

  /**
   * The whole conversation of an agent. `GET /agents/{id}/conversation` of the Agents page, tier Standard; the shape of
   * its body is an assumption.
   *
   * @param id - The agent's id.
   * @returns All rows, in order.
   * @throws {@link NotFoundError} There is no such agent, or it is not yours.
   */
  async conversation(id: string, options: CallOptions = {}): Promise<readonly Message[]> {
    const [agent, given] = [text('id', id), only(options, 'signal')]
    const rows = await call<unknown[]>((queue, number) => this.#native.conversation(agent, queue, number), given)
    return rows.map(revive.Message)
  }

  /**
   * One artifact with its content. `GET /agents/{id}/artifacts/{artifactId}` of the Agents page, tier Standard; the shape
   * of its body is an assumption.
   *
   * @param agentId - The agent's id.
   * @param artifactId - The artifact's id, of `agent.artifacts`.
   * @throws {@link NotFoundError} There is none, or it is not yours.
   */
  async artifact(agentId: string, artifactId: string, options: CallOptions = {}): Promise<Artifact> {
    const [agent, artifact, given] = [text('agentId', agentId), text('artifactId', artifactId), only(options, 'signal')]
    return revive.Artifact(await call((queue, number) => this.#native.artifact(agent, artifact, queue, number), given))
  }

  /**
   * Asks an agent to stop; it may still finish first. `POST /agents/{id}/stop` of the Agents page, tier Standard; what it
   * answers is an assumption.
   *
   * @param id - The agent's id.
   * @returns The agent as it then stood.
   * @throws {@link NotFoundError} There is none, or it is not yours.
   */
  async stop(id: string, options: CallOptions = {}): Promise<Agent> {
    const [agent, given] = [text('id', id), only(options, 'signal')]
    return revive.Agent(await call((queue, number) => this.#native.stop(agent, queue, number), given))
  }

  /**
   * Deletes an agent, with its conversation and artifacts. `DELETE /agents/{id}`, tier Standard: an assumption.
   *
   * @param id - The agent's id.
   * @throws {@link NotFoundError} There is none, or it is not yours.
   * @throws {@link ConflictError} It is at work; stop it first.
   */
  async delete(id: string, options: CallOptions = {}): Promise<void> {
    const [agent, given] = [text('id', id), only(options, 'signal')]
    await call((queue, number) => this.#native.delete(agent, queue, number), given)
  }

  /**
   * Picks a run up again.
   *
   * @param target - A run's token, for the very turn that it names, or an agent's id, for its latest turn.
   * @throws {@link InvalidInputError} It is neither; nothing was sent.
   * @throws {@link ConfigError} The token belongs to another instance.
   * @throws {@link NotFoundError} The agent is gone.
   */
  async attach(target: string, options: CallOptions = {}): Promise<AgentRun> {
    const [token, given] = [text('target', target), only(options, 'signal')]
    return AgentRun.of(await call<NativeAgentRun>((queue, number) => this.#native.attach(token, queue, number), given))
  }

  /**
   * Asks an agent again, whatever became of it meanwhile: one ticket, one agent.
   *
   * @param target - A run's token or an agent's id. Whichever turn it names, the agent's latest one is followed up.
   * @param options - What the agent shall do next, and what to do if it is at work, or gone.
   * @returns The next turn, or turn 1 of a new agent.
   * @throws {@link InvalidInputError} An argument is wrong; nothing was sent.
   * @throws {@link ConflictError} The agent is at work, and `interrupt` is not set.
   * @throws {@link NotFoundError} The agent is gone, and `ifMissing` is `raise`.
   * @throws {@link WaitTimeoutError} The turn that was to be stopped had not ended by then.
   * @throws {@link OutcomeUnknownError} An answer was lost. Nothing is sent a second time.
   */
  async resume(target: string, options: ResumeOptions): Promise<AgentRun> {
    const { signal, images, timeout, ...given } = named<ResumeOptions>(options)
    const [beside, token] = [new Beside(), text('target', target)]
    const shown = pictures(images === undefined ? [] : images, beside)
    const chosen = wire({ ...given, prompt: text('prompt', given.prompt), timeout: seconds('timeout', timeout) })
    const run = await call<NativeAgentRun>(
      (queue, number) => this.#native.resume(token, chosen, JSON.stringify(shown), beside.buffers, queue, number),
      { signal, readers: beside.readers },
    )
    return AgentRun.of(run)
  }
}
