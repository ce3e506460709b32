/**
 * Which packages hold the addon and the command for this machine, and where they are. The package `nomkit-cli` has a
 * copy of this file.
 */
import { readFileSync } from 'node:fs'
import modules from 'node:module'
import { dirname, isAbsolute, join } from 'node:path'
import { platforms, version } from './platforms'

/** @internal A platform as packages are named after it, and as messages call it. */
export interface Platform {
  readonly name: string
  readonly words: string
}

/** @internal This machine's. */
export function platform(): Platform {
  const { platform, arch } = process
  const words = `${platform} ${arch}`
  if (platform === 'win32') return { name: `${platform}-${arch}-msvc`, words }
  if (platform !== 'linux') return { name: `${platform}-${arch}`, words }
  return musl()
    ? { name: `${platform}-${arch}-musl`, words: `${words} with musl` }
    : { name: `${platform}-${arch}-gnu`, words: `${words} with glibc` }
}

/**
 * Whether this process runs on musl: its loader is mapped into it then. Files of the system say less, since both
 * libraries may be installed, and a report of Node's takes long (without an option it looks up names of hosts).
 */
function musl(): boolean {
  try {
    return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-')
  } catch {
    return false
  }
}

/** @internal A file's own `require`, made by a name that bundlers do not know: they would look into what it is given. */
export const requireOf = (file: string): NodeJS.Require => Reflect.get(modules, 'createRequire')(file)

/** @internal The path of a package's file as the first of these files sees it that sees it at all. */
export function find(request: string, from: readonly (string | undefined)[]): string | undefined {
  for (const file of from) {
    try {
      if (file !== undefined) return requireOf(file).resolve(request)
    } catch {
      // This one does not see it.
    }
  }
  return undefined
}

/** @internal The file that holds this code, which may be a bundle, and the program's. */
export function own(): readonly (string | undefined)[] {
  const file = typeof __filename === 'string' && isAbsolute(__filename) ? __filename : undefined
  // ECMAScript modules have no such name, but appear in stacks by their URL.
  const url = file === undefined ? /file:\/\/\S+?(?=:\d+:\d+)/.exec(new Error().stack ?? '')?.[0] : undefined
  const main = process.argv[1]
  return [file, url, main !== undefined && isAbsolute(main) ? main : undefined]
}

/** @internal What to say when a platform's package is not there; `of` is the package that asks for it. */
export function missing(name: string, of: string, words: string): string {
  return (
    `The package ${name} is not installed, or not whole; ${of} ${version} needs it on ${words}. ` +
    `Run: npm install --include=optional ${of}@${version} ` +
    `(npm leaves it out with --omit=optional, and where package-lock.json or node_modules come from another platform: ` +
    `then delete both and run npm install). A bundled program needs it in a node_modules beside or above it.`
  )
}

/** @internal What to say on a platform without packages. */
export function unsupported(what: string, words: string): string {
  return `${what} ${version} does not run on ${words}. There are packages for ${platforms.join(', ')}.`
}

/**
 * @internal The path of the command's program, as the package `nomkit-cli` sees it.
 *
 * @param cli - A file of that package.
 */
export function commandOf(cli: string): string {
  const { name, words } = platform()
  if (!platforms.includes(name)) throw new Error(unsupported('nomkit-cli', words))
  const wanted = `@nomkit/cli-${name}`
  const found = find(`${wanted}/package.json`, [cli])
  if (found === undefined) throw new Error(missing(wanted, 'nomkit-cli', words))
  return join(dirname(found), 'bin', process.platform === 'win32' ? 'nomkit.exe' : 'nomkit')
}
