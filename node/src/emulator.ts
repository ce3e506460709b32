import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { request } from 'node:http'
import { text as wholeText } from 'node:stream/consumers'
import { invalid, localPath } from './arguments'
import { Nomic, type ClientOptions } from './client'
import { command } from './command'
import { ConfigError } from './errors'
import type { Json } from './json'

/** How an emulator is started. */
export interface EmulatorOptions {
  /** A folder to keep its state in; without it everything is forgotten. */
  readonly data?: string | URL | undefined
  /** Milliseconds that an agent waits before it runs. */
  readonly waiting?: number | undefined
  /** Milliseconds that it runs. */
  readonly running?: number | undefined
  /** Milliseconds that it takes to stop. */
  readonly stopping?: number | undefined
  /** `plain`, or `drifted` for answers worded in every other way that the platform's documents allow. */
  readonly persona?: 'plain' | 'drifted' | undefined
  /** Whether it refuses requests that come faster than the platform's limits allow; it does by default. */
  readonly rates?: boolean | undefined
}

/** How often a fault befalls requests, and its own parameters, such as `status: 503` or `seconds: 3`. */
export interface FaultOptions {
  /** How many requests it befalls: one, or as many as its script has values. */
  readonly times?: number
  /** How many requests pass before it. */
  readonly skip?: number
  readonly [parameter: string]: Json | undefined
}

/** What an emulator allows a user in a minute. */
export interface RateLimits {
  readonly enabled?: boolean
  readonly standard?: number
  readonly write?: number
  readonly heavy?: number
  readonly search?: number
  /** How many may come at once; `null`: a whole minute's worth. */
  readonly burst?: number | null
}

/** The server's truth, as JSON. */
export interface Ledger {
  readonly requests: readonly { readonly [name: string]: Json }[]
  readonly agents: readonly { readonly [name: string]: Json }[]
  readonly files: readonly { readonly [name: string]: Json }[]
}

/** An emulator that runs already, as `nomkit emulator` tells it. */
export interface EmulatorAccess {
  /** A key of it; the environment's `NOMIC_API_KEY` otherwise. */
  readonly apiKey?: string | undefined
  /** Its control token; the environment's `NOMKIT_EMULATOR_TOKEN` otherwise. */
  readonly token?: string | undefined
}

/**
 * The emulator: the platform on this machine, with no account.
 *
 * It is the `nomkit` command of the package `nomkit-cli` (`npm install nomkit-cli`), or the program that `NOMKIT_CLI`
 * names; it listens on loopback only, keeps no process alive, and ends with this one.
 */
export class Emulator {
  /** Where it listens. */
  readonly url: string
  /** A key that may do everything; only this emulator knows it. */
  readonly apiKey: string
  /** What the control routes want. */
  readonly token: string
  readonly #process: ChildProcess | undefined

  private constructor(url: string, apiKey: string, token: string, process?: ChildProcess) {
    this.url = url.replace(/\/$/, '')
    this.apiKey = apiKey
    this.token = token
    this.#process = process
  }

  /**
   * Starts one. Use `await using`, or call {@link stop}.
   *
   * @throws {@link ConfigError} The command is not installed, or does not start.
   */
  static async start({ data, rates = true, persona, ...seconds }: EmulatorOptions = {}): Promise<Emulator> {
    const program = command()
    const given = ['emulator', '--until-stdin-closes']
    if (data !== undefined) given.push('--data', localPath('data', data))
    if (persona !== undefined) given.push('--persona', persona)
    if (!rates) given.push('--no-rates')
    for (const name of ['waiting', 'running', 'stopping'] as const) {
      if (seconds[name] !== undefined) given.push(`--${name}`, String(seconds[name] / 1000))
    }
    const child = spawn(program, given, { stdio: ['pipe', 'pipe', 'inherit'] })
    try {
      const ready = await firstLine(child)
      const { url, api_key, token } = JSON.parse(ready) as { url: string; api_key: string; token: string }
      idle(child)
      return new Emulator(url, api_key, token, child)
    } catch (error) {
      child.kill()
      const reason = error instanceof SyntaxError ? `\`${program}\` is not the nomkit command` : String(error)
      throw new ConfigError(`The emulator did not start; ${reason}.`)
    }
  }

  /**
   * An emulator that runs already; `nomkit emulator` prints where, and its key and token.
   *
   * @throws {@link ConfigError} One is neither given nor in the environment.
   */
  static connect(url: string | URL, { apiKey, token }: EmulatorAccess = {}): Emulator {
    const key = given('NOMIC_API_KEY', apiKey)
    return new Emulator(String(url), key, given('NOMKIT_EMULATOR_TOKEN', token))
  }

  /** A client of this emulator. */
  nomic(options: ClientOptions = {}): Nomic {
    return new Nomic({ baseUrl: this.url, apiKey: this.apiKey, ...options })
  }

