import type { AgentRun, UpdatesOptions, WaitOptions } from './agent_run'
import { Agents, type LaunchOptions } from './agents'
import { deadline, isUrl, localPath, named, nowhere, only, seconds, wire } from './arguments'
import { call, hear, now } from './call'
import { Completed, many, outcome, type Ended, type RunOutcome } from './completed'
import { Files } from './files'
import { native, type NativeClient } from './native'
import type { Event, RunResult } from './records'
import { Workflows } from './workflows'

/** How a client is made. What is left out comes from the environment. */
export interface ClientOptions {
  /** The instance's name: `acme` means `https://acme.nomic.ai`. */
  readonly domain?: string | undefined
  /** The instance's URL, instead of `domain`; `http` only on loopback. */
  readonly baseUrl?: string | URL | undefined
  /** A key of the Developer Console, `npk_…`. */
  readonly apiKey?: string | undefined
  /** Milliseconds that one request may take, 60,000 by default; uploads have their own limits. */
  readonly timeout?: number | undefined
  /** How many times a request is made again where that is safe, 3 by default. */
  readonly retries?: number | undefined
  /** A proxy's URL; `HTTPS_PROXY` and `NO_PROXY` otherwise. Never used for loopback. */
  readonly proxy?: string | undefined
  /** A PEM file of certificates to trust besides the system's. */
  readonly caCerts?: string | URL | undefined
  /** What to add to the `User-Agent` header. */
  readonly userAgent?: string | undefined
  /**
   * Is told what the client does: each request, pause and look, without keys and without what was asked or answered. It
   * is called in this thread, before the call ends that an event belongs to, until the client is closed; it keeps no
   * process alive. What it throws breaks no call: the first time, the process is warned of it (`process.on('warning')`).
   */
  readonly onEvent?: ((event: Event) => unknown) | undefined
  /**
   * Whether requests wait for the platform's limits here rather than be refused there; true by default. All clients of
   * a process with the same key share the limits.
   */
  readonly pace?: boolean | undefined
}

/** How a question is asked: a launch, and a wait for its answer. */
export interface AskOptions extends Omit<LaunchOptions, 'prompt' | 'timeout'> {
  /** Milliseconds to wait for the answer, 1,800,000 by default; `null` means without end. */
  readonly timeout?: number | null | undefined
}

/**
 * The client of one instance and one key. It makes no request until its first call.
 *
 * What is left out comes from the environment: `NOMIC_API_KEY`, and `NOMIC_BASE_URL` or `NOMIC_DOMAIN`. A key that the
 * environment binds to one host is never sent to another. Closing it is optional: an idle client keeps no process alive.
 */
export class Nomic {
  /** Files: upload and search. */
  readonly files: Files
  /** Agents: launch, look, stop, delete, attach. */
  readonly agents: Agents
  /** Workflows: which there are. */
  readonly workflows: Workflows
  readonly #native: NativeClient

  /**
   * @param options - Which instance, which key, and how requests are made.
   * @throws {@link ConfigError} The key or the instance is missing or cannot be right.
   * @throws {@link InvalidInputError} An option is wrong.
   */
  constructor(options: ClientOptions = {}) {
    const { baseUrl, caCerts, timeout, onEvent, ...given } = named(options)
    const chosen = wire({
      ...given,
      baseUrl: isUrl(baseUrl) ? baseUrl.href : baseUrl,
      caCerts: caCerts === undefined ? undefined : localPath('caCerts', caCerts),
      timeout: seconds('timeout', timeout),
    })
    const made = now(native().client(chosen))
    if (onEvent) hear(onEvent, (queue, listener) => made.listen(queue, listener))
    this.#native = made
    this.files = Files.of(this.#native.files())
    this.agents = Agents.of(this.#native.agents())
    this.workflows = Workflows.of(this.#native.workflows())
  }

  /**
   * Uploads the files, launches an agent on them and waits for its answer.
   *
   * @param prompt - What the agent shall do; `undefined` for a workflow that requests files, which takes `inputs`.
   * @param options - What else a launch takes, and how long to wait.
   * @returns What the agent said and made.
   * @throws {@link NomkitError} Those of {@link Agents.launch} and {@link AgentRun.wait}.
   */
  async ask(prompt: string | undefined, options: AskOptions = {}): Promise<RunResult> {
    const { timeout, signal, onProgress, ...given } = named(options)
    if ('prompt' in given) throw nowhere('prompt')
    // Before anything is uploaded or launched.
    now(native().checkWait(wire(deadline(timeout))))
    const run = await this.agents.launch({ ...given, prompt, signal, onProgress })
    return run.wait({ timeout, signal, onProgress })
  }

  /**
   * Waits for many runs at once, by few requests. None of them ends the wait for the others; an aborted wait stops no
   * agent.
   *
   * @param runs - Runs of this client.
   * @param options - How long to wait for all of them together, and who is told how many are over.
   * @returns What became of each, in their order; nothing that befalls a run is thrown.
   * @throws {@link InvalidInputError} An argument is wrong, or a run belongs to another client; nothing was sent.
   */
  async waitAll(runs: Iterable<AgentRun>, options: WaitOptions = {}): Promise<RunOutcome[]> {
    const { signal, onProgress, timeout } = only(options, 'signal', 'onProgress', 'timeout')
    const [given, chosen] = [many(runs), wire(deadline(timeout))]
    const ended = await call<Ended[]>(
      (queue, number) => this.#native.waitAll(given.natives, chosen, !!onProgress, queue, number),
      { signal, onProgress },
    )
    return given.runs.map((run, at) => outcome(run, ended[at] as Ended))
  }

  /**
   * The same, one run after another as they end.
   *
   * @param runs - Runs of this client.
   * @param options - How long to wait for all of them together.
   * @throws {@link InvalidInputError} An argument is wrong, or a run belongs to another client; nothing was sent.
   */
  asCompleted(runs: Iterable<AgentRun>, options: UpdatesOptions = {}): Completed {
    const { signal, timeout } = only(options, 'signal', 'timeout')
    const given = many(runs)
    const native = now(this.#native.asCompleted(given.natives, wire(deadline(timeout))))
    return Completed.of(native, given.runs, { signal })
  }

  /**
   * Closes the client: calls made from now on fail with {@link ClosedError}, idle connections are dropped, and `onEvent`
   * is told no more.
   */
  close(): void {
    this.#native.close()
  }

  /** Closes the client. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.#native.describe()
  }
}
