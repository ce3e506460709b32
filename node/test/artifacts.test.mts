import assert from 'node:assert/strict'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'node:test'
import { Artifact, InvalidInputError, LocalIoError, Nomic, type ArtifactKind } from 'nomkit'
import { failure, folder, server } from './world.mjs'

const made = (given: Partial<ConstructorParameters<typeof Artifact>[0]> = {}): Artifact =>
  new Artifact({
    id: 'a1',
    name: 'report',
    kind: 'markdown',
    text: '# Hi',
    columns: [],
    rows: [],
    error: null,
    extra: {},
    ...given,
  })

test('a document is written as it is, and a taken name gets the id', async () => {
  const out = join(await folder(), 'made', 'if need be')
  assert.equal(await made().download(out), join(out, 'report.md'))
  assert.equal(await made({ name: 'report.md', text: 'other' }).download(pathToFileURL(out)), join(out, 'report-a1.md'))
  assert.equal((await failure(LocalIoError, () => made().download(out))).code, 'io')
  assert.deepEqual((await readdir(out)).sort(), ['report-a1.md', 'report.md'])
  assert.equal(await readFile(join(out, 'report.md'), 'utf8'), '# Hi')
})

test('a table is written as CSV, in the order of its columns', async () => {
  const columns = [
    { id: 'b', name: 'B, quoted' },
    { id: 'a', name: null },
  ]
  const rows = [{ a: 1, b: 'x"y' }, { b: null }]
  const path = await made({ name: 'Findings', kind: 'table', text: null, columns, rows }).download(await folder())
  assert.equal(basename(path), 'Findings.csv')
  assert.equal(await readFile(path, 'utf8'), '"B, quoted",a\n"x""y",1\n,\n')
})

test('hostile names stay inside the folder', async () => {
  for (const name of ['../../x', '/etc/x', 'C:\\x', 'a\0b', 'CON', '...', '', null, '\u202efdp', '__proto__']) {
    const out = await folder()
    assert.equal(dirname(await made({ name }).download(out)), out)
  }
})

test('an artifact of a kind that nobody knows is text', async () => {
  assert.equal(basename(await made({ kind: 'hologram' satisfies ArtifactKind }).download(await folder())), 'report.txt')
})

test('one that has an error instead of content writes nothing', async () => {
  const out = await folder()
  const error = await failure(LocalIoError, () => made({ text: null, error: 'It is too large.' }).download(out))
  assert.match(error.message, /It is too large\./)
  assert.deepEqual(await readdir(out), [])
})

test('what cannot be written, or is no artifact, is told apart', async () => {
  const out = await folder()
  await writeFile(join(out, 'file'), '')
  await failure(LocalIoError, () => made().download(join(out, 'file')))
  for (const odd of [undefined, null, 5, new URL('https://acme.example/')]) {
    assert.equal((await failure(InvalidInputError, () => made().download(odd as never))).argument, 'folder')
  }
  const broken = await failure(InvalidInputError, () => made({ id: { npk_SECRET: 1 } as never }).download(out))
  assert.doesNotMatch(broken.message, /SECRET/)
})

test('a copy of an artifact is one again', async () => {
  const again = new Artifact(structuredClone({ ...made() }))
  assert.deepEqual(again, made())
  assert.equal(basename(await again.download(await folder())), 'report.md')
})

test('a number that JavaScript would round is text, in a row and in the file', async () => {
  const row =
    '{"code":340123450000000018,"under":-9007199254740993,"safe":9007199254740991,"__proto__":[18446744073709551615]}'
  const url = await server((_, response) => {
    response.setHeader('Content-Type', 'application/json')
    response.end(
      `{"data":{"id":"t","name":"Units","type":"table","columns":[{"id":"code"},{"id":"safe"}],"rows":[${row}]}}`,
    )
  })
  const artifact = await new Nomic({ baseUrl: url, apiKey: 'npk_test', pace: false }).agents.artifact('a', 't')
  const values = ['340123450000000018', '-9007199254740993', 9007199254740991, ['18446744073709551615']]
  assert.deepEqual(Object.values(artifact.rows[0] ?? {}), values)
  assert.equal(
    await readFile(await artifact.download(await folder()), 'utf8'),
    'code,safe\n340123450000000018,9007199254740991\n',
  )
})
