/** A server that keeps its callers waiting, and tells when they hang up. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { after } from 'node:test'
import { Nomic, type ClientOptions } from 'nomkit'
import { PATIENCE } from './world.mjs'

/** Milliseconds within which the server sees a call's end: of two hundred, since one alone may meet a machine that stalls. */
export const GATE = 200
/** Milliseconds within which it sees that of one alone, which would go on for far longer. */
export const SOON = 2000

/** What it answers to a request's first line; nothing if that is `undefined`. */
type Answers = (line: string) => string | undefined

export const agent = answer('{"data":{"id":"agent","status":"running"}}')

/** An HTTP answer. */
export function answer(body: string, status = '200 OK', headers = ''): string {
  return `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

export class Wire {
  /** The first line of each request so far. */
  readonly requests: string[] = []
  readonly sockets: Socket[] = []
  /** When callers hung up, by `performance.now()`. */
  readonly ended: number[] = []
  readonly #server: Server
  readonly #changes = new EventEmitter()

  /** One that ends with the tests of its file. One that is `deaf` reads no further than a request's head. */
  static async open(answers: Answers = () => undefined, { deaf = false } = {}): Promise<Wire> {
    const wire = new Wire(answers, deaf)
    after(() => wire.close())
    await once(wire.#server, 'listening')
    return wire
  }

  private constructor(answers: Answers, deaf: boolean) {
    this.#changes.setMaxListeners(0)
    this.#server = createServer((socket) => {
      this.sockets.push(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#change(() => this.ended.push(performance.now())))
      socket.on('data', (data) => {
        const line = /^(GET|POST|DELETE|CONNECT) \S+/.exec(data.toString('latin1'))?.[0]
        if (line === undefined) return this.#change(() => {})
        if (deaf) socket.pause()
        this.#change(() => this.requests.push(line))
        const reply = answers(line)
        if (reply !== undefined) socket.write(reply)
      })
    })
    this.#server.listen(0, '127.0.0.1')
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  nomic(options: ClientOptions = {}): Nomic {
    return new Nomic({ baseUrl: `http://127.0.0.1:${this.port}`, apiKey: 'npk_test', pace: false, ...options })
  }

  /** Waits until something is so. */
  async until(condition: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE)
    while (!condition()) await once(this.#changes, 'change', { signal })
  }

  /** Reads on. */
  hear(): void {
    for (const socket of this.sockets) socket.resume()
  }

  close(): void {
    this.#server.close()
    for (const socket of this.sockets) socket.destroy()
  }

  #change(change: () => void): void {
    change()
    this.#changes.emit('change')
  }
}

/** Aborts a call, whose connection is closed then. */
export async function hungUp(wire: Wire, controller: AbortController, call: Promise<unknown>): Promise<void> {
  const reason = new Error('I have changed my mind.')
  const at = performance.now()
  controller.abort(reason)
  await assert.rejects(call, (raised) => raised === reason)
  wire.hear()
  await wire.until(() => wire.ended.length === wire.sockets.length)
  const took = (wire.ended.at(-1) ?? Infinity) - at
  assert.ok(took < SOON, `${took} ms`)
}
