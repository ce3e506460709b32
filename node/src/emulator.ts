import { types } from 'node:util'
import { invalid, isUrl, kind, localPath, named, only, seconds, text } from './arguments'
import { Nomic, type ClientOptions } from './client'
import { control } from './control'
import { ConfigError } from './errors'
import type { Json } from './json'
import { Program } from './program'

/** How long agents take. */
export interface Timing {
  /** Milliseconds that an agent waits before it runs. */
  readonly waiting?: number | undefined
  /** Milliseconds that it runs. */
  readonly running?: number | undefined
  /** Milliseconds that it takes to stop. */
  readonly stopping?: number | undefined
}

/** How an emulator is started. */
export interface EmulatorOptions extends Timing {
  /** A folder to keep its state in; without it everything is forgotten. */
  readonly data?: string | URL | undefined
  /** `plain`, or `drifted` for answers worded in every other way that the platform's documents allow. */
  readonly persona?: Persona | undefined
  /** Whether it refuses requests that come faster than the platform's limits allow; it does by default. */
  readonly rates?: boolean | undefined
}

/** How the emulator words its answers. */
export type Persona = 'plain' | 'drifted'

/** How often a fault befalls requests, and its own parameters, such as `status: 503` or `seconds: 3`. */
export interface FaultOptions {
  /** How many requests it befalls: one, or as many as its script has values. */
  readonly times?: number | undefined
  /** How many requests pass before it. */
  readonly skip?: number | undefined
  /** The fault's own, as `docs/emulator.md` lists them; spans of time are in seconds there. */
  readonly [parameter: string]: Json | undefined
}

/** How far a fault has come. */
export interface FaultReport {
  /** How many requests met it. */
  readonly hits: number
  /** How many felt it to its end. */
  readonly completed: number
  /** What else the emulator tells of it. */
  readonly [name: string]: Json
}

/** What an emulator allows a user in a minute. */
export interface RateLimits {
  /** Whether it limits at all. */
  readonly enabled?: boolean | undefined
  /** Reads and stops. */
  readonly standard?: number | undefined
  /** Small changes. */
  readonly write?: number | undefined
  /** Uploads, launches and follow-ups. */
  readonly heavy?: number | undefined
  /** Searches of codes. */
  readonly search?: number | undefined
  /** How many may come at once; `null`: a whole minute's worth. */
  readonly burst?: number | null | undefined
}

/** How the emulator's time is put right: by one of these. */
export interface ClockChange {
  /** The time that it is. */
  readonly now?: Date | undefined
  /** Milliseconds by which it is moved on. */
  readonly advance?: number | undefined
  /** Milliseconds that it is ahead of this machine. */
  readonly offset?: number | undefined
}

/** The server's truth, as JSON. */
export interface Ledger {
  /** What it received, did and answered, in order. */
  readonly requests: readonly { readonly [name: string]: Json }[]
  /** The agents that it has. */
  readonly agents: readonly { readonly [name: string]: Json }[]
  /** The files that it has. */
  readonly files: readonly { readonly [name: string]: Json }[]
}

/** How to reach an emulator that runs already, as `nomkit emulator` tells it. */
export interface EmulatorAccess {
  /** A key of it; the environment's `NOMIC_API_KEY` otherwise. */
  readonly apiKey?: string | undefined
  /** Its control token; the environment's `NOMKIT_EMULATOR_TOKEN` otherwise. */
  readonly token?: string | undefined
}

/** What an emulated workflow is. */
export interface EmulatedWorkflow {
  /** What it does: its agents list what is to be done if this speaks of a list; otherwise they summarise. */
  readonly description?: string | undefined
  /** Its slots, each with `name` and, if need be, `description`, `optional` and `multiple`; without, it takes a prompt. */
  readonly requestedFiles?: readonly { readonly [name: string]: Json }[] | undefined
  /** The project that it belongs to. */
  readonly projectId?: string | undefined
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
  readonly #program: Program | undefined

  private constructor(url: string, apiKey: string, token: string, program?: Program) {
    this.url = url.replace(/\/$/, '')
    this.apiKey = apiKey
    this.token = token
    this.#program = program
  }

  /**
   * Starts one. Use `await using`, or call {@link stop}.
   *
   * @throws {@link ConfigError} The command is not installed, or does not start.
   * @throws {@link InvalidInputError} An option is wrong; nothing was started.
   */
  static async start(options: EmulatorOptions = {}): Promise<Emulator> {
    const known = ['data', 'waiting', 'running', 'stopping', 'persona', 'rates'] as const
    const { data, persona, rates = true, ...times } = only(options, ...known)
    const given = ['emulator', '--until-stdin-closes']
    if (data !== undefined) given.push('--data', localPath('data', data))
    if (persona !== undefined) given.push('--persona', text('persona', persona))
    if (!rates) given.push('--no-rates')
    for (const [name, milliseconds] of Object.entries(times)) {
      if (milliseconds !== undefined) given.push(`--${name}`, String(seconds(name, milliseconds)))
    }
    const { program, ready } = await Program.start(given)
    return new Emulator(ready.url, ready.api_key, ready.token, program)
  }

  /**
   * An emulator that runs already; `nomkit emulator` prints where, and its key and token.
   *
   * @param url - Where it listens.
   * @throws {@link ConfigError} The key or the token is neither given nor in the environment.
   * @throws {@link InvalidInputError} The URL is none.
   */
  static connect(url: string | URL, options: EmulatorAccess = {}): Emulator {
    const { apiKey, token } = only(options, 'apiKey', 'token')
    const place = isUrl(url) ? url.href : text('url', url)
    if (!/^http:$/.test(URL.canParse(place) ? new URL(place).protocol : '')) {
      throw invalid('url', '`url` should be that of an emulator, such as `http://127.0.0.1:8080`.')
    }
    return new Emulator(place, ambient('NOMIC_API_KEY', apiKey), ambient('NOMKIT_EMULATOR_TOKEN', token))
  }

