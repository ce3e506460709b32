/** Bundles of a small server: the addon stays outside with no configuration, and the server answers. */
import assert from 'node:assert/strict'
import { readFile, readdir } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import { begin } from './program.mjs'
import { project, tool, untold } from './project.mjs'
import { emulator } from './world.mjs'

const { emulator: shared } = await emulator()

const server = `
import { createServer } from 'node:http'
import { Nomic, NotFoundError } from 'nomkit'

const nomic = new Nomic({ baseUrl: process.env.EMULATOR, apiKey: process.env.KEY })
createServer(async (request, response) => {
  try {
    if (request.url === '/') response.end((await nomic.ask('What is wrong with the fire doors?')).text)
    else response.end((await nomic.agents.get(request.url.slice(1))).id)
  } catch (error) {
    response.statusCode = error instanceof NotFoundError ? 404 : 500
    response.end(JSON.stringify({ name: error.name, shown: String(error), code: error.code }))
  }
}).listen(0, '127.0.0.1', function () {
  console.log(this.address().port)
})
`

type Build = (entry: string, folder: string) => Promise<string>
const esbuild =
  (format: 'cjs' | 'esm', minify: boolean): Build =>
  async (entry, folder) => {
    const { build } = (await import(pathToFileURL(tool('esbuild/lib/main.js') ?? '').href)) as {
      build(options: object): Promise<{ warnings: unknown[] }>
    }
    const outfile = join(folder, 'out', format === 'cjs' ? 'server.cjs' : 'server.mjs')
    const { warnings } = await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format,
      minify,
      logLevel: 'silent',
    })
    assert.deepEqual(warnings, [])
    return outfile
  }
const webpack =
  (output: object, experiments: object, filename: string): Build =>
  async (entry, folder) => {
    const { default: webpack } = (await import(pathToFileURL(tool('webpack/lib/index.js') ?? '').href)) as {
      default(
        options: object,
        done: (
          error: unknown,
          stats: { toString(options: object): string; hasErrors(): boolean; hasWarnings(): boolean },
        ) => void,
      ): void
    }
    const path = join(folder, 'out')
    const options = {
      mode: 'production',
      target: 'node',
      context: folder,
      entry,
      output: { path, filename, ...output },
      experiments,
    }
    await new Promise<void>((settle, reject) =>
      webpack(options, (error, stats) => {
        if (error || stats.hasErrors() || stats.hasWarnings()) reject(error ?? new Error(stats.toString({})))
        else settle()
      }),
    )
    return join(path, filename)
  }

const builds: Readonly<Record<string, Build>> = {
  'esbuild, CommonJS': esbuild('cjs', false),
  'esbuild, CommonJS, minified': esbuild('cjs', true),
  'esbuild, ECMAScript': esbuild('esm', false),
  'esbuild, ECMAScript, minified': esbuild('esm', true),
  'webpack, CommonJS': webpack({}, {}, 'server.cjs'),
  'webpack, ECMAScript': webpack({ module: true, chunkFormat: 'module' }, { outputModule: true }, 'server.mjs'),
}

for (const [name, build] of Object.entries(builds)) {
  test(name, { skip: untold(`${name.split(',')[0]}/package.json`) }, async () => {
    const folder = await project({ 'server.mjs': server })
    const built = await build(join(folder, 'server.mjs'), folder)
    for (const file of await readdir(join(folder, 'out'))) {
      assert.ok(!file.endsWith('.node'), `${file} is a copy of the addon.`)
    }
    assert.ok((await readFile(built)).length < 1 << 20, 'The addon is within the bundle.')
    const [child, ended] = begin(built, [], { cwd: '/', env: { EMULATOR: shared.url, KEY: shared.apiKey } })
    const errors = ended.then(({ errors }) => assert.fail(errors))
    try {
      const port = await Promise.race([
        errors,
        new Promise<string>((settle) => child.stdout && createInterface(child.stdout).once('line', settle)),
      ])
      assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /\w+/)
      const missing = await fetch(`http://127.0.0.1:${port}/nobody`)
      assert.equal(missing.status, 404)
      const { name, shown, code } = (await missing.json()) as Record<string, string>
      assert.deepEqual([name, shown?.split(':')[0], code], ['NotFoundError', 'NotFoundError', 'not_found'])
    } finally {
      errors.catch(() => {})
      child.kill()
      await ended
    }
  })
}
