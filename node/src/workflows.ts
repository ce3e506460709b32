import { options } from './arguments'
import { now, type CallOptions } from './call'
import type { NativeWorkflows } from './native'
import { Pages } from './pages'
import { revive, type Workflow } from './records'

/** Which workflows to list. */
export interface WorkflowListOptions extends CallOptions {
  /** Only those of this project. */
  readonly projectId?: string | undefined
  /** How many one request brings, 1 to 100. */
  readonly pageSize?: number | undefined
}

/** `nomic.workflows`. */
export class Workflows {
  readonly #native: NativeWorkflows

  /** @internal */
  constructor(native: NativeWorkflows) {
    this.#native = native
  }

  /** Lists the workflows that agents can be launched from. `GET /workflows`, tier Standard. */
  list({ signal, ...given }: WorkflowListOptions = {}): Pages<Workflow> {
    return new Pages(now(this.#native.list(options(given))), revive.Workflow, { signal })
  }
}
