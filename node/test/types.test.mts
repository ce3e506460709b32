import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
const base = [
  '--ignoreConfig',
  '--noEmit',
  '--strict',
  '--target',
  'es2022',
  '--types',
  'node',
  '--skipLibCheck',
  'false',
]

/** What the compiler says of the examples. */
function compiled(...given: string[]): string {
  const examples = ['surface.mts', 'loose.cts'].map((name) => join(root, 'test', 'types', name))
  const done = spawnSync(process.execPath, [compiler, ...base, ...given, ...examples], { cwd: root, encoding: 'utf8' })
  return done.error ? String(done.error) : done.stdout
}

for (const lib of [
  ['--lib', 'es2022,esnext.disposable'],
  ['--lib', 'esnext,dom'],
]) {
  for (const exact of ['true', 'false']) {
    test(`the declarations hold without skipLibCheck: ${lib[1]}, exactOptionalPropertyTypes ${exact}`, () => {
      assert.equal(compiled('--module', 'nodenext', '--exactOptionalPropertyTypes', exact, ...lib), '')
    })
  }
}

test('the declarations name nothing internal, and explain what they name', async () => {
  const folder = join(root, 'dist')
  for (const name of (await readdir(folder)).filter((name) => name.endsWith('.d.ts'))) {
    const text = await readFile(join(folder, name), 'utf8')
    assert.doesNotMatch(text, /@internal|[Nn]ative[A-Z.]|Queue|Beside/, name)
    const lines = text.split('\n')
    const bare = lines.filter((line, at) => {
      const member = /^(?:export (?!\*|\{|type \{)|    (?!#private|private |readonly \[|\*|\/|\}|'|\|)\S)/.test(line)
      return member && !/\*\/\s*$/.test(lines[at - 1] ?? '')
    })
    assert.deepEqual(bare, [], name)
  }
})
