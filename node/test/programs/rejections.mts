/** Everything that goes wrong here is caught by those whose it is; whatever else rejects ends the process. */
import { Readable } from 'node:stream'
import { Nomic, type Chunks } from 'nomkit'

const [url, silentUrl] = process.argv.slice(2) as [string, string]
const [nomic, silent] = [url, silentUrl].map((baseUrl) => new Nomic({ baseUrl, apiKey: 'npk_test', pace: false })) as [
  Nomic,
  Nomic,
]
const raised = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'nothing',
    (error: unknown) => error,
  )
const mine = new Error('It is mine.')
const options = { name: 'a.bin', size: 1 << 20 }
/** Long enough for what is on its way. */
const moments = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}
const check = (what: string, got: unknown, wanted: unknown): void => {
  if (got !== wanted) throw new Error(`${what}: ${String(got)}`)
}

const ways: Record<string, () => Promise<void>> = {
  async 'a list that fails, asked for more than once'() {
    const list = nomic.agents.list()
    const [first, second] = await Promise.all([raised(list.next()), list.next()])
    check('first', (first as Error).name, 'FeatureUnavailableError')
    check('second', second.done, true)
    check(
      'pages',
      (await nomic.agents
        .list()
        .pages()
        .next()
        .catch((error: Error) => error.name)) as unknown,
      'FeatureUnavailableError',
    )
  },
  async 'iterators that are left'() {
    for (const open of [
      () => silent.agents.list(),
      () => silent.agents.list().pages(),
      () => silent.files.search('a'),
    ]) {
      const iterator = open() as AsyncIterableIterator<unknown>
      const winner = await Promise.race([iterator.next(), moments().then(() => 'first')])
      check('race', winner, 'first')
      await iterator.return?.()
      open() // Nobody ever asks this one.
      const controller = new AbortController()
      const late = (silent.agents.list({ signal: controller.signal }) as AsyncIterableIterator<unknown>).next()
      await Promise.race([late, moments()])
      controller.abort(mine)
      check('late', await raised(late), mine)
    }
  },
  async 'a loop that is left by an error'() {
    const run = await nomic.agents.launch({ prompt: 'Look' })
    const loop = async (): Promise<void> => {
      for await (const _ of run.updates()) throw mine
    }
    check('loop', await raised(loop()), mine)
  },
  async 'a race that a call loses'() {
    const controller = new AbortController()
    const call = silent.agents.get('agent', { signal: controller.signal })
    await Promise.race([call, moments()])
    controller.abort()
    await moments()
  },
  async 'readers that fail, at whatever moment'() {
    const failing = (): Readable =>
      new Readable({
        read() {
          this.destroy(mine)
        },
      })
    const early = new Readable({ read() {} })
    const upload = (chunks: Chunks): Promise<unknown> => raised(silent.files.upload(chunks, options))
    check('read', await upload(failing()), mine)
    const call = upload(early)
    early.destroy(mine)
    check('early', await call, mine)
    for (const stop of [
      () => Promise.reject(mine),
      () => {
        throw mine
      },
      () => new Promise<never>(() => {}),
    ]) {
      const controller = new AbortController()
      const chunks = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}), return: stop }) }
      const call = raised(silent.files.upload(chunks, { ...options, signal: controller.signal }))
      await moments()
      controller.abort(mine)
      check('stop', await call, mine)
    }
    for (const cancel of [
      () => Promise.reject(mine),
      () => {
        throw mine
      },
    ]) {
      const controller = new AbortController()
      const call = raised(
        silent.files.upload(new ReadableStream({ cancel }), { ...options, signal: controller.signal }),
      )
      await moments()
      controller.abort(mine)
      check('cancel', await call, mine)
    }
    const after = new Readable({ read() {} })
    after.push(new Uint8Array(9))
    const controller = new AbortController()
    const sent = raised(silent.files.upload(after, { ...options, signal: controller.signal }))
    await moments()
    controller.abort(mine)
    check('sent', await sent, mine)
    after.destroy(new Error('It fails once more.'))
    await moments()
  },
  async 'callbacks that throw, or reject'() {
    const kinds: [string, () => void | Promise<void>][] = [
      [
        'throws',
        () => {
          throw mine
        },
      ],
      ['rejects', () => Promise.reject(mine)],
      [
        'rejects later',
        async () => {
          await moments()
          throw mine
        },
      ],
    ]
    for (const [kind, onProgress] of kinds) {
      check(kind, await raised(silent.files.upload(new Uint8Array(1 << 20), { name: 'a.bin', onProgress })), mine)
      const run = await nomic.agents.launch({ prompt: 'Look' })
      check(kind, await raised(run.wait({ onProgress })), mine)
    }
    let reject: (reason: unknown) => void = () => {}
    const controller = new AbortController()
    const told = new Promise<void>((settle) => {
      const onProgress = (): Promise<never> => (settle(), new Promise((_, no) => (reject = no)))
      void raised(silent.files.upload(new Uint8Array(9), { name: 'a.bin', signal: controller.signal, onProgress }))
    })
    await told
    controller.abort()
    await moments()
    reject(mine)
  },
}

for (const [name, way] of Object.entries(ways)) {
  await way()
  await moments()
  console.log(name)
}
