import assert from 'node:assert/strict'
import test from 'node:test'
import { Source } from 'nomkit'
import { emulator } from './world.mjs'

const report = new URL('../../../examples/inspection-report.pdf', import.meta.url)

test('upload, launch, wait, result, follow-up', async () => {
  const { nomic } = await emulator()
  const file = await nomic.files.upload(report, { path: 'alpha/report.pdf' })
  const run = await nomic.agents.launch({ prompt: 'What is wrong with the fire doors?', files: [file] })
  const result = await run.wait({ timeout: 60_000 })
  assert.match(result.text, /\[report\.pdf, p\. \d+\]/)
  const next = await run.followUp('Now turn that into a punch list')
  assert.equal(next.turn, 2)
  assert.match((await next.wait()).text, /Punch list/)
})

test('ask does all of it', async () => {
  const { nomic } = await emulator()
  const result = await nomic.ask('What is wrong with the fire doors?', { files: [Source.path(report)] })
  assert.match(result.text, /fire door/i)
})
