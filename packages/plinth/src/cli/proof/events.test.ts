import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AppFolder, appFolder, type Served } from './process.ts'

const sums = `
desk.subscription('sums', { events: [said], async run({ events, data }) {
  for (const { data: { text } } of events) {
    if (text === 'poison') throw new Error('indigestible')
    await data.unrestricted.note.create({ text: 'sum ' + text })
  }
} })`

const app = (subscription: string) => `import { anyone, app, kit, text } from 'plinth'
const note = { fields: { text: text() }, access: { read: anyone } }
const desk = kit('desk', { models: { note } })
const said = desk.event('said', { text: text() })
desk.action('say', { input: { text: text() }, allow: anyone, async run({ input, emit }) {
  emit(said, { text: input.text })
} })
${subscription}
export default app({ title: 'Desk', kits: [desk] })
`

const wrong: readonly (readonly [string, number, RegExp])[] = [
  ['events rewind desk.sum --to now', 1, /no subscription "desk\.sum"; did you mean desk\.sums/],
  ['events rewind desk.sums', 2, /required option '--to/],
  ['events rewind --to now', 2, /Something is missing: plinth events rewind/],
  ['events rewind desk.sums --to yesterday', 2, /yesterday/],
  ['events forget desk.sums', 1, /is declared: take it out of its kit first/],
]

function wordsOf(folder: AppFolder, served: Served) {
  return {
    async say(text: string): Promise<void> {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ text })
      const answer = await fetch(`${served.base}/api/desk/say`, { method: 'POST', headers, body })
      assert.ok(answer.ok, await answer.text())
    },
    /** Waits until so many notes tell of a text. */
    async notes(text: string, count: number): Promise<void> {
      for (;;) {
        const list = (await served.ask('/api/notes?limit=200')).text
        const found = list.split(`"sum ${text}"`).length - 1
        assert.ok(found <= count, `${found} times ${text}`)
        if (found === count) return
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    /** Waits until the list of subscriptions says something. */
    async shown(pattern: RegExp): Promise<string> {
      for (;;) {
        const { data, told } = await folder.run(['events', 'subscriptions'])
        if (pattern.test(data)) return data
        assert.match(data, /^subscription +position +behind +next +state/, told)
      }
    },
  }
}

test('subscriptions are looked at, sent back, sent on, and forgotten', async (context) => {
  const folder = await appFolder(context, app(sums))
  const served = await folder.serve(['start'])
  const { say, notes, shown } = wordsOf(folder, served)
  await say('one')
  await say('two')
  await notes('two', 1)
  await shown(/^desk\.sums +2 +0 +/m)

  const back = await folder.run(['events', 'rewind', 'desk.sums', '--to', 'oldest'])
  assert.match(back.told, /desk\.sums goes on behind the position 0/)
  await notes('one', 2)
  await notes('two', 2)
  const second = await folder.run(['events', 'rewind', 'desk.sums', '--to', '2'])
  assert.match(second.told, /behind the position 1/)
  await notes('two', 3)
  await notes('one', 2)

  // One that it cannot digest holds it; sent on behind it, it goes on.
  await say('poison')
  await say('three')
  const held = await shown(/^desk\.sums +2 +2 .*indigestible/m)
  assert.match(held, /indigestible/)
  const on = await folder.run(['events', 'rewind', 'desk.sums', '--to', '4'])
  assert.match(on.told, /behind the position 3/)
  await notes('three', 1)

  for (const [line, code, pattern] of wrong) {
    const ended = await folder.run(line.split(' '))
    assert.match(ended.told, pattern, line)
    assert.equal(ended.code, code, `${line}: ${ended.told}`)
  }
  await served.end()
  await folder.write('app.ts', app(''))
  const lost = await folder.run(['events', 'forget', 'desk.sums'])
  assert.match(lost.told, /desk\.sums is forgotten/)
  const none = await folder.run(['events', 'subscriptions'])
  assert.match(none.told, /There are none/)
})
