import type { Json } from './json'
import { revive, spelt, type File } from './records'

/** What an error says besides its message: what every error has, and the fields of its class. */
export type ErrorFields = Readonly<Record<string, unknown>>

/** As the core says it. */
export interface NativeError {
  readonly code: string
  readonly message: string
  readonly uploaded: readonly unknown[]
  readonly details: Readonly<Record<string, Json>>
}

/**
 * Everything that nomkit throws, but for the reason of an `AbortSignal` and what a callback or a reader of yours throws.
 *
 * A structured clone of an error keeps its message and its stack, as of any error. `toJSON()` gives all of it as plain
 * data, and `NomkitError.from(data)` is the error again, with its class.
 */
export class NomkitError extends Error {
  /** One stable word for machines. */
  readonly code: string = ''
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
  /** `not_sent`, `answered` or `unknown`; `null` if there was no request. */
  readonly outcome: string | null = null
  /** The files that were on the platform before the call failed. */
  readonly uploaded: readonly File[] = []

  constructor(message: string, fields: ErrorFields = {}) {
    super(message)
    const { code, initial } = kinds.get(new.target) ?? { code: '', initial: {} }
    Object.assign(this, { code }, initial, fields)
  }

  /** All that it says, as plain data. */
  toJSON(): ErrorFields {
    return { ...(this as unknown as ErrorFields), name: this.name, message: this.message }
  }

  /** The error that said this. */
  static from(data: ErrorFields): NomkitError {
    const { name: _, message, ...fields } = data
    return new (byCode.get(String(fields['code'])) ?? NomkitError)(String(message), fields)
  }
}
Object.defineProperty(NomkitError.prototype, 'name', { value: 'NomkitError', configurable: true, writable: true })

type Kind = new (message: string, fields?: ErrorFields) => NomkitError
const byCode = new Map<string, Kind>()
const kinds = new Map<unknown, { code: string; initial: ErrorFields }>()

/** @internal Gives a class its code, its name (which survives minifiers), and what its own fields hold at first. */
export function register(code: string, name: string, type: Kind, initial: ErrorFields = {}): void {
  if (code) byCode.set(code, type)
  kinds.set(type, { code, initial })
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

/** @internal The error for what the core says. */
export function toError({ message, uploaded, details, ...rest }: NativeError): NomkitError {
  const own = Object.fromEntries(Object.entries(details).map(([name, value]) => [camel(name), value]))
  if (typeof own['argument'] === 'string') own['argument'] = spelt.get(own['argument']) ?? own['argument']
  const local = rest.code === 'config' || rest.code === 'invalid_input'
  return NomkitError.from({ message: local ? respelt(message) : message, uploaded: uploaded.map(revive.File), ...rest, ...own })
}

/** Options are named as they are written here. */
const respelt = (message: string): string =>
  message.replace(/`([a-z]+(?:_[a-z]+)+)`/g, (whole, name: string) => (spelt.has(name) ? `\`${spelt.get(name)}\`` : whole))

const camel = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
