import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { anyone, app, id, integer, kit, text } from 'plinth'
import { testApp } from 'plinth/testing'
import { shop } from './shop.ts'

const elsewhere = kit('elsewhere', {})
const foreign = elsewhere.event('foreign', { word: text() })
const foreignJob = elsewhere.job('foreignJob', { async run() {} })

const odd = kit('odd', { uses: [shop] })
const known = odd.event('known', { word: text({ max: 3 }) })
const leave = { noteBody: text({ default: 'left' }) }

function declare(name: string, run: (scope: never) => Promise<unknown>, options: object = {}) {
  return odd.action(name, { input: leave, allow: anyone, ...options, run: run as never })
}

type Scope = {
  readonly data: {
    readonly unrestricted: Record<string, Record<string, (...given: unknown[]) => Promise<unknown>>>
  }
  readonly emit: (event: unknown, data: unknown) => void
  readonly enqueue: (job: unknown, input: unknown) => Promise<unknown>
  readonly call: (action: unknown, input: unknown) => Promise<unknown>
  readonly fail: (code: string) => never
  readonly aborted: AbortSignal
}

/** Each leaves a note first, which must never be there afterwards. */
const note = ({ data }: Scope) => data.unrestricted.note?.create?.({ body: 'left' })
const after1 = (then: (scope: Scope) => unknown) => async (scope: never) => {
  await note(scope)
  return then(scope)
}

let kept: Scope | undefined
declare(
  'throws',
  after1(() => {
    throw new TypeError('This is for the log alone.')
  }),
)
declare(
  'answersWrongly',
  after1(() => ({ count: 'many' })),
  { output: { count: integer() } },
)
declare(
  'answersNothing',
  after1(() => undefined),
  { output: { count: integer() } },
)
declare(
  'answersUnasked',
  after1(() => ({ count: 1 })),
)
declare(
  'answersCircle',
  after1(() => {
    const circle: Record<string, unknown> = {}
    circle.word = circle
    return circle
  }),
  { output: { word: text() } },
)
declare(
  'emitsForeign',
  after1(({ emit }) => emit(foreign, { word: 'x' })),
)
declare(
  'emitsWrongly',
  after1(({ emit }) => emit(known, { word: 'long' })),
)
declare(
  'enqueuesForeign',
  after1(({ enqueue }) => enqueue(foreignJob, {})),
)
declare(
  'failsUndeclared',
  after1(({ fail }) => fail('nothing_such')),
)
declare(
  'forgets',
  after1((scope) => {
    void scope.data.unrestricted.product?.create?.({ name: 'x', stock: -1 })
  }),
)
declare('keeps', async (scope: never) => {
  kept = scope
})
declare(
  'hangs',
  after1(() => new Promise(() => undefined)),
  { timeoutMs: 200 },
)
declare(
  'waits',
  after1(async ({ aborted }) => {
    await new Promise((resolve) => aborted.addEventListener('abort', resolve))
  }),
  { timeoutMs: 200 },
)
const writes = declare(
  'writesWhereItReads',
  after1(() => undefined),
  { safe: true },
)
const loop = odd.action('loop', {
  input: { depth: integer({ default: 0 }) },
  allow: anyone,
  async run({ input, call, data }) {
    await data.unrestricted.note.create({ body: 'left' })
    await call(again(), { depth: input.depth + 1 })
  },
})
function again(): typeof loop {
  return loop
}

const its = await testApp(app({ title: 'Odd', kits: [shop, odd] }))
after(() => its.close())

async function ask(path: string, method = 'POST') {
  const answer = await its.request(method, `/api/odd/${path}`)
  const { data } = await its.data.note.find()
  assert.equal(data.length, 0, `${path} has left something behind`)
  const { rows } = await its.running.runtime.database.query({
    text: 'select count(*) from plinth.event',
    values: [],
  })
  assert.equal(rows[0]?.[0], '0')
  return answer
}

