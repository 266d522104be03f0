/** Owns the app of the races: everything of which only so many may be taken. */

import { anyone, app, id, instant, integer, kit, text } from 'plinth'

export const market = kit('market', {
  models: {
    thing: {
      fields: {
        name: text(),
        stock: integer({ min: 0, default: 0 }),
        used: integer({ min: 0, default: 0 }),
        usesMax: integer({ min: 0, default: 0 }),
        spentAt: instant({ optional: true }),
      },
      access: { read: anyone, update: anyone },
    },
    badge: { fields: { code: text({ unique: true }) }, access: { read: anyone, create: anyone } },
  },
})

const taken = { taken: { detail: 'There is nothing left.' } } as const
const input = { thing: id('thing'), who: text({ default: 'nobody' }) }

for (const isolation of ['serializable', 'read committed'] as const) {
  const named = (name: string) => (isolation === 'serializable' ? name : `${name}Committed`)

  market.action(named('take'), {
    ...{ isolation, input, allow: anyone, failures: taken },
    async run({ input: { thing }, data, fail }) {
      if (!(await data.thing.takeWithinLimit(thing, { from: 'stock' }))) throw fail('taken')
    },
  })

  market.action(named('redeem'), {
    ...{ isolation, input, allow: anyone, failures: taken },
    async run({ input: { thing, who }, data, takeWithinLimit, fail }) {
      const mine = { key: `redeem:${thing}:${who}`, limit: 1 }
      if (!(await takeWithinLimit(mine))) throw fail('taken')
      const taking = { into: 'used', limit: 'usesMax' } as const
      if (!(await data.thing.takeWithinLimit(thing, taking))) throw fail('taken')
    },
  })

  market.action(named('quota'), {
    ...{ isolation, input, allow: anyone, failures: taken },
    async run({ input: { thing }, takeWithinLimit, fail }) {
      const taking = { key: `quota:${thing}`, limit: 7, windowMs: 60_000 }
      if (!(await takeWithinLimit(taking))) throw fail('taken')
    },
  })

  market.action(named('spend'), {
    ...{ isolation, input, allow: anyone, failures: taken },
    async run({ input: { thing }, data, fail }) {
      if (!(await data.thing.consumeOnce(thing, 'spentAt'))) throw fail('taken')
    },
  })

  market.action(named('word'), {
    ...{ isolation, input, allow: anyone, failures: taken },
    async run({ input: { thing }, consumeOnce, fail }) {
      if (!(await consumeOnce(`word:${thing}`))) throw fail('taken')
    },
  })
}

market.action('add', {
  input,
  allow: anyone,
  async run({ input: { thing }, data }) {
    await data.unrestricted.thing.create({ name: `added to ${thing}` })
  },
})

export const marketApp = app({ title: 'Market', kits: [market] })
