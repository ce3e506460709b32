import { AgentRun } from './agent_run'
import { options, seconds, text } from './arguments'
import { call, now, type CallOptions, type MovingOptions } from './call'
import type { NativeAgentRun, NativeAgents } from './native'
import { Pages } from './pages'
import { revive, type Agent, type AgentStatus, type Artifact, type Message } from './records'
import { attached, Beside, type Image, type LaunchFile, type LaunchInputs } from './source'

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

  /** @internal */
  constructor(native: NativeAgents) {
    this.#native = native
  }

  /**
   * Launches one agent. It does not wait for the agent. `POST /agents`; scope `developer:agent`, tier Heavy.
   *
   * @returns The run, turn 1.
   * @throws {@link InvalidInputError} An argument is wrong; nothing was sent.
   * @throws {@link SpendLimitError} The user's spend limit is reached.
   * @throws {@link OutcomeUnknownError} The answer was lost. It is never sent a second time.
   * @throws {@link NomkitError} Whatever fails, `uploaded` of the error lists the files that are on the platform by then.
   */
  async launch({ signal, onProgress, files, inputs, images, timeout, ...given }: LaunchOptions): Promise<AgentRun> {
    const beside = new Beside()
    const attachments = attached(files, inputs, images, beside)
    const chosen = options({ ...given, timeout: seconds(timeout) })
    const run = await call<NativeAgentRun>(
      (queue, number) => this.#native.launch(chosen, attachments, beside.buffers, !!onProgress, queue, number),
      { signal, onProgress, readers: beside.readers },
    )
    return new AgentRun(run)
  }

  /**
   * Reads one agent. `GET /agents/{id}`, tier Standard.
   *
   * @throws {@link NotFoundError} There is none, or it is not yours.
   */
  async get(id: string, given: CallOptions = {}): Promise<Agent> {
    const agent = text('id', id)
    return revive.Agent(await call((queue, number) => this.#native.get(agent, queue, number), given))
  }

  /** Lists the user's own agents, newest first (the order is an assumption). `GET /agents`, tier Standard. */
  list({ signal, ...given }: AgentListOptions = {}): Pages<Agent> {
    return new Pages(now(this.#native.list(options(given))), revive.Agent, { signal })
  }

  /** The whole conversation of an agent. `GET /agents/{id}/conversation`; its body is an assumption. */
  async conversation(id: string, given: CallOptions = {}): Promise<readonly Message[]> {
    const agent = text('id', id)
    const rows = await call<unknown[]>((queue, number) => this.#native.conversation(agent, queue, number), given)
    return rows.map(revive.Message)
  }

  /** One artifact with its content. `GET /agents/{id}/artifacts/{artifactId}`; its body is an assumption. */
  async artifact(agentId: string, artifactId: string, given: CallOptions = {}): Promise<Artifact> {
    const [agent, artifact] = [text('agentId', agentId), text('artifactId', artifactId)]
    return revive.Artifact(await call((queue, number) => this.#native.artifact(agent, artifact, queue, number), given))
  }

  /** Asks an agent to stop; it may still finish first. `POST /agents/{id}/stop`, tier Standard. */
  async stop(id: string, given: CallOptions = {}): Promise<Agent> {
    const agent = text('id', id)
    return revive.Agent(await call((queue, number) => this.#native.stop(agent, queue, number), given))
  }

  /**
   * Deletes an agent, with its conversation and artifacts. `DELETE /agents/{id}`, tier Standard: an assumption.
   *
   * @throws {@link NotFoundError} There is none, or it is not yours.
   * @throws {@link ConflictError} It is at work; stop it first.
   */
  async delete(id: string, given: CallOptions = {}): Promise<void> {
    const agent = text('id', id)
    await call((queue, number) => this.#native.delete(agent, queue, number), given)
  }

  /**
   * Picks a run up again.
   *
   * @param target - A run's token, for the very turn that it names, or an agent's id, for its latest turn.
   * @throws {@link ConfigError} The token belongs to another instance.
   * @throws {@link NotFoundError} The agent is gone.
   */
  async attach(target: string, given: CallOptions = {}): Promise<AgentRun> {
    const named = text('target', target)
    return new AgentRun(await call<NativeAgentRun>((queue, number) => this.#native.attach(named, queue, number), given))
  }
}
