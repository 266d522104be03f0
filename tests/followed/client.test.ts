/** Proves that the typed client follows events, and goes on where it was after a disconnect. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient, type EventName, type HeardGap, memoryStorage } from 'plinth/client'
import { until } from './hearing.ts'
import { openStreet, type placed, type shouted, type streetApp } from './street.ts'

test('events come typed, by rule, and after a break none is missed', async (context) => {
  const street = await openStreet(context)
  let broken = new AbortController()
  const client = createClient<typeof streetApp>({
    url: street.url,
    session: memoryStorage(),
    fetch: (url, request) => {
      const signal = AbortSignal.any([broken.signal, ...(request?.signal ? [request.signal] : [])])
      return fetch(url, { ...request, signal })
    },
  })
  const words: string[] = []
  const states: string[] = []
  let cursor = ''
  const stop = client.follow<typeof shouted>('street.shouted', {
    next({ data }, at) {
      words.push(data.word)
      cursor = at
    },
    state: (state) => void states.push(state),
  })
  await until('it stands', () => states.includes('open'))
  await street.say('one')
  await until('the word', () => words.length === 1)
  broken.abort()
  broken = new AbortController()
  await street.say('two')
  await street.say('three')
  await until('what was missed', () => words.length === 3)
  assert.deepEqual(words, ['one', 'two', 'three'])
  stop()
  const gaps: HeardGap[] = []
  const again: string[] = []
  const options = { after: cursor }
  await street.say('four')
  const next = ({ data }: { readonly data: { readonly word: string } }) =>
    void again.push(data.word)
  const stops = [client.follow<typeof shouted>('street.shouted', { next }, options)]
  const gap = (one: HeardGap) => void gaps.push(one)
  stops.push(client.follow<typeof shouted>('street.shouted', { next() {}, gap }, { after: '999' }))
  await until('from the cursor, and a gap', () => again.length === 1 && gaps.length === 1)
  assert.deepEqual([again, gaps], [['four'], [{ reason: 'window' }]])
  const codes: string[] = []
  const failed = ({ code }: { readonly code: string }) => void codes.push(code)
  stops.push(client.follow<typeof placed>('street.placed', { next() {}, failed }))
  await until('a refusal', () => codes.length === 1)
  assert.deepEqual(codes, ['sign_in_required'])
  type Takes<N> = N extends EventName<typeof placed> ? true : false
  const takes: [Takes<'street.placed'>, Takes<'street.shouted'>] = [true, false]
  assert.deepEqual(takes, [true, false])
  for (const end of stops) end()
})
