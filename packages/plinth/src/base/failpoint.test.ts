import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  armFailpoints,
  type Executioner,
  failpoints,
  isArmed,
  isSabotaged,
  onItsWay,
  parseFailpoints,
  parseSabotages,
  plantSabotages,
  reach,
  type SetFailpoint,
} from './failpoint.ts'
import { monotonicMs } from './time.ts'

afterEach(() => {
  armFailpoints([], witness().executioner)
  plantSabotages([])
})

/** Notes what would be done to the process. */
function witness(claims = true): { readonly deeds: string[]; readonly executioner: Executioner } {
  const deeds: string[] = []
  const executioner: Executioner = {
    kill: () => void deeds.push('kill'),
    stop: (forMs) => void deeds.push(`stop ${forMs}`),
    claim: () => claims,
  }
  return { deeds, executioner }
}

function arm(text: string, claims?: boolean): readonly string[] {
  const { deeds, executioner } = witness(claims)
  armFailpoints(parseFailpoints(text), executioner)
  return deeds
}

test('a failpoint that nobody set is no promise at all', () => {
  assert.equal(reach('commit.sent'), undefined)
  assert.equal(isArmed('commit.sent'), false)
  arm('commit.sent=kill')
  assert.equal(isArmed('commit.sent'), true)
  assert.equal(reach('commit.sending'), undefined)
})

test('the text of failpoints is read as it is written', () => {
  const read = parseFailpoints('commit.sent@17=kill; lease.taken@3=stop:30s;step.done=delay:5ms;')
  const expected: readonly SetFailpoint[] = [
    point('commit.sent@17=kill', { name: 'commit.sent', hit: 17, deed: { kind: 'kill' } }),
    point('lease.taken@3=stop:30s', {
      ...{ name: 'lease.taken', hit: 3, deed: { kind: 'stop', forMs: 30_000 } },
    }),
    point('step.done=delay:5ms', {
      ...{ name: 'step.done', hit: 1, deed: { kind: 'delay', forMs: 5 } },
    }),
  ]
  assert.deepEqual(
    read.map((each) => ({ ...each, deed: plain(each.deed) })),
    expected,
  )
  assert.equal(parseFailpoints('row.written@*=throw')[0]?.hit, undefined)
})

function point(text: string, rest: Omit<SetFailpoint, 'text'>): SetFailpoint {
  return { text, ...rest }
}

function plain(deed: SetFailpoint['deed']): object {
  return 'forMs' in deed && Number.isFinite(deed.forMs) ? deed : { kind: deed.kind }
}

test('what is no failpoint is refused with the cure', () => {
  for (const text of ['commit.sent', 'commit.sent@0=kill', 'commit.sent=stop', 'x=kill', '=kill']) {
    assert.throws(() => parseFailpoints(text), { code: 'configuration_invalid' }, text)
  }
  assert.throws(() => parseFailpoints('commit.gone=kill'), /There is no failpoint "commit.gone"/)
  assert.throws(() => parseFailpoints('lease.taken=dropReply'), /no reply is under way/)
  assert.throws(() => parseSabotages('two-step-take,luck'), /There is no sabotage "luck"/)
})

test('it happens at its passage and at no other', async () => {
  const deeds = arm('commit.sent@3=kill;commit.sent@2=stop:1s')
  const seen: string[][] = []
  for (let passage = 1; passage <= 4; passage++) {
    await reach('commit.sent')
    seen.push([...deeds])
  }
  assert.deepEqual(seen, [[], ['stop 1000'], ['stop 1000', 'kill'], ['stop 1000', 'kill']])
})

test('it happens at each passage with a star', async () => {
  arm('row.written@*=throw')
  await assert.rejects(async () => reach('row.written'), /The failpoint row.written threw/)
  await assert.rejects(async () => reach('row.written'))
})

test('what has fired in another process does not fire again', async () => {
  const deeds = arm('commit.sent=kill', false)
  await reach('commit.sent')
  assert.deepEqual(deeds, [])
})

test('a reply is dropped by whoever holds it', async () => {
  arm('reply.half@2=dropReply')
  let dropped = 0
  for (let passage = 1; passage <= 3; passage++) await reach('reply.half', () => void dropped++)
  assert.equal(dropped, 1)
})

test('a call to the world has left before its failpoint, and its answer can be lost', async () => {
  const call = Promise.resolve('answered')
  assert.equal(onItsWay(call), call)
  arm('effect.sent@1=dropReply')
  await assert.rejects(onItsWay(call), /The answer of the effect was dropped/)
  assert.equal(await onItsWay(call), 'answered')
  await assert.rejects(onItsWay(Promise.reject(new Error('refused'))), /refused/)
})

test('a delay takes its time', async () => {
  arm('timer.due=delay:30ms')
  const startMs = monotonicMs()
  await reach('timer.due')
  assert.ok(monotonicMs() - startMs >= 29)
})

test('a planted bug is there until it is taken away', () => {
  assert.equal(isSabotaged('two-step-take'), false)
  plantSabotages(parseSabotages('two-step-take, fsync-off'))
  assert.deepEqual([isSabotaged('two-step-take'), isSabotaged('key-without-body')], [true, false])
  plantSabotages([])
  assert.equal(isSabotaged('two-step-take'), false)
})

test('every crash point of the request, the job and the workflow has its place', () => {
  const numbers = Object.values(failpoints).map(({ crashPoint }) => crashPoint)
  const expected = Array.from(
    { length: 21 },
    (_, index) => `CP${String(index + 1).padStart(2, '0')}`,
  )
  assert.deepEqual(numbers, expected)
})
