import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { deskKit, openDesk } from './desk.ts'

const desk = deskKit()
const heard: number[] = []
let attempts = 0
let beside: (id: string) => Promise<unknown> = async () => undefined

/** What happens beside the last step makes PostgreSQL ask for it once more. */
const told = desk.workflow('told', {
  async run({ id, step }) {
    await step('first', async ({ data }) => {
      await data.unrestricted.mark.create({ text: 'first' })
    })
    const last = await step(
      'last',
      async ({ data }) => {
        attempts += 1
        await data.unrestricted.mark.create({ text: `last ${attempts}` })
        if (attempts === 1) await beside(id)
        return attempts
      },
      { undo: async ({ data }) => void (await data.unrestricted.mark.create({ text: 'undo' })) },
    )
    heard.push(last)
    return { last }
  },
})

const late = desk.workflow('late', {
  async run({ step }) {
    const last = await step('last', async () => 1)
    // Nothing forbids it, though nothing needs it either.
    await new Promise((resolve) => setTimeout(resolve, 5))
    return last
  },
})

const odd = desk.workflow('odd', {
  async run({ step }) {
    await step('last', async () => 1)
    return { at: new Date(0) }
  },
})

const app = await openDesk(desk)
after(() => app.close())
const { runtime, workflows } = app.running

beforeEach(async () => {
  heard.length = 0
  attempts = 0
  beside = async () => undefined
  await runtime.database.query({ text: 'delete from desk.mark', values: [] })
})

/** Which transaction stored a workflow, its steps and its job. */
async function transactions(id: string): Promise<readonly (string | null)[]> {
  const { rows } = await runtime.database.query({
    text: `select w.xmin, j.xmin, j.state, (select s.xmin from plinth.workflow_step s
        where s.workflow_id = w.id and s.name = 'last')
      from plinth.workflow w join plinth.job j on j.id = w.job_id where w.id = $1`,
    values: [id],
  })
  return rows[0] ?? []
}

test('the last step, the end of the workflow and that of its job are one commit', async () => {
  const { id } = await app.start(told, {})
  await app.drain()
  const [workflow, job, state, step] = await transactions(id)
  assert.equal((await app.row(id)).state, 'completed')
  assert.deepEqual((await app.row(id)).result, { last: 1 })
  assert.equal(state, 'done')
  assert.equal(workflow, step)
  assert.equal(job, step)
})

test('code that was told what was then not stored runs again, with what is', async () => {
  // The row of the workflow changes under the transaction that is to end it.
  beside = (id) => app.start(told, {}, id)
  const { id } = await app.start(told, {})
  await app.drain()
  assert.equal(attempts, 2)
  assert.deepEqual(heard, [1, 2], 'told the first, stored the second')
  const { state, result } = await app.row(id)
  assert.deepEqual({ state, result }, { state: 'completed', result: { last: 2 } })
  assert.deepEqual(await app.marks(), ['first', 'last 2'])
  assert.deepEqual(await app.steps(id), ['first step done 0', 'last step done 0'])
})

test('who cancels beside the last step comes before the end', async () => {
  beside = (id) => workflows.cancel(id, 'no longer wanted')
  const { id } = await app.start(told, {})
  await app.drain()
  assert.equal((await app.row(id)).state, 'cancelled')
  assert.deepEqual(await app.marks(), ['first', 'last 2', 'undo'])
})

test('code that does something else before it returns ends in a commit of its own', async () => {
  const { id } = await app.start(late, {})
  await app.drain()
  const [workflow, , state, step] = await transactions(id)
  assert.equal(state, 'done')
  assert.notEqual(workflow, step)
})

test('what cannot be stored as a result is said, and the last step stays', async () => {
  const { id } = await app.start(odd, {})
  await app.drain()
  const { state, problem } = await app.row(id)
  assert.equal(state, 'running')
  assert.match(problem ?? '', /What the workflow returns cannot be stored: \/at is a Date/)
  assert.deepEqual(await app.steps(id), ['last step done 0'])
})
