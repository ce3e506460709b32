/** What users pass, in the forms that the native module takes. No value is ever quoted: it may be a key, misplaced. */
import { fileURLToPath } from 'node:url'
import { InvalidInputError } from './errors'
import { isSignal } from './signal'

/** @internal The error for an argument that is wrong. */
export function invalid(argument: string, message: string): InvalidInputError {
  const error = new InvalidInputError(message, { argument })
  Error.captureStackTrace(error, invalid)
  return error
}

/** @internal Text as it is. */
export function text(argument: string, value: unknown): string {
  if (typeof value !== 'string')
    throw invalid(argument, `\`${argument}\` should be text; what is given is ${kind(value)}.`)
  if (!value.isWellFormed()) {
    throw invalid(argument, `\`${argument}\` holds half a character (a lone surrogate); it cannot be sent.`)
  }
  return value
}

/** @internal Whether it is a URL, of whichever realm. */
export const isUrl = (value: unknown): value is URL => Object.prototype.toString.call(value) === '[object URL]'

/** @internal Whether it is an object that maps names to values, and nothing else, of whichever realm. */
export const isObject = (value: unknown): value is object => Object.prototype.toString.call(value) === '[object Object]'

/** @internal A path of this machine. */
export function localPath(argument: string, path: unknown): string {
  if (!isUrl(path)) return text(argument, path)
  if (path.protocol !== 'file:') {
    throw invalid(argument, `\`${argument}\` should be a local path; what is given is a URL that is not a file's.`)
  }
  try {
    return fileURLToPath(path.href)
  } catch {
    throw invalid(argument, `\`${argument}\` is a URL that names no file of this machine.`)
  }
}

/** @internal The options object of a method. */
export function named<T extends object>(given: T | undefined): T | Partial<T> {
  if (given === undefined) return {}
  if (isObject(given)) {
    const { signal } = given as { readonly signal?: unknown }
    if (signal !== undefined && !isSignal(signal)) {
      throw invalid('signal', `\`signal\` should be an AbortSignal; what is given is ${kind(signal)}.`)
    }
    for (const name of ['onProgress', 'onEvent']) {
      const listener = (given as Record<string, unknown>)[name]
      if (listener === undefined || typeof listener === 'function') continue
      throw invalid(name, `\`${name}\` should be a function; what is given is ${kind(listener)}.`)
    }
    return given
  }
  throw invalid('options', `Options are given by name, in an object: { … }. What is given is ${kind(given)}.`)
}

/** @internal The options object of a method that has none of its own besides these. */
export function only<T extends object>(given: T | undefined, ...known: readonly (keyof T & string)[]): T | Partial<T> {
  const options = named(given)
  const unknown = Object.keys(options).find((name) => !known.includes(name as keyof T & string))
  if (unknown !== undefined) throw nowhere(unknown)
  return options
}

/** @internal The error for an option that there is not. */
export const nowhere = (name: string): InvalidInputError =>
  invalid(name, `\`${name}\` should be left out: there is no such option.`)

/** @internal Options as JSON; what is `undefined` counts as left out. */
export function wire(given: object): string {
  const kept = Object.entries(given).filter(([, value]) => value !== undefined)
  return JSON.stringify(Object.fromEntries(kept.map(([name, value]) => [name, plain(name, value)])))
}

/** @internal A span of time in milliseconds as seconds. */
export function seconds(argument: string, milliseconds: number | undefined): number | undefined {
  if (milliseconds === undefined) return undefined
  if (typeof milliseconds === 'number' && Number.isFinite(milliseconds)) return milliseconds / 1000
  throw invalid(argument, `\`${argument}\` should be milliseconds, a number; what is given is ${kind(milliseconds)}.`)
}

/** @internal How long to wait; `null` is written out, and means without end. */
export function deadline(timeout: number | null | undefined): object {
  if (timeout === null) return { endless: true }
  if (timeout === Infinity) {
    throw invalid('timeout', '`timeout` should be a finite number of milliseconds. For a wait without end write null.')
  }
  return { timeout: seconds('timeout', timeout) }
}

function plain(name: string, value: unknown): unknown {
  // As other languages spell it.
  if (name.includes('_')) throw nowhere(name)
  if (typeof value === 'string') return text(name, value)
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value
  if (value === null) throw invalid(name, `\`${name}\` is null. Leave it out instead.`)
  if (!Array.isArray(value)) throw invalid(name, `\`${name}\` is ${kind(value)}, which it should not be.`)
  return value.map((item: unknown) => {
    if (typeof item === 'string') return text(name, item)
    throw invalid(name, `\`${name}\` should be a list of text; it holds ${kind(item)}.`)
  })
}

/** @internal What something is, without saying what it holds. */
export function kind(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return 'no finite number'
  const type: unknown = typeof value === 'object' ? value.constructor?.name : typeof value
  const name = typeof type === 'string' && type !== '' && type !== 'Object' ? type : 'object'
  return /^[aeiou]/i.test(name) ? `an ${name}` : `a ${name}`
}
