import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { invalid } from './arguments'
import { ConnectError, ProtocolError } from './errors'
import type { Json } from './json'
import { later } from './later'

/** Milliseconds that an emulator may take to answer. */
const PATIENCE = 30_000

/** @internal One request to an emulator's control routes. */
export async function control(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, Json>> {
  const { status, answer } = await exchange(url, token, method, path, json(body)).catch((cause: unknown) => {
    throw new ConnectError(`The emulator at ${url} cannot be reached. Does it run?`, { cause, outcome: 'unknown' })
  })
  let told: Record<string, Json>
  try {
    told = JSON.parse(answer || '{}') as Record<string, Json>
  } catch {
    throw new ProtocolError(`What answers at ${url} is no emulator.`, { reason: 'json', status })
  }
  if (status < 400) return told
  const issues = (told['issues'] ?? []) as { readonly message: string }[]
  const why = [told['error'] ?? status, ...issues.map((issue) => issue.message)]
  throw invalid('emulator', `The emulator refused: ${why.join(', ')}`)
}

async function exchange(url: string, token: string, method: string, path: string, body: string | undefined) {
  const { request } = later<typeof import('node:http')>('node:http')
  const { text } = later<typeof import('node:stream/consumers')>('node:stream/consumers')
  const headers = { 'X-Emulator-Token': token, 'Content-Type': 'application/json' }
  // A connection of its own, which nothing keeps open afterwards.
  const sent = request(`${url}/_emulator/${path}`, { method, headers, agent: false, timeout: PATIENCE })
  sent.once('timeout', () => sent.destroy(new Error('no answer')))
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: response.statusCode ?? 500, answer: await text(response) }
}

function json(body: object | undefined): string | undefined {
  try {
    return body && JSON.stringify(body)
  } catch {
    throw invalid('options', 'What is given is not JSON: it holds itself, or a bigint.')
  }
}
