import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appFolder } from './process.ts'

const app = `import { anyone, app, integer, kit, text } from 'plinth'
const note = { fields: { text: text() }, access: { read: anyone } }
const desk = kit('desk', { models: { note } })
const said = desk.event('said', { text: text() })
desk.on(said, async ({ event, data }) => {
  await data.unrestricted.note.create({ text: 'heard ' + event.data.text })
})
const bad = desk.job('bad', {
  input: { number: integer() },
  retry: { attemptsMax: 1 },
  run: async () => { throw new Error('always') },
})
desk.action('say', { input: { text: text() }, allow: anyone, async run({ input, emit, enqueue }) {
  emit(said, { text: input.text })
  await enqueue(bad, { number: 1 })
} })
desk.schedule('daily', { cron: '0 3 * * *', async run() {} })
export default app({ title: 'Desk', kits: [desk] })
`

test('work runs beside a server that runs none; people look at what it did', async (context) => {
  const folder = await appFolder(context, app)
  const served = await folder.serve(['dev'], { PLINTH_WORK: 'off' })
  const body = JSON.stringify({ text: 'hello' })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${served.base}/api/desk/say`, { method: 'POST', headers, body })
  assert.ok(answer.ok, await answer.text())
  const mistyped = await folder.run(['jobs', 'pause', 'defualt'])
  assert.equal(mistyped.code, 1, mistyped.told)
  assert.match(mistyped.told, /no queue "defualt"; did you mean default\?/)
  assert.match((await folder.run(['jobs', 'pause', 'default'])).told, /is paused/)
  const waiting = await folder.run(['jobs', 'queues'])
  assert.match(waiting.data, /default\s+paused\s+ready 2/, waiting.told)
  assert.match((await folder.run(['jobs', 'resume', 'default'])).told, /goes on/)
  const working = await folder.serve(['work'])
  while (!(await served.ask('/api/notes')).text.includes('heard hello')) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.equal(await working.end(), 0, working.told())
  const dead = await folder.run(['jobs', 'dead'])
  const [, id = ''] = /^(\S+) +desk\.bad +default +failed +1 .* always$/m.exec(dead.data) ?? []
  assert.notEqual(id, '', dead.data)
  const shown = JSON.parse((await folder.run(['jobs', 'show', id])).data)
  assert.deepEqual(shown.input, { number: 1 })
  assert.match((await folder.run(['jobs', 'dead', '--retry'])).told, /1 dead letters run anew/)
  assert.match((await folder.run(['jobs', 'cancel', id])).told, /is cancelled/)
  const events = (await folder.run(['events', 'list', '--type', 'desk.said'])).data
  assert.equal(JSON.parse(events).data.text, 'hello')
  const replayed = await folder.run(['events', 'replay', 'desk.said', '--from', '1'])
  assert.match(replayed.told, /1 events are handled anew/)
  assert.match(
    (await folder.run(['schedules'])).data,
    /desk\.daily +0 3 \* \* \* +UTC +once +never/,
  )
  const schedules = async (verb: string) => folder.run(['schedules', verb, 'desk.daily'])
  assert.match((await schedules('pause')).told, /desk\.daily is paused/)
  assert.match((await folder.run(['schedules'])).data, /desk\.daily .* paused since 20/)
  assert.match((await schedules('resume')).told, /desk\.daily goes on/)
  assert.match((await schedules('run')).told, /runs as the job [0-9a-f-]{36}\./)
})
