import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Price, priceOf, type Stacking } from './price.ts'
import type { Basket, BasketLine, Effect, Promotion } from './promotion.ts'
import { portion, split } from './split.ts'

const noon = '2026-11-21T12:00:00Z'

function promotion(more: Partial<Promotion> & { readonly effect: Effect }): Promotion {
  return {
    ...{ id: 'p', name: 'P', skus: [], categories: [], minimumTotal: undefined, groups: [] },
    ...{ firstOrder: false, startsAt: undefined, endsAt: undefined, couponOnly: false },
    ...{ priority: 0, exclusive: false, family: undefined },
    ...more,
  }
}

const percent = (basisPoints: number) => ({ type: 'percentage', basisPoints }) as const
const fixed = (amount: bigint) => ({ type: 'fixed', amount }) as const

/** How many, and of which category. */
type Pieces = readonly [quantity?: number, category?: string]

function line(
  id: string,
  unitPrice: bigint,
  [quantity = 1, category = 'c']: Pieces = [],
): BasketLine {
  return { id, sku: `sku-${id}`, category, unitPrice, quantity }
}

function basket(lines: readonly BasketLine[], more: Partial<Basket> = {}): Basket {
  return { lines, now: noon, firstOrder: false, groups: [], opened: [], ...more }
}

const net = (price: Price) => price.lines.map((one) => one.net)

describe('effects', () => {
  const three = basket([line('a', 1_000n), line('b', 500n, [2]), line('c', 333n)])

  test('a percentage is rounded once, on the sum, and divided without loss', () => {
    const price = priceOf(three, [promotion({ effect: percent(1_000) })], 'priority')
    assert.equal(price.discount, 233n)
    assert.deepEqual(net(price), [900n, 900n, 300n])
  })

  test('an amount is divided by value, and never more than the lines cost', () => {
    const ten = priceOf(three, [promotion({ effect: fixed(1_000n) })], 'priority')
    assert.deepEqual([ten.discount, ten.net], [1_000n, 1_333n])
    const much = priceOf(three, [promotion({ effect: fixed(9_999n) })], 'priority')
    assert.deepEqual([much.discount, much.net], [2_333n, 0n])
  })

  test('of three pieces the cheapest is free, as often as it fits', () => {
    const effect = { type: 'buy_get', buy: 2, get: 1, basisPoints: 10_000 } as const
    const seven = basket([line('a', 300n, [3]), line('b', 100n, [4])])
    // 300 300 300 | 100 100 100 | 100
    assert.equal(priceOf(seven, [promotion({ effect })], 'priority').discount, 400n)
    const two = basket([line('a', 300n, [2])])
    assert.equal(priceOf(two, [promotion({ effect })], 'priority').discount, 0n)
    const half = { ...effect, buy: 1, basisPoints: 5_000 }
    assert.equal(priceOf(two, [promotion({ effect: half })], 'priority').discount, 150n)
  })

  test('the highest tier that is reached counts, however they are listed', () => {
    const tiers = [
      { from: 2_000n, basisPoints: 1_000 },
      { from: 5_000n, amount: 1_200n },
      { from: 1_000n, basisPoints: 500 },
    ]
    const effect = { type: 'tiered', tiers } as const
    const at = (price: bigint) =>
      priceOf(basket([line('a', price)]), [promotion({ effect })], 'priority').discount
    assert.deepEqual([999n, 1_000n, 2_000n, 5_000n].map(at), [0n, 50n, 200n, 1_200n])
  })

  test('only the lines that it is for', () => {
    const mixed = basket([line('a', 1_000n, [1, 'toys']), line('b', 1_000n, [1, 'food'])])
    const toys = promotion({ effect: percent(5_000), categories: ['toys'] })
    assert.deepEqual(net(priceOf(mixed, [toys], 'priority')), [500n, 1_000n])
    const sku = promotion({ effect: fixed(10n), skus: ['sku-b'] })
    assert.deepEqual(net(priceOf(mixed, [sku], 'priority')), [1_000n, 990n])
  })
})

