/** Programs of the folder beside, each run in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { PATIENCE } from './world.mjs'

/** How a program ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly errors: string
}

export interface ProgramOptions {
  /** Of Node. */
  readonly flags?: readonly string[]
  /** Which Node. */
  readonly node?: string
  /** Milliseconds after which it hangs. */
  readonly patience?: number
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Begins a program; a path is one elsewhere. */
export function begin(
  program: string,
  given: readonly string[],
  options: ProgramOptions = {},
): [ChildProcess, Promise<Ended>] {
  const path = program.includes('/') ? program : fileURLToPath(new URL(`programs/${program}.mjs`, import.meta.url))
  // Of a test runner's, and of a developer's.
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...environment } = process.env
  const child = spawn(options.node ?? process.execPath, [...(options.flags ?? []), path, ...given], {
    env: { ...environment, ...options.env },
    cwd: options.cwd,
    timeout: options.patience ?? PATIENCE,
    killSignal: 'SIGKILL',
  })
  return [child, ended(child)]
}

/** Runs a program to its end. */
export function run(program: string, given: readonly string[] = [], options: ProgramOptions = {}): Promise<Ended> {
  return begin(program, given, options)[1]
}

async function ended(child: ChildProcess): Promise<Ended> {
  const [out, errors, [code, signal]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'exit') as Promise<[number | null, string | null]>,
  ])
  return { code, signal, out, errors }
}
