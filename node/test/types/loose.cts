// Compiled, never run: what users of CommonJS write.
import { Nomic, NotFoundError, type AgentListOptions, type ClientOptions } from 'nomkit'
import nomkit = require('nomkit')

const timeout: number | undefined = Number(process.env['TIMEOUT']) || undefined
const options: ClientOptions = { domain: 'acme', timeout }
const list: AgentListOptions = { status: undefined, pageSize: timeout }
export const nomic: nomkit.Nomic = new Nomic(options)
export const agents = nomic.agents.list(list)
export const same: typeof NotFoundError = nomkit.NotFoundError
export const ended: Promise<void> = nomic[Symbol.asyncDispose]()
