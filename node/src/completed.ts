import { AgentRun } from './agent_run'
import { invalid, kind } from './arguments'
import type { CallOptions } from './call'
import { toError, type NativeError } from './error'
import type { NomkitError } from './errors'
import type { NativeAgentRun, NativeCompleted } from './native'
import { revive, type RunResult } from './records'
import { Steps } from './steps'

/** What became of one run of many: `ok` tells which of `result` and `error` there is. */
export type RunOutcome = {
  /** The run. */
  readonly run: AgentRun
} & (
  | {
      /** It has a result. */
      readonly ok: true
      /** What it said and made. */
      readonly result: RunResult
      /** Nothing is wrong. */
      readonly error: null
    }
  | {
      /** It has no result. */
      readonly ok: false
      /** There is none. */
      readonly result: null
      /** Why: what {@link AgentRun.wait} would have thrown. */
      readonly error: NomkitError
    }
)

/** @internal As the core says it. */
export interface Ended {
  readonly agentId: string
  readonly turn: number
  readonly result: unknown
  readonly error: NativeError | null
}

/**
 * Runs as they end, with what became of each: `for await (const outcome of nomic.asCompleted(runs))`. They are waited
 * for while the caller is busy with one. Leaving the loop ends that, and aborts what is in flight; the agents run on.
 */
export class Completed implements AsyncIterableIterator<RunOutcome> {
  readonly #native: NativeCompleted
  readonly #runs = new Map<string, AgentRun[]>()
  readonly #steps: Steps

  private constructor(native: NativeCompleted, runs: readonly AgentRun[], options: CallOptions) {
    this.#native = native
    // Several handles can be of one turn: each is given once.
    for (const run of runs) {
      const turn = `${run.agentId} ${run.turn}`
      this.#runs.set(turn, [...(this.#runs.get(turn) ?? []), run])
    }
    this.#steps = new Steps(options, () => native.end())
  }

  /** @internal */
  static of(native: NativeCompleted, runs: readonly AgentRun[], options: CallOptions): Completed {
    return new Completed(native, runs, options)
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next run that ends. */
  async next(): Promise<IteratorResult<RunOutcome, undefined>> {
    const step = () => this.#steps.call<Ended | null>((queue, number) => this.#native.next(queue, number))
    const ended = await this.#steps.step(step)
    if (!ended) return { done: true, value: undefined }
    return { done: false, value: outcome(this.#runs.get(`${ended.agentId} ${ended.turn}`)?.shift() as AgentRun, ended) }
  }

  /** Ends it, and aborts what is in flight; the agents run on. */
  async return(): Promise<IteratorResult<RunOutcome, undefined>> {
    this.#steps.end()
    return { done: true, value: undefined }
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#steps.end()
  }
}

/** @internal What became of a run. */
export function outcome(run: AgentRun, { result, error }: Ended): RunOutcome {
  if (error) return { run, ok: false, result: null, error: toError(error) }
  return { run, ok: true, result: revive.RunResult(result), error: null }
}

/** @internal Runs, and how the native module has them. */
export function many(given: Iterable<AgentRun>): { runs: readonly AgentRun[]; natives: NativeAgentRun[] } {
  // Text can be walked through, letter by letter.
  if (typeof given !== 'object' || given === null || typeof given[Symbol.iterator] !== 'function') throw wrong(given)
  const runs = [...given]
  const natives = runs.map((run) => AgentRun.native(run) ?? refuse(run))
  return { runs, natives }
}

const wrong = (value: unknown): Error =>
  invalid('runs', `\`runs\` should be a list of AgentRun; what is given is, or holds, ${kind(value)}.`)

function refuse(value: unknown): never {
  throw wrong(value)
}
