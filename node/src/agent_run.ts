import { deadline, options, seconds, text } from './arguments'
import { call, now, type CallOptions, type MovingOptions } from './call'
import type { NativeAgentRun } from './native'
import { revive, type Agent, type AgentStatus, type Message, type RunResult } from './records'
import { Beside, pictures, type Image } from './source'
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

  /** @internal */
  constructor(native: NativeAgentRun) {
    this.#native = native
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
    return revive.Agent(JSON.parse(this.#native.agent).value)
  }

  /** This run as text, for `agents.attach` in any language. It holds no secret. */
  get token(): string {
    return this.#native.token
  }

  /** Where people look at it. */
  get url(): string {
    return this.#native.url
  }

  /** Looks at the agent again. */
  async refresh(given: CallOptions = {}): Promise<Agent> {
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
  async wait({ signal, onProgress, timeout, ...given }: WaitOptions = {}): Promise<RunResult> {
    const chosen = options({ ...given, ...deadline(timeout) })
    const wait = call((queue, number) => this.#native.wait(chosen, !!onProgress, queue, number), { signal, onProgress })
    return revive.RunResult(await wait)
  }

  /** The agent each time it changes, up to the end of this turn; failed and stopped turns end it too. */
  updates({ signal, timeout, ...given }: UpdatesOptions = {}): Updates {
    return new Updates(now(this.#native.updates(options({ ...given, ...deadline(timeout) }))), { signal })
  }

  /** The whole conversation, earlier turns included. */
  async conversation(given: CallOptions = {}): Promise<readonly Message[]> {
    const rows = await call<unknown[]>((queue, number) => this.#native.conversation(queue, number), given)
    return rows.map(revive.Message)
  }

  /**
   * Asks the agent again; this turn must be over. `POST /agents/{id}/followup`, tier Heavy.
   *
   * @param prompt - What the agent shall do next.
   * @returns The next turn.
   * @throws {@link ConflictError} The agent is still at work.
   * @throws {@link OutcomeUnknownError} The answer was lost. It is never sent a second time.
   */
  async followUp(prompt: string, { signal, images, timeout, ...given }: FollowUpOptions = {}): Promise<AgentRun> {
    const beside = new Beside()
    const shown = JSON.stringify(pictures(images ?? [], beside))
    const chosen = options({ ...given, prompt: text('prompt', prompt), timeout: seconds(timeout) })
    const run = await call<NativeAgentRun>(
      (queue, number) => this.#native.followUp(chosen, shown, beside.buffers, queue, number),
      { signal },
    )
    return new AgentRun(run)
  }

  /**
   * Asks the agent to stop; it may still finish first. `POST /agents/{id}/stop`, tier Standard.
   *
   * @returns The agent as it then stood; its status tells how it ended.
   */
  async stop({ signal, timeout, ...given }: StopOptions = {}): Promise<Agent> {
    const chosen = options({ ...given, timeout: seconds(timeout) })
    return revive.Agent(await call((queue, number) => this.#native.stop(chosen, queue, number), { signal }))
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `AgentRun { agentId: '${this.agentId}', turn: ${this.turn}, status: '${this.status}' }`
  }
}
