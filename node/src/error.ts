import type { ErrorCode } from './errors'
import type { Json, Open } from './json'
import { revive, spelt, type File } from './records'

/** What an error says besides its message: what every error has, and the fields of its class. */
export type ErrorFields = Readonly<Record<string, unknown>>

/** @internal As the core says it. */
export interface NativeError {
  readonly code: string
  readonly message: string
  readonly status: number | null
  readonly attempts: number
  readonly uploaded: readonly unknown[]
  readonly details: Readonly<Record<string, Json>>
}

/**
 * Everything that nomkit throws, but for the reason of an `AbortSignal` and what a callback or a reader of yours throws.
 *
 * Its fields are plain data. A structured clone of an error (`postMessage`, `structuredClone`) keeps its message and its
 * stack, as of any error; `toJSON()` gives all of it, to be sent anywhere, and `NomkitError.from(data)` is the error
 * again, with its class.
 */
export class NomkitError extends Error {
  /** One stable word for machines, the same in every language. */
  readonly code: Open<ErrorCode> = ''
  /** The HTTP status, if the server answered. */
  readonly status: number | null = null
  /** The server's own word for it. */
  readonly serverCode: string | null = null
  /** The server's name for the request, if it gave one. */
  readonly requestId: string | null = null
  /** How many times the request was made. */
  readonly attempts: number = 0
  /** Seconds from the first attempt to this error. */
  readonly elapsed: number = 0
  /** Whether the same call may succeed later. */
  readonly retryable: boolean = false
  /** Whether the last request reached the server; `null` if there was none. */
  readonly outcome: Open<'not_sent' | 'answered' | 'unknown'> | null = null
  /** The files that were on the platform before the call failed. */
  readonly uploaded: readonly File[] = []

  /**
   * @param message - What happened.
   * @param fields - What else it says; `cause` is that of any error.
   */
  constructor(message: string, { cause, ...fields }: ErrorFields = {}) {
    super(message, cause === undefined ? undefined : { cause })
    const { code, initial } = kindOf(new.target)
    for (const [name, value] of Object.entries({ code, ...initial, ...fields })) {
      // Not assigned: `__proto__` is a name like any other here.
      Object.defineProperty(this, name, { value, enumerable: true, configurable: true, writable: true })
    }
  }

  /** All that it says, as plain data. */
  toJSON(): ErrorFields {
    return { name: this.name, message: this.message, ...(this as object) }
  }

  /**
   * The error that said this, with its class.
   *
   * @param data - What {@link toJSON} gave, here or in another process.
   */
  static from(data: ErrorFields): NomkitError {
    const { name: _, message, uploaded, ...fields } = data
    const files = Array.isArray(uploaded) ? uploaded.map((file) => revive.File({ ...file })) : []
    const error = new (byCode.get(String(fields['code'])) ?? NomkitError)(String(message), {
      ...fields,
      uploaded: files,
    })
    Error.captureStackTrace(error, NomkitError.from)
    return error
  }

  /** Its stack, and what it says that is not empty. */
  [Symbol.for('nodejs.util.inspect.custom')](
    depth: number,
    options: object,
    inspect: typeof import('node:util').inspect,
  ): string {
    const stack = this.stack ?? `${this.name}: ${this.message}`
    const empty = (value: unknown): boolean =>
      value == null || value === '' || value === 0 || (Array.isArray(value) && value.length === 0)
    const fields = Object.entries({ ...this, cause: this.cause }).filter(([, value]) => !empty(value))
    const told = Object.fromEntries(fields)
    return depth < 0 ? stack : `${stack} ${inspect(told, options)}`
  }
}
Object.defineProperty(NomkitError.prototype, 'name', { value: 'NomkitError', configurable: true, writable: true })

type Kind = new (message: string, fields?: ErrorFields) => NomkitError
const byCode = new Map<string, Kind>()
const kinds = new Map<unknown, { code: string; initial: ErrorFields }>()

/** That of a class, or of the class that it extends. */
function kindOf(type: unknown): { code: string; initial: ErrorFields } {
  for (let each = type; each; each = Object.getPrototypeOf(each)) {
    const kind = kinds.get(each)
    if (kind) return kind
  }
  return { code: '', initial: {} }
}

/** @internal Gives a class its code, its name (which survives minifiers), and what its own fields hold at first. */
export function register(code: string, name: string, type: Kind, initial: ErrorFields = {}): void {
  if (code) byCode.set(code, type)
  kinds.set(type, { code, initial })
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

/** @internal The error for what the core says. */
export function toError({ message, details, ...rest }: NativeError): NomkitError {
  const own = Object.fromEntries(Object.entries(details).map(([name, value]) => [camel(name), value]))
  if (typeof own['argument'] === 'string') own['argument'] = spelt.get(own['argument']) ?? own['argument']
  const error = NomkitError.from({ message: respelt(message, rest.status === null), ...rest, ...own })
  Error.captureStackTrace(error, toError)
  return error
}

/** Methods and options are named as they are written here; what a server says stays as it is. */
function respelt(message: string, own: boolean): string {
  const named = message.replace(/^[a-z]+\.[a-z]+_[a-z_]+(?=:)/, camel)
  return own ? named.replace(/`([a-z_]+)`/g, (_, name: string) => `\`${spelt.get(name) ?? name}\``) : named
}

const camel = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