  /**
   * Makes something go wrong. `docs/emulator.md` lists the faults with their parameters.
   *
   * @param operation - Method and path, such as `POST /agents`; `*` is any.
   * @param fault - Its name, such as `lose_response`, `status` or `stall`.
   * @returns Its id, for {@link faultReport}.
   * @throws {@link InvalidInputError} There is no such fault, it cannot befall this operation, or a parameter is wrong.
   */
  async fault(operation: string, fault: string, options: FaultOptions = {}): Promise<string> {
    return String((await this.#control('POST', 'faults', { operation, fault, ...options }))['id'])
  }

  /** How many requests met a fault (`hits`), and how many felt it to its end (`completed`). */
  async faultReport(id: string): Promise<{ readonly hits: number; readonly completed: number }> {
    return (await this.#control('GET', `faults/${id}`)) as never
  }

  /** Takes all waiting faults away, and what they left behind: keys that they revoked work again. */
  async clearFaults(): Promise<void> {
    await this.#control('DELETE', 'faults')
  }

  /** Words answers as the platform's documents show them, `plain`, or in every other way, `drifted`. */
  async persona(persona: 'plain' | 'drifted'): Promise<void> {
    await this.#control('PUT', 'persona', { persona })
  }

  /**
   * The emulator's time, put right before if one argument is given. It goes on by itself; turns, timestamps, the
   * `Date` header, limits of rate, lags and stalls follow it.
   *
   * @param change - `now`; or milliseconds: `advance` by which it is moved on, `offset` that it is ahead of this machine.
   */
  async clock(change: { readonly now?: Date; readonly advance?: number; readonly offset?: number } = {}): Promise<Date> {
    const { now, advance, offset } = change
    const body = {
      ...(now === undefined ? {} : { now: now.toISOString() }),
      ...(advance === undefined ? {} : { advance: advance / 1000 }),
      ...(offset === undefined ? {} : { offset: offset / 1000 }),
    }
    if (Object.keys(body).length > 1) throw invalid('clock', 'One of `now`, `advance` and `offset` is given at a time.')
    const answer = Object.keys(body).length ? await this.#control('PUT', 'clock', body) : await this.#control('GET', 'clock')
    return new Date(String(answer['now']))
  }

  /** The limits of rate, changed before as given; what was used of them is forgotten then. */
  async rates(limits?: RateLimits): Promise<Required<RateLimits>> {
    return (await (limits ? this.#control('PUT', 'rates', limits) : this.#control('GET', 'rates'))) as never
  }

  /** Refuses launches and follow-ups after so many more, because the user's money is spent; `null`: never. */
  async spend(launches: number | null): Promise<void> {
    await this.#control('PUT', 'spend', { limit: launches })
  }

  /** What it received, processed and answered. */
  async ledger(): Promise<Ledger> {
    return (await this.#control('GET', 'ledger')) as never
  }

  /** A new key with these scopes. */
  async key(scopes: readonly string[]): Promise<string> {
    return String((await this.#control('POST', 'keys', { scopes }))['api_key'])
  }

  /**
   * Adds a workflow to the samples that ship.
   *
   * @param name - Its name.
   * @param options - Its agents list what is to be done if the `description` speaks of a list; otherwise they summarise.
   *   `requestedFiles` are its slots, each with `name` and, if need be, `description`, `optional` and `multiple`; without
   *   slots it takes a prompt.
   * @returns Its id.
   */
  async workflow(
    name: string,
    options: {
      readonly description?: string
      readonly requestedFiles?: readonly { readonly [name: string]: Json }[]
      readonly projectId?: string
    } = {},
  ): Promise<string> {
    return String((await this.#control('POST', 'workflows', { requestedFiles: [], ...options, name }))['id'])
  }

  /** Sets how long agents take, in milliseconds. */
  async timing(times: { readonly waiting?: number; readonly running?: number; readonly stopping?: number }): Promise<void> {
    const seconds = Object.entries(times).map(([name, milliseconds]) => [name, milliseconds / 1000])
    await this.#control('PUT', 'timing', Object.fromEntries(seconds))
  }

  /** Forgets agents, files, faults and the ledger; puts clock, limits and persona back. Keys and timing stay. */
  async reset(): Promise<void> {
    await this.#control('POST', 'reset', {})
  }

  /** Ends it. An emulator that was connected to goes on. */
  async stop(): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.ref()
    const ended = once(child, 'exit')
    child.stdin?.end()
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Emulator(${this.url})`
  }

  async #control(method: string, path: string, body?: object): Promise<Record<string, Json>> {
    const headers = { 'X-Emulator-Token': this.token, 'Content-Type': 'application/json' }
    // A connection of its own, which nothing keeps open afterwards.
    const sent = request(`${this.url}/_emulator/${path}`, { method, headers, agent: false })
    sent.end(body && JSON.stringify(body))
    const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
    const answer = JSON.parse((await wholeText(response)) || '{}') as Record<string, Json>
    if ((response.statusCode ?? 500) < 400) return answer
    const issues = (answer['issues'] ?? []) as { message: string }[]
    const told = [answer['error'] ?? response.statusCode, ...issues.map((issue) => issue.message)]
    throw invalid('emulator', `The emulator refused: ${told.join(', ')}`)
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> })
  try {
    return await new Promise((settle, reject) => {
      lines.once('line', settle)
      lines.once('close', () => reject(new Error('its last words are above')))
      child.once('error', (error) => reject(error))
    })
  } finally {
    lines.close()
  }
}

/** Nothing of it keeps this process alive; when this one ends, its input closes, and it ends too. */
function idle(child: ChildProcess): void {
  child.unref()
  for (const pipe of [child.stdin, child.stdout]) (pipe as unknown as { unref(): void }).unref()
}

function given(variable: string, value: string | undefined): string {
  const found = value ?? process.env[variable]
  if (found) return found
  throw new ConfigError(`An emulator that runs already is reached with its key and its token; ${variable} is not set.`)
}
