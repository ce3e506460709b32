import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { command } from './command'
import { ConfigError } from './errors'
import { later } from './later'

/** Milliseconds that an emulator may take to end by itself. */
const PATIENCE = 2_000

/** What the emulator says when it is ready. */
interface Ready {
  readonly url: string
  readonly api_key: string
  readonly token: string
}

/** @internal The `nomkit` command at work. It keeps this process not alive, and ends with it: then its input closes. */
export class Program {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Starts it and hears its first words. */
  static async start(given: readonly string[]): Promise<{ readonly program: Program; readonly ready: Ready }> {
    const name = command()
    let child: ChildProcess | undefined
    try {
      const { spawn } = later<typeof import('node:child_process')>('node:child_process')
      child = spawn(name, given, { stdio: ['pipe', 'pipe', 'inherit'] })
      // What it says when it has ended concerns nobody.
      for (const part of [child, child.stdin, child.stdout]) part?.on('error', () => {})
      const ready = understood(await firstLine(child))
      if (!ready) throw new Error(`\`${name}\` is not the nomkit command`)
      child.unref()
      for (const pipe of [child.stdin, child.stdout]) (pipe as { unref?(): void } | null)?.unref?.()
      return { program: new Program(child), ready }
    } catch (cause) {
      child?.kill()
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new ConfigError(`The emulator did not start; ${why}.`, { cause })
    }
  }

  /** Ends it, and returns when it has ended. */
  async stop(): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    child.ref()
    const ended = once(child, 'exit')
    child.stdin?.end()
    const impatient = setTimeout(() => child.kill(), PATIENCE)
    await ended
    clearTimeout(impatient)
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  const { createInterface } = later<typeof import('node:readline')>('node:readline')
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> })
  try {
    return await new Promise((settle, reject) => {
      child.once('error', reject)
      lines.once('line', settle)
      lines.once('close', () => reject(new Error('its last words are above')))
    })
  } finally {
    lines.close()
  }
}

function understood(line: string): Ready | undefined {
  try {
    const { url, api_key, token } = JSON.parse(line) as Ready
    return [url, api_key, token].every((word) => typeof word === 'string') ? { url, api_key, token } : undefined
  } catch {
    return undefined
  }
}