  /** A client of this emulator. */
  nomic(options: ClientOptions = {}): Nomic {
    return new Nomic({ baseUrl: this.url, apiKey: this.apiKey, ...named(options) })
  }

  /**
   * Makes something go wrong. `docs/emulator.md` lists the faults with their parameters.
   *
   * @param operation - Method and path, such as `POST /agents`; `*` is any.
   * @param fault - Its name, such as `lose_response`, `status` or `stall`.
   * @param options - How often, and the fault's own parameters.
   * @returns Its id, for {@link faultReport}.
   * @throws {@link InvalidInputError} There is no such fault, it cannot befall this operation, or a parameter is wrong.
   */
  async fault(operation: string, fault: string, options: FaultOptions = {}): Promise<string> {
    return String((await this.#control('POST', 'faults', { ...named(options), operation, fault }))['id'])
  }

  /**
   * How many requests met a fault, and how many felt it to its end.
   *
   * @param id - What {@link fault} gave.
   */
  async faultReport(id: string): Promise<FaultReport> {
    return (await this.#control('GET', `faults/${encodeURIComponent(text('id', id))}`)) as FaultReport
  }

  /** Takes all waiting faults away, and what they left behind: keys that they revoked work again. */
  async clearFaults(): Promise<void> {
    await this.#control('DELETE', 'faults')
  }

  /** Words answers as the platform's documents show them, `plain`, or in every other way, `drifted`. */
  async persona(persona: Persona): Promise<void> {
    await this.#control('PUT', 'persona', { persona })
  }

  /**
   * The emulator's time, put right before if one argument is given. It goes on by itself; turns, timestamps, the
   * `Date` header, limits of rate, lags and stalls follow it.
   *
   * @param change - One of its members, to put it right.
   * @returns What time it is there.
   * @throws {@link InvalidInputError} More than one is given.
   */
  async clock(change: ClockChange = {}): Promise<Date> {
    const { now, advance, offset } = only(change, 'now', 'advance', 'offset')
    if (now !== undefined && !(types.isDate(now) && Number.isFinite(now.getTime()))) {
      throw invalid('now', `\`now\` should be a Date that is one; what is given is ${kind(now)}.`)
    }
    const put = { now: now?.toISOString(), advance: seconds('advance', advance), offset: seconds('offset', offset) }
    const given = Object.values(put).filter((value) => value !== undefined).length
    if (given > 1) throw invalid('change', 'One of `now`, `advance` and `offset` is given at a time.')
    const answer = await (given ? this.#control('PUT', 'clock', put) : this.#control('GET', 'clock'))
    return new Date(String(answer['now']))
  }

  /** The limits of rate, changed before as given; what was used of them is forgotten then. */
  async rates(limits?: RateLimits): Promise<Required<RateLimits>> {
    return (await (limits ? this.#control('PUT', 'rates', named(limits)) : this.#control('GET', 'rates'))) as never
  }

  /**
   * Refuses launches and follow-ups once the user's money is spent.
   *
   * @param launches - After so many more; `null`: never.
   */
  async spend(launches: number | null): Promise<void> {
    await this.#control('PUT', 'spend', { limit: launches })
  }

  /** What it received, processed and answered. */
  async ledger(): Promise<Ledger> {
    return (await this.#control('GET', 'ledger')) as never
  }

  /**
   * A new key.
   *
   * @param scopes - What it may do, such as `developer:files`.
   */
  async key(scopes: readonly string[]): Promise<string> {
    return String((await this.#control('POST', 'keys', { scopes }))['api_key'])
  }

  /**
   * Adds a workflow to the samples that ship.
   *
   * @param name - Its name.
   * @param options - What it does, and its slots.
   * @returns Its id.
   */
  async workflow(name: string, options: EmulatedWorkflow = {}): Promise<string> {
    const given = only(options, 'description', 'requestedFiles', 'projectId')
    return String((await this.#control('POST', 'workflows', { requestedFiles: [], ...given, name }))['id'])
  }

  /** Sets how long agents take; it holds for turns that begin from now on. */
  async timing(times: Timing): Promise<void> {
    const given = Object.entries(only(times, 'waiting', 'running', 'stopping'))
    await this.#control('PUT', 'timing', Object.fromEntries(given.map(([name, time]) => [name, seconds(name, time)])))
  }

  /** Forgets agents, files, faults and the ledger; puts clock, limits and persona back. Keys and timing stay. */
  async reset(): Promise<void> {
    await this.#control('POST', 'reset', {})
  }

  /** Ends it. An emulator that was connected to goes on. */
  async stop(): Promise<void> {
    await this.#program?.stop()
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Where it is, without its key and token. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Emulator(${this.url})`
  }

  /** Where it is, without its key and token. */
  toJSON(): { readonly url: string } {
    return { url: this.url }
  }

  #control(method: string, path: string, body?: object): Promise<Record<string, Json>> {
    return control(this.url, this.token, method, path, body)
  }
}

function ambient(variable: string, value: string | undefined): string {
  const found = value ?? process.env[variable]
  if (found) return found
  throw new ConfigError(`An emulator that runs already is reached with its key and its token; ${variable} is not set.`)
}
