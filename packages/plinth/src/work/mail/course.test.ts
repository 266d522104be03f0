import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SmtpOutcome } from '../../mail/smtp.ts'
import { type MailState, mailDelaysMs, pendingOf, stepAfter } from './course.ts'

const nowMs = Date.parse('2026-01-01T00:00:00Z')
const fresh: MailState = {
  to: ['ann@home.example', 'bob@home.example'],
  ...{ recipients: [], log: [], attempts: 1, onUnknown: 'repeat' },
}

function answered(ann: 'accepted' | 'rejected' | 'deferred', bob: typeof ann): SmtpOutcome {
  const recipients = [
    { address: 'ann@home.example', is: ann, response: `said ${ann}` },
    { address: 'bob@home.example', is: bob, response: `said ${bob}` },
  ]
  return { is: 'answered', detail: '250 queued as A1', recipients }
}

const broken = (is: 'failed' | 'unknown' | 'rejected'): SmtpOutcome => {
  return { is, detail: 'the line broke', recipients: [] }
}

test('what the server took is sent, and its words are kept', () => {
  const step = stepAfter(fresh, answered('accepted', 'accepted'), nowMs)
  assert.deepEqual([step.status, step.nextAttemptAt], ['sent', null])
  assert.equal(step.sentAt, '2026-01-01T00:00:00Z')
  assert.equal(step.detail, '250 queued as A1')
  assert.equal(step.log.length, 1)
})

test('an address refused for good does not stop the other one', () => {
  const step = stepAfter(fresh, answered('accepted', 'rejected'), nowMs)
  assert.equal(step.status, 'sent')
  assert.match(step.detail, /^1 of 2 addresses/)
  assert.equal(stepAfter(fresh, answered('rejected', 'rejected'), nowMs).status, 'rejected')
  assert.equal(stepAfter(fresh, broken('rejected'), nowMs).status, 'rejected')
})

test('only who does not have it gets it again', () => {
  const step = stepAfter(fresh, answered('accepted', 'deferred'), nowMs)
  assert.equal(step.status, 'queued')
  const next = { ...fresh, ...step, attempts: 2 }
  assert.deepEqual(pendingOf(next), ['bob@home.example'])
  const last = stepAfter(
    next,
    {
      ...answered('accepted', 'accepted'),
      recipients: [{ address: 'bob@home.example', is: 'accepted', response: 'ok' }],
    },
    nowMs,
  )
  assert.equal(last.status, 'sent')
  // An address that has it keeps it, whatever is said later.
  assert.equal(stepAfter(next, broken('rejected'), nowMs).status, 'sent')
})

test('the delays grow, with jitter, over three days; then it is expired', () => {
  const totalMs = mailDelaysMs.reduce((sum, delay) => sum + delay, 0)
  assert.ok(totalMs > 2.5 * 86_400_000 && totalMs < 3.5 * 86_400_000)
  let state = fresh
  for (const delayMs of mailDelaysMs) {
    const step = stepAfter(state, broken('failed'), nowMs)
    assert.equal(step.status, 'queued')
    const waitMs = Date.parse(step.nextAttemptAt ?? '') - nowMs
    assert.ok(waitMs >= delayMs * 0.9 && waitMs <= delayMs * 1.1)
    state = { ...state, log: step.log, attempts: state.attempts + 1 }
  }
  const end = stepAfter(state, broken('failed'), nowMs)
  assert.deepEqual([end.status, end.nextAttemptAt], ['expired', null])
  assert.equal(end.log.length, 10)
})

test('in doubt it goes again, or waits for a person', () => {
  assert.equal(stepAfter(fresh, broken('unknown'), nowMs).status, 'queued')
  const asking = stepAfter({ ...fresh, onUnknown: 'ask' }, broken('unknown'), nowMs)
  assert.deepEqual([asking.status, asking.nextAttemptAt], ['unknown', null])
  assert.match(asking.detail, /look at the mail server/)
  const late = stepAfter({ ...fresh, attempts: 10 }, broken('unknown'), nowMs)
  assert.equal(late.status, 'unknown')
})
