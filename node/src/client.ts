import { Agents, type LaunchOptions } from './agents'
import { deadline, isUrl, localPath, named, nowhere, seconds, wire } from './arguments'
import { now } from './call'
import { Files } from './files'
import { native, type NativeClient } from './native'
import type { RunResult } from './records'
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
    const { baseUrl, caCerts, timeout, ...given } = named(options)
    const chosen = wire({
      ...given,
      baseUrl: isUrl(baseUrl) ? baseUrl.href : baseUrl,
      caCerts: caCerts === undefined ? undefined : localPath('caCerts', caCerts),
      timeout: seconds('timeout', timeout),
    })
    this.#native = now(native().client(chosen))
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

  /** Closes the client: calls made from now on fail with {@link ClosedError}, and idle connections are dropped. */
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
