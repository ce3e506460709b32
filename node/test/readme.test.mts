import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { folder } from './world.mjs'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const readme = await readFile(join(root, 'README.md'), 'utf8')
const examples = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => String(code))

test('README has examples for Node', () => assert.ok(examples.length > 0))

for (const [at, code] of examples.entries()) {
  test(`example ${at + 1} of README runs as pasted`, async () => {
    const here = await folder()
    await symlink(join(root, 'examples'), join(here, 'examples'))
    // Here, so that `nomkit` is this package.
    const program = fileURLToPath(new URL(`../readme/example${at + 1}.mjs`, import.meta.url))
    await mkdir(fileURLToPath(new URL('../readme', import.meta.url)), { recursive: true })
    await writeFile(program, code)
    const child = spawn(process.execPath, [program], { cwd: here, stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
    assert.equal(child.exitCode, 0)
    assert.match(said, /door/i)
  })
}
