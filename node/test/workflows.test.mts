import assert from 'node:assert/strict'
import test, { beforeEach } from 'node:test'
import { BadRequestError, InvalidInputError, Source } from 'nomkit'
import { emulator, failure, report, requests } from './world.mjs'

const { emulator: platform, nomic } = await emulator()
beforeEach(() => platform.reset())

test('workflows are listed with their slots', async () => {
  const id = await platform.workflow('Review', {
    description: 'Makes a punch list.',
    requestedFiles: [
      { name: 'drawings', description: 'Plans', multiple: true },
      { name: 'notes', optional: true },
    ],
  })
  const found = []
  for await (const workflow of nomic.workflows.list({ pageSize: 1 })) found.push(workflow)
  const workflow = found.find((workflow) => workflow.id === id)
  assert.deepEqual(
    workflow?.requestedFiles.map(({ name, optional, multiple }) => [name, optional, multiple]),
    [
      ['drawings', false, true],
      ['notes', true, false],
    ],
  )
})

test('slots take one file or several, local or on the platform', async () => {
  const id = await platform.workflow('Review', {
    requestedFiles: [{ name: 'drawings', multiple: true }, { name: 'notes' }],
  })
  const file = await nomic.files.upload(report)
  const inputs = {
    drawings: [file, Source.path(report)],
    notes: Source.bytes(Buffer.from('A note.'), { name: 'notes.txt' }),
  }
  const result = await nomic.ask(undefined, { workflowId: id, inputs })
  assert.equal(result.agent.workflowId, id)
  assert.equal(result.agent.files.length, 3)
})

test('what does not fit together costs no request', async () => {
  const source = Source.bytes(Buffer.from('text'), { name: 'a.txt' })
  for (const [options, argument] of [
    [{ workflowId: 'a', files: [source] }, 'files'],
    [{ prompt: 'Look', inputs: { notes: source } }, 'inputs'],
    [{ workflowId: 'a', prompt: 'Look', inputs: { notes: source } }, 'prompt'],
    [{ workflowId: 'a', inputs: { notes: [] } }, 'inputs'],
  ] as const) {
    assert.equal((await failure(InvalidInputError, () => nomic.agents.launch(options))).argument, argument)
  }
  assert.deepEqual(await requests(platform), [])
})

test('what the server finds wrong is said', async () => {
  const id = await platform.workflow('Review', { requestedFiles: [{ name: 'notes' }] })
  const error = await failure(BadRequestError, () => nomic.agents.launch({ workflowId: id }))
  assert.equal(error.status, 400)
})
