import { deadline, named, only, seconds, text, wire } from './arguments'
import { Beside, pictures, type Image } from './attached'
import { call, now, told, type CallOptions, type MovingOptions } from './call'
import type { NativeAgentRun } from './native'
import { revive, type Agent, type AgentStatus, type Artifact, type Message, type RunResult } from './records'
import { Updates } from './updates'

/** How long to wait. */
export interface UpdatesOptions extends CallOptions {
  /** Milliseconds, 1,800,000 by default; `null` means without end. The agent runs on when they are over. */
  readonly timeout?: number | null | undefined
}

/** How long to wait, and who is told. */
export interface WaitOptions extends UpdatesOptions, MovingOptions {}

/** How an agent is asked again. */
export interface FollowUpOptions extends CallOptions {
  /** At most 4 pictures that go with the prompt. */
  readonly images?: readonly Image[] | undefined
  /** Milliseconds for the follow-up itself, 120,000 by default and more for images. */
  readonly timeout?: number | undefined
}

/** How an agent is stopped. */
export interface StopOptions extends CallOptions {
  /** Whether to wait until it has stopped, or has ended otherwise. */
  readonly wait?: boolean | undefined
  /** Milliseconds to wait, 1,800,000 by default. */
  readonly timeout?: number | undefined
}

/** The handle on one turn of one agent. Its properties are what was last seen; `refresh()` looks again. */
export class AgentRun {
  readonly #native: NativeAgentRun

  private constructor(native: NativeAgentRun) {
    this.#native = native
  }

  /** @internal */
  static of(native: NativeAgentRun): AgentRun {
    return new AgentRun(native)
  }

  /** @internal The native run; `undefined` if it is none. */
  static native(run: AgentRun): NativeAgentRun | undefined {
    return typeof run === 'object' && run !== null && #native in run ? run.#native : undefined
  }

  /** The agent's id. */
  get agentId(): string {
    return this.#native.id
  }

  /** Which turn this is: 1 is the launch, each follow-up the next. */
  get turn(): number {
    return this.#native.turn
  }

  /** The status as it was last seen; no request is made. */
  get status(): AgentStatus {
    return this.#native.status
  }

  /** The agent as it was last seen; no request is made. */
  get agent(): Agent {
    return revive.Agent(told(this.#native.agent))
  }

  /** This run as text, for `agents.attach` in any language. It holds no secret. */
  get token(): string {
    return this.#native.token
  }

  /** Where people look at it. */
  get url(): string {
    return this.#native.url
  }

  /** Whether the answer to its request was lost, and the run was found by looking for it. */
  get recovered(): boolean {
    return this.#native.recovered
  }

  /**
   * What happened to this run in this process: a line for each request, pause and look, and what they showed. It makes
   * no request, and holds no key and nothing of what was asked or answered.
   */
  explain(): string {
    return this.#native.explain()
  }

  /**
   * Looks at the agent again. `GET /agents/{id}` of the Agents page, tier Standard.
   *
   * @throws {@link NotFoundError} It was deleted.
   */
  async refresh(options: CallOptions = {}): Promise<Agent> {
    const given = only(options, 'signal')
    return revive.Agent(await call((queue, number) => this.#native.refresh(queue, number), given))
  }

  /**
   * Waits until this turn is over. A wait that expires, or is aborted, does not stop the agent.
   *
   * @returns What this turn said and made.
   * @throws {@link RunFailedError} The agent failed; `reason` and `messages` say why.
   * @throws {@link RunStoppedError} It was stopped.
   * @throws {@link WaitTimeoutError} The time is over; `token` re-attaches.
   * @throws {@link StaleTurnError} This turn's own answer did not appear; an earlier one is never given instead.
   */
  async wait(options: WaitOptions = {}): Promise<RunResult> {
    const { signal, onProgress, timeout } = only(options, 'signal', 'onProgress', 'timeout')
    const chosen = wire(deadline(timeout))
    const wait = call((queue, number) => this.#native.wait(chosen, !!onProgress, queue, number), { signal, onProgress })
    return revive.RunResult(await wait)
  }

  /**
   * The agent each time it changes, up to the end of this turn; failed and stopped turns end it too.
   *
   * @throws {@link WaitTimeoutError} From the loop: the time is over; `token` re-attaches.
   */
  updates(options: UpdatesOptions = {}): Updates {
    const { signal, timeout } = only(options, 'signal', 'timeout')
    return Updates.of(now(this.#native.updates(wire(deadline(timeout)))), { signal })
  }

  /**
   * The whole conversation, earlier turns included. `GET /agents/{id}/conversation` of the Agents page; the shape of its
   * body is an assumption.
   *
   * @returns All rows, in order.
   */
  async conversation(options: CallOptions = {}): Promise<readonly Message[]> {
    const given = only(options, 'signal')
    const rows = await call<unknown[]>((queue, number) => this.#native.conversation(queue, number), given)
    return rows.map(revive.Message)
  }

  /**
   * One of the agent's artifacts with its content, of whichever turn; it is read again. `GET
   * /agents/{id}/artifacts/{artifactId}` of the Agents page, tier Standard; the shape of its body is an assumption.
   *
   * @param artifactId - Its id, of `run.agent.artifacts` or of a result's artifact that has an `error`.
   * @throws {@link NotFoundError} There is none, or the agent was deleted.
   */
  async artifact(artifactId: string, options: CallOptions = {}): Promise<Artifact> {
    const [id, given] = [text('artifactId', artifactId), only(options, 'signal')]
    return revive.Artifact(await call((queue, number) => this.#native.artifact(id, queue, number), given))
  }

  /**
   * Asks the agent again; this turn must be over. `POST /agents/{id}/followup` of the Agents page, tier Heavy.
   *
   * @param prompt - What the agent shall do next.
   * @returns The next turn.
   * @throws {@link InvalidInputError} An argument is wrong; nothing was sent.
   * @throws {@link ConflictError} The agent is still at work.
   * @throws {@link OutcomeUnknownError} The answer was lost, and the question did not appear in the conversation within
   *   30 s. It is never sent a second time. What is found is given, with `recovered`.
   * @throws {@link StaleTurnError} The answer was lost, and somebody else's question stands where this one should.
   */
  async followUp(prompt: string, options: FollowUpOptions = {}): Promise<AgentRun> {
    const { signal, images, timeout } = only(options, 'signal', 'images', 'timeout')
    const beside = new Beside()
    const shown = pictures(images === undefined ? [] : images, beside)
    const chosen = wire({ prompt: text('prompt', prompt), timeout: seconds('timeout', timeout) })
    const run = await call<NativeAgentRun>(
      (queue, number) => this.#native.followUp(chosen, JSON.stringify(shown), beside.buffers, queue, number),
      { signal, readers: beside.readers },
    )
    return AgentRun.of(run)
  }

  /**
   * Asks the agent to stop; it may still finish first. `POST /agents/{id}/stop` of the Agents page, tier Standard.
   *
   * @returns The agent as it then stood; its status tells how it ended.
   * @throws {@link WaitTimeoutError} With `wait`: it had not ended by then.
   */
  async stop(options: StopOptions = {}): Promise<Agent> {
    const { signal, timeout, ...given } = named(options)
    const chosen = wire({ ...given, timeout: seconds('timeout', timeout) })
    return revive.Agent(await call((queue, number) => this.#native.stop(chosen, queue, number), { signal }))
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `AgentRun { agentId: '${this.agentId}', turn: ${this.turn}, status: ${JSON.stringify(this.status)} }`
  }
}