describe('who may have it', () => {
  const lines = [line('a', 1_000n, [1, 'toys']), line('b', 500n, [1, 'food'])]
  const gets = (more: Partial<Promotion>, buyer: Partial<Basket> = {}) =>
    priceOf(basket(lines, buyer), [promotion({ effect: percent(1_000), ...more })], 'best')
      .discount > 0n

  test('a minimum counts what it is for, at full price', () => {
    assert.ok(gets({ minimumTotal: 1_500n }))
    assert.ok(!gets({ minimumTotal: 1_501n }))
    assert.ok(!gets({ minimumTotal: 1_001n, categories: ['toys'] }))
  })

  test('dates: from, and before', () => {
    assert.ok(gets({ startsAt: noon }))
    assert.ok(!gets({ startsAt: '2026-11-21T12:00:00.001Z' }))
    assert.ok(!gets({ endsAt: noon }))
    assert.ok(gets({ endsAt: '2026-11-21T12:00:00.001Z' }))
  })

  test('first orders, groups, coupons', () => {
    assert.ok(!gets({ firstOrder: true }))
    assert.ok(gets({ firstOrder: true }, { firstOrder: true }))
    assert.ok(!gets({ groups: ['trade'] }, { groups: ['club'] }))
    assert.ok(gets({ groups: ['trade', 'club'] }, { groups: ['club'] }))
    assert.ok(!gets({ couponOnly: true }, { opened: ['other'] }))
    assert.ok(gets({ couponOnly: true }, { opened: ['p'] }))
  })
})

describe('standing beside each other', () => {
  const one = basket([line('a', 1_000n)])
  const names = (price: Price) => price.applied.map(({ promotion: { id } }) => id)

  test('each applies to what the earlier left', () => {
    const all = [
      promotion({ id: 'a', effect: percent(1_000), priority: 1 }),
      promotion({ id: 'b', effect: percent(1_000) }),
    ]
    assert.equal(priceOf(one, all, 'priority').net, 810n)
  })

  test('by priority an exclusive one keeps out the rest, or is kept out', () => {
    const alone = promotion({ id: 'a', effect: percent(500), exclusive: true, priority: 2 })
    const other = promotion({ id: 'b', effect: percent(2_000), priority: 1 })
    assert.deepEqual(names(priceOf(one, [other, alone], 'priority')), ['a'])
    const late = { ...alone, priority: 0 }
    assert.deepEqual(names(priceOf(one, [other, late], 'priority')), ['b'])
    assert.deepEqual(names(priceOf(one, [other, alone], 'best')), ['b'])
  })

  test('a family gives one; the best is the best for the customer', () => {
    const small = promotion({ id: 'a', effect: percent(500), family: 'sale', priority: 9 })
    const large = promotion({ id: 'b', effect: percent(900), family: 'sale' })
    const beside = promotion({ id: 'c', effect: fixed(100n) })
    assert.deepEqual(names(priceOf(one, [small, large, beside], 'priority')), ['a', 'c'])
    assert.deepEqual(names(priceOf(one, [small, large, beside], 'best')), ['b', 'c'])
  })

  test('what takes nothing off keeps nobody out', () => {
    const empty = promotion({ id: 'a', effect: percent(0), exclusive: true, priority: 9 })
    const other = promotion({ id: 'b', effect: percent(500) })
    assert.deepEqual(names(priceOf(one, [empty, other], 'priority')), ['b'])
  })
})

const amounts = fc.bigInt({ min: 0n, max: 10_000_000n })
const parts = fc.integer({ min: 0, max: 10_000 })
const effects: fc.Arbitrary<Effect> = fc.oneof(
  parts.map(percent),
  amounts.map(fixed),
  fc.record({
    type: fc.constant('buy_get' as const),
    buy: fc.integer({ min: 1, max: 3 }),
    get: fc.integer({ min: 1, max: 3 }),
    basisPoints: parts,
  }),
  fc.record({
    type: fc.constant('tiered' as const),
    tiers: fc.array(
      fc.oneof(
        fc.record({ from: amounts, basisPoints: parts }),
        fc.record({ from: amounts, amount: amounts }),
      ),
      { maxLength: 4 },
    ),
  }),
)
const words = fc.constantFrom('a', 'b', 'c')
const promotions = fc
  .array(
    fc.record({
      effect: effects,
      categories: fc.array(words, { maxLength: 2 }),
      minimumTotal: fc.option(amounts, { nil: undefined }),
      priority: fc.integer({ min: 0, max: 3 }),
      exclusive: fc.boolean(),
      family: fc.option(words, { nil: undefined }),
    }),
    { maxLength: 6 },
  )
  .map((all) => all.map((one, index) => promotion({ ...one, id: `p${index}` })))
const baskets = fc
  .array(fc.tuple(amounts, fc.integer({ min: 1, max: 12 }), words), { maxLength: 8 })
  .map((all) => basket(all.map(([price, count, word], at) => line(`l${at}`, price, [count, word]))))
