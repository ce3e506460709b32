import { AsyncResource } from 'node:async_hooks'

/** @internal The asynchronous context in which it is made. It is no open handle to those who look for such. */
export class Context extends AsyncResource {
  constructor() {
    super('nomkit')
  }

  hasRef(): boolean {
    return false
  }
}