for (const path of [
  'throws',
  'answers-wrongly',
  'answers-nothing',
  'answers-unasked',
  'answers-circle',
  'emits-foreign',
  'emits-wrongly',
  'enqueues-foreign',
  'fails-undeclared',
  'loop',
]) {
  test(`${path}: a bug of the app is told as such, without a word of its inside`, async () => {
    const answer = await ask(path)
    assert.equal(answer.status, 500)
    assert.equal((answer.json() as { code: string }).code, 'internal')
    assert.doesNotMatch(answer.text, /TypeError|log alone|elsewhere|circular|many/)
  })
}

const causes: Readonly<Record<string, RegExp>> = {
  answersWrongly: /answer of odd\.answersWrongly does not fit .*\/count/,
  emitsForeign: /no event elsewhere\.foreign in this app: add the kit "elsewhere"/,
  emitsWrongly: /data of the event odd\.known does not fit .*\/word/,
  enqueuesForeign: /no job elsewhere\.foreignJob in this app/,
  failsUndeclared: /declares no failure "nothing_such"/,
  loop: /actionCallsDeepMax/,
}

for (const [name, cause] of Object.entries(causes)) {
  test(`${name}: whoever reads the log is told the place and the cure`, async () => {
    const action = [...odd.logic].find((part) => part.is === 'action' && part.name === name)
    await assert.rejects(its.call(action as typeof loop, {}), cause)
  })
}

test('a forgotten await neither loses a failure nor slips behind the commit', async () => {
  const answer = await ask('forgets')
  assert.equal(answer.status, 422)
})

test('a scope that outlives its action is dead', async () => {
  await ask('keeps')
  assert.throws(() => kept?.emit(known, { word: 'x' }), /after it had ended/)
  assert.throws(() => kept?.data.unrestricted.note?.create?.({ body: 'late' }), /await everything/)
})

test('what hangs is ended in its time, and told to be', async () => {
  for (const path of ['hangs', 'waits']) {
    const startedMs = performance.now()
    const answer = await ask(path)
    assert.equal(answer.status, 503)
    assert.equal((answer.json() as { code: string }).code, 'deadline_exceeded')
    assert.ok(performance.now() - startedMs < 14_000)
  }
})

test('what says that it only reads cannot write', async () => {
  await assert.rejects(its.call(writes, {}), /is declared safe, but writes/)
  const answer = await ask('writes-where-it-reads', 'GET')
  assert.equal(answer.status, 500)
})

test('mistakes in declarations are told together, each with its place and cure', async () => {
  const wrong = kit('wrong', { uses: [shop] })
  const spec = { allow: anyone, async run() {} }
  wrong.action('noRule', { ...spec, allow: undefined as never })
  wrong.action('rowRule', { ...spec, allow: (({ row }: { row: { a: never } }) => row.a) as never })
  wrong.action('wrongField', {
    ...spec,
    input: { product: id('product') },
    allow: (({ input }: { input: Record<string, { eq(v: string): never }> }) =>
      input.prodct?.eq('x')) as never,
  })
  wrong.action('badCode', {
    ...spec,
    failures: { conflict: { detail: 'x' }, BAD: { detail: 'y' } },
  })
  wrong.action('badStatus', { ...spec, failures: { gone: { status: 500, detail: 'x' } } })
  wrong.action('slow', { ...spec, timeoutMs: 100_000 })
  wrong.action('lost', { ...spec, on: 'nothing' as never })
  wrong.action('twice', { ...spec, on: 'product' })
  const other = kit('products', {})
  other.action('twice', spec)
  const found = await testApp(app({ title: 'x', kits: [shop, wrong, other] })).catch(
    (error: Error) => error.message,
  )
  for (const line of [
    /wrong\.noRule\.allow: needs a rule/,
    /wrong\.rowRule\.allow: an action has no row/,
    /wrong\.wrongField\.allow: input has no field "prodct"; did you mean product\?/,
    /wrong\.badCode\.failures\.conflict: Plinth has a failure of this code/,
    /wrong\.badCode\.failures\.BAD: a code is snake_case/,
    /wrong\.badStatus\.failures\.gone: 500 cannot be its status/,
    /wrong\.slow\.timeoutMs: is 1 to 15000 milliseconds/,
    /wrong\.lost\.on: there is no model "nothing"/,
    /products\.twice: has the address \/api\/products\/twice, as wrong\.twice/,
  ]) {
    assert.match(String(found), line)
  }
})
