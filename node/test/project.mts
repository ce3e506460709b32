/** Folders with the package installed, where other tools work on it. */
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** Where the tools are, which only tests need: `make node/test/tools/node_modules`. */
const tools = join(root, 'test', 'tools')

/** A tool's file; `undefined` where the tools are not installed. */
export function tool(path: string): string | undefined {
  const found = join(tools, 'node_modules', path)
  return existsSync(found) ? found : undefined
}

/** Why tests of tools say nothing here, if that is so. In CI they always speak. */
export function untold(path: string): string | false {
  return (
    !process.env['CI'] &&
    tool(path) === undefined &&
    `${path.split('/')[0]} is not installed: make node/test/tools/node_modules`
  )
}

/** A folder with these files, and with the package as npm would install it; the tools are seen from there too. */
export async function project(files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(join(tools, 'build'), { recursive: true })
  const folder = await mkdtemp(join(tools, 'build', 'project-'))
  after(() => rm(folder, { recursive: true }))
  const installed = join(folder, 'node_modules', 'nomkit')
  for (const part of ['package.json', 'dist']) await cp(join(root, part), join(installed, part), { recursive: true })
  const addon = dirname(createRequire(join(root, 'package.json')).resolve(platformPackage))
  await cp(addon, join(folder, 'node_modules', platformPackage), { recursive: true, dereference: true })
  await writeFile(join(folder, 'package.json'), '{"private":true}')
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

/** The addon in such a folder. */
export const addonOf = (folder: string): string => join(folder, 'node_modules', platformPackage, 'nomkit.node')

const platformPackage = `@nomkit/${process.platform}-${process.arch}-gnu`
