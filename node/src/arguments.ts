/** What users pass, in the forms that the native module takes. No value is ever quoted: it may be a key, misplaced. */
import { fileURLToPath } from 'node:url'
import { InvalidInputError } from './errors'

/** @internal The error for an argument that is wrong. */
export const invalid = (argument: string, message: string): InvalidInputError => new InvalidInputError(message, { argument })

/** @internal Text as it is. */
export function text(argument: string, value: unknown): string {
  if (typeof value !== 'string') throw invalid(argument, `\`${argument}\` should be text; what is given is ${kind(value)}.`)
  if (!value.isWellFormed()) {
    throw invalid(argument, `\`${argument}\` holds half a character (a lone surrogate); it cannot be sent.`)
  }
  return value
}

/** @internal A path of this machine. */
export function localPath(argument: string, path: unknown): string {
  if (path instanceof URL) {
    if (path.protocol === 'file:') return fileURLToPath(path)
    throw invalid(argument, `\`${argument}\` should be a local path; what is given is a URL that is not a file's.`)
  }
  return text(argument, path)
}

/** @internal Options as JSON: what is `undefined` or `null` counts as left out. */
export function options(given: object): string {
  const kept = Object.entries(given).filter(([, value]) => value !== undefined && value !== null)
  return JSON.stringify(Object.fromEntries(kept.map(([name, value]) => [name, plain(name, value)])))
}

/** @internal A timeout in milliseconds as the core's seconds. */
export function seconds(timeout: number | undefined): number | undefined {
  if (timeout === undefined) return undefined
  if (typeof timeout === 'number' && Number.isFinite(timeout)) return timeout / 1000
  throw invalid('timeout', '`timeout` should be a finite number of milliseconds.')
}

/** @internal How long to wait; `null` is written out, and means without end. */
export function deadline(timeout: number | null | undefined): object {
  if (timeout === null) return { endless: true }
  if (timeout === Infinity) {
    throw invalid('timeout', '`timeout` should be a finite number of milliseconds. For a wait without end write null.')
  }
  return { timeout: seconds(timeout) }
}

function plain(name: string, value: unknown): unknown {
  if (typeof value === 'string') return text(name, value)
  if (Array.isArray(value)) return value.map((item) => plain(name, item))
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value
  throw invalid(name, `\`${name}\` is ${kind(value)}, or holds it; it cannot be sent.`)
}

/** @internal What something is, without saying what it holds. */
export function kind(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'object') return `a ${value.constructor?.name ?? 'object'}`
  return typeof value === 'number' && !Number.isFinite(value) ? 'no finite number' : `a ${typeof value}`
}