const stackings = fc.constantFrom<Stacking>('priority', 'best')
const turns = fc.record({ stacking: stackings, turn: fc.nat() })
const sum = (all: readonly bigint[]) => all.reduce((one, other) => one + other, 0n)

describe('for all baskets and promotions', () => {
  test('nothing costs less than nothing, and every sum is exact', () => {
    fc.assert(
      fc.property(baskets, promotions, stackings, (bought, offered, stacking) => {
        const price = priceOf(bought, offered, stacking)
        for (const { full, discount, net: paid } of price.lines) {
          assert.ok(paid >= 0n && discount >= 0n && paid + discount === full)
        }
        for (const { amount, perLine } of price.applied) assert.equal(sum(perLine), amount)
        assert.equal(sum(net(price)), price.net)
        assert.equal(sum(price.lines.map(({ discount }) => discount)), price.discount)
        assert.equal(sum(price.applied.map(({ amount }) => amount)), price.discount)
        assert.equal(price.net + price.discount, price.full)
      }),
      { numRuns: 400 },
    )
  })

  test('the order in which lines and promotions are given changes nothing', () => {
    fc.assert(
      fc.property(baskets, promotions, turns, (bought, offered, { stacking, turn }) => {
        const rotate = <T>(all: readonly T[]): T[] => {
          const place = all.length === 0 ? 0 : turn % all.length
          return [...all.slice(place), ...all.slice(0, place)].reverse()
        }
        const byLine = (price: Price) =>
          new Map(price.lines.map(({ line: { id }, net: paid }) => [id, paid]))
        const first = priceOf(bought, offered, stacking)
        const turned = { ...bought, lines: rotate(bought.lines) }
        assert.deepEqual(byLine(priceOf(turned, rotate(offered), stacking)), byLine(first))
      }),
      { numRuns: 300 },
    )
  })

  test('the best takes off no less than priority, and than any of them alone', () => {
    fc.assert(
      fc.property(baskets, promotions, (bought, offered) => {
        const most = priceOf(bought, offered, 'best').discount
        assert.ok(most >= priceOf(bought, offered, 'priority').discount)
        for (const one of offered) assert.ok(most >= priceOf(bought, [one], 'best').discount)
      }),
      { numRuns: 300 },
    )
  })

  test('an exclusive one stands alone, and a family gives at most one', () => {
    fc.assert(
      fc.property(baskets, promotions, stackings, (bought, offered, stacking) => {
        const applied = priceOf(bought, offered, stacking).applied.map((one) => one.promotion)
        assert.ok(applied.length < 2 || applied.every(({ exclusive }) => !exclusive))
        const families = applied.flatMap(({ family }) => family ?? [])
        assert.equal(new Set(families).size, families.length)
      }),
    )
  })
})

test('of every group of pieces the cheapest are the cheaper ones, piece by piece', () => {
  const small = fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 20n }), fc.integer({ min: 1, max: 6 })))
  const ones = fc.integer({ min: 1, max: 3 })
  fc.assert(
    fc.property(small, ones, ones, (given, buy, get) => {
      const lines = given.map(([price, count], at) => line(`l${at}`, price, [count]))
      const effect = { type: 'buy_get', buy, get, basisPoints: 10_000 } as const
      const pieces = given
        .flatMap(([price, count]) => new Array<bigint>(count).fill(price))
        .sort((a, b) => Number(b - a))
      const groups = Math.floor(pieces.length / (buy + get))
      const free = pieces.slice(0, groups * (buy + get)).filter((_, at) => at % (buy + get) >= buy)
      const price = priceOf(basket(lines), [promotion({ effect })], 'priority')
      assert.equal(price.discount, sum(free))
    }),
  )
})

describe('dividing', () => {
  test('adds up, stays within a unit of the share, and never exceeds the weight', () => {
    fc.assert(
      fc.property(amounts, fc.array(amounts, { minLength: 1, maxLength: 20 }), (total, weights) => {
        const parts = split(total, weights)
        assert.equal(sum(parts), total)
        const all = sum(weights)
        if (all === 0n) return
        parts.forEach((part, index) => {
          const weight = weights[index] ?? 0n
          const difference = part * all - total * weight
          assert.ok(difference < all && -difference < all)
          if (total <= all) assert.ok(part <= weight)
        })
      }),
    )
  })

  test('halves are rounded up', () => {
    assert.deepEqual([portion(5n, 1_000n), portion(4n, 1_000n), portion(15n, 1_000n)], [1n, 0n, 2n])
  })
})
