import { named, wire } from './arguments'
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

  private constructor(native: NativeWorkflows) {
    this.#native = native
  }

  /** @internal */
  static of(native: NativeWorkflows): Workflows {
    return new Workflows(native)
  }

  /**
   * Lists the workflows that agents can be launched from. `GET /workflows` of the Files & Workflows page; scope
   * `developer:agent`, tier Standard.
   *
   * @returns The workflows, lazy over all pages: `for await`, `.first(n)`, or `.pages()`. One without `requestedFiles`
   *   takes a prompt; the others take `inputs`, which name their slots.
   * @throws {@link InvalidInputError} An argument is wrong; nothing was sent.
   */
  list(options: WorkflowListOptions = {}): Pages<Workflow> {
    const { signal, ...given } = named(options)
    return Pages.of(now(this.#native.list(wire(given))), revive.Workflow, { signal })
  }
}
