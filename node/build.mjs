// Makes dist/: the declarations; one file of CommonJS for Node, and its names for `import`; a form for bundlers.
// One file, since Node needs longer to find and read twenty than to run them.
import { build } from 'esbuild-wasm'
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'

process.chdir(import.meta.dirname ?? new URL('.', import.meta.url).pathname)
rmSync('dist', { recursive: true, force: true })

const require = createRequire(import.meta.url)
const tsc = (...options) => execFileSync('node_modules/.bin/tsc', options, { stdio: 'inherit' })
tsc('-p', '.', '--emitDeclarationOnly')
tsc('-p', 'tsconfig.esm.json')
copyFileSync('esm.package.json', 'dist/esm/package.json')

const bundle = (from, outfile) =>
  build({
    entryPoints: [from],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    keepNames: true,
    logLevel: 'warning',
  })
await bundle('src/index.ts', 'dist/index.js')
// The launcher of the command knows the platforms too.
await bundle('src/platform.ts', 'build/command/platform.js')

// By `require`: of what is imported Node would look through the whole text for names, which takes longer than all else.
const names = Object.keys(require('./dist/index.js')).sort()
writeFileSync(
  'dist/index.mjs',
  `// The same classes as \`require\` gives.
import { createRequire } from 'node:module'
const all = createRequire(import.meta.url)('./index.js')
export const {
${names.map((name) => `  ${name},\n`).join('')}} = all
`,
)
writeFileSync('dist/index.d.mts', "export * from './index.js'\n")
