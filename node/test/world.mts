/** What tests stand on: an emulator for each file, which ends with it. */
import { Emulator, type EmulatorOptions, type Json, type Nomic } from 'nomkit'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** A document of six pages. */
export const report = new URL('../../../examples/inspection-report.pdf', import.meta.url)

/** An emulator whose agents are quick. */
export async function emulator(options: EmulatorOptions = {}): Promise<{ emulator: Emulator; nomic: Nomic }> {
  const emulator = await Emulator.start({ waiting: 10, running: 50, rates: false, ...options })
  after(() => emulator.stop())
  return { emulator, nomic: emulator.nomic() }
}

/** What the server received, in order. */
export async function requests(
  emulator: Emulator,
  operation?: string,
): Promise<readonly { readonly [name: string]: Json }[]> {
  const { requests } = await emulator.ledger()
  return requests.filter((request) => operation === undefined || request['operation'] === operation)
}

/** A folder that goes with the test file. */
export async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'nomkit-'))
  after(() => rm(made, { recursive: true, force: true }))
  return made
}

/** A server that answers as the test says; its URL. */
export async function server(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What a call throws or rejects with. */
export async function thrown(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}

/** The same, of this class. */
export async function failure<E extends Error>(type: new (...given: never[]) => E, call: () => unknown): Promise<E> {
  const error = await thrown(call)
  assert.ok(error instanceof type, `not a ${type.name}, but ${String(error)}`)
  return error
}

/** The name and the hash of each file that the platform has. */
export async function stored(emulator: Emulator): Promise<[string, string][]> {
  return (await emulator.ledger()).files.map((file) => [String(file['name']), String(file['sha256'])])
}

/** Milliseconds after which something counts as hanging: far more than a busy machine needs. */
export const PATIENCE = 30_000

/** Waits until something is so. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const limit = performance.now() + PATIENCE
  while (!(await condition())) if (performance.now() > limit) throw new Error(`It hangs: ${condition}`)
}
