/** Owns the app of the proofs of subscriptions: a ledger of what its readers were handed. */

import { anyone, app, integer, kit, list, text } from '../../../index.ts'

const ledger = kit('ledger', {
  models: {
    entry: {
      fields: { reader: text(), place: integer(), what: text() },
      access: { read: anyone },
      unique: [['reader', 'place']],
    },
    gap: { fields: { after: integer(), upTo: integer() }, access: { read: anyone } },
  },
})

/** A fact in words, and one in a number. */
export const said = ledger.event('said', { what: text() }, { subject: ({ what }) => what })
/** It is kept for longer. */
export const counted = ledger.event('counted', { number: integer() }, { retentionDays: 60 })
/** Nobody reads it. */
export const passed = ledger.event('passed', {})

/** Records a fact for each word: a number counts. */
export const say = ledger.action('say', {
  input: { words: list(text()) },
  allow: ({ me }) => me.is('staff'),
  async run({ input, emit }) {
    for (const what of input.words) {
      if (what === '-') emit(passed, {})
      else if (/^\d+$/.test(what)) emit(counted, { number: Number(what) })
      else emit(said, { what })
    }
  },
})

/** How readers misbehave, set by a test. */
export const behaviour = {
  bad: new Set<string>(),
  held: undefined as { readonly what: string; readonly until: Promise<void> } | undefined,
  batches: [] as number[],
}

/** Reads both kinds, in batches of three. */
export const everything = ledger.subscription('everything', {
  events: [said, counted],
  batch: 3,
  retry: { delayMs: 1_000, delayMsMax: 1_000 },
  async run({ events, data, is }) {
    behaviour.batches.push(events.length)
    for (const event of events) {
      const what = is(event, counted) ? String(event.data.number + 0) : event.data.what
      const place = event.position
      await data.unrestricted.entry.create({ reader: 'everything', place, what })
      if (behaviour.bad.has(what)) throw new Error(`bad ${what}`)
      if (behaviour.held?.what === what) await behaviour.held.until
    }
  },
})

/** Reads words alone, from its first start on, and goes on over gaps. */
export const words = ledger.subscription('words', {
  events: [said],
  from: 'now',
  onGap: 'continue',
  async run({ events, data, gap }) {
    if (gap) await data.unrestricted.gap.create(gap)
    for (const { position: place, data: given } of events) {
      await data.unrestricted.entry.create({ reader: 'words', place, what: given.what })
    }
  },
})

/** The app. */
export const ledgerApp = app({ kits: [ledger] })
