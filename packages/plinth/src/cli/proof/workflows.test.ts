import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appFolder, type Ended } from './process.ts'

const app = `
import { anyone, app, kit, text } from 'plinth'
const desk = kit('desk', {
  models: { mark: { fields: { text: text() }, access: { read: anyone } } },
})
const go = desk.signal('go', { word: text() })
const walk = desk.workflow('walk', {
  input: { word: text() },
  async run({ input, step, waitForSignal }) {
    await step('one', async ({ data }) => {
      await data.unrestricted.mark.create({ text: input.word })
    }, { undo: async () => undefined })
    const got = await waitForSignal('told', go)
    return got.word
  },
})
desk.action('begin', {
  input: { word: text() },
  safe: false,
  allow: anyone,
  async run({ input, start }) {
    await start(walk, input, { id: 'walk-' + input.word })
  },
})
export default app({ kits: [desk] })
`

test('workflows are listed, shown, told, cancelled and forked beside a server', async (context) => {
  const folder = await appFolder(context, app)
  const served = await folder.serve(['start', 'app.ts'])
  for (const word of ['a', 'b']) {
    const response = await fetch(`${served.base}/api/desk/begin`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ word }),
    })
    assert.ok(response.ok, await response.text())
  }
  const run = (...words: readonly string[]): Promise<Ended> => folder.run(['workflows', ...words])
  const until = async (id: string, state: string): Promise<Record<string, unknown>> => {
    for (let tries = 0; tries < 20; tries++) {
      const { data } = await run('show', id, '--format', 'jsonl')
      const found = JSON.parse(data) as Record<string, unknown>
      if (found.state === state) return found
    }
    return assert.fail(`${id} is never ${state}`)
  }
  await until('walk-a', 'waiting')
  const listed = await run('list', '--state', 'waiting', '--format', 'jsonl')
  assert.equal(listed.data.trim().split('\n').length, 2)
  assert.match((await run('signal', 'walk-a', 'desk.go', '{"word":"on"}')).told, /Told/)
  assert.equal((await until('walk-a', 'completed')).result, 'on')
  assert.match((await run('show', 'walk-a')).data, /signal +told +done.*"on"/)
  await run('cancel', 'walk-b', '--reason', 'not needed')
  assert.equal((await until('walk-b', 'cancelled')).reason, 'not needed')
  const fork = await run('fork', 'walk-a', '--from', 'told', '--id', 'walk-c')
  assert.equal(fork.data.trim(), 'walk-c')
  assert.equal((await until('walk-c', 'waiting')).forkedFrom, 'walk-a')
  assert.match((await run('retry', 'walk-c')).told, /Nothing of it has failed/)
  const version = await run('fork', 'walk-a', '--from', 'told', '--code', '7')
  assert.match(version.told, /no version 7 of its code\. desk\.walk has: 1/)
  assert.match((await run('list', '--name', 'walk')).told, /no workflow walk\. The app has: desk\./)
  const refused = await run('retry', 'walk-b')
  assert.notEqual(refused.code, 0)
  assert.match(refused.told, /has ended \(cancelled\): fork it/)
  assert.match((await run('signal', 'walk-c', 'desk.go', '{"wort":1}')).told, /unknown|only: word/)
  assert.match((await run('fork', 'walk-a')).told, /--from/)
  assert.equal(await served.end(), 0)
})
