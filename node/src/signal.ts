/** Signals, whoever made them: another realm's and a polyfill's are as good as Node's own. */

/** Who waits for each signal. Calls that share one have one listener on it, and that while they are open only. */
const watched = new WeakMap<AbortSignal, Watch>()

/** @internal Whether it is a signal. */
export function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener, removeEventListener } = (value ?? {}) as Partial<AbortSignal>
  const listens = typeof addEventListener === 'function' && typeof removeEventListener === 'function'
  return typeof aborted === 'boolean' && listens
}

/** @internal Why a signal was aborted. Some polyfills give no reason. */
export function reason(signal: AbortSignal): unknown {
  return signal.reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : signal.reason
}

/** @internal Tells when the signal is aborted, until what it gives is called. */
export function watch(signal: AbortSignal, tell: () => void): () => void {
  const known = watched.get(signal)
  const watch = known ?? new Watch(signal)
  if (!known) watched.set(signal, watch)
  watch.waiting.add(tell)
  return () => {
    watch.waiting.delete(tell)
    if (watch.waiting.size > 0 || watched.get(signal) !== watch) return
    watched.delete(signal)
    signal.removeEventListener('abort', watch)
  }
}

class Watch {
  readonly waiting = new Set<() => void>()

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', this)
  }

  handleEvent(): void {
    for (const tell of [...this.waiting]) tell()
  }
}
