import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../base/failure.ts'
import { computed } from '../define/field.ts'
import { boolean, choice, instant, integer, json, money, text } from '../define/fields.ts'
import { type App, app, kit } from '../define/kit.ts'
import { belongsTo, hasMany, hasOne, manyToMany } from '../define/relation.ts'
import { anyone } from '../define/rule.ts'
import { compileCatalog } from './compile.ts'
import { pluralOf, singularOf } from './names.ts'

const shop = kit('shop', {
  models: {
    category: { fields: { name: text(), products: hasMany('product') }, access: { read: anyone } },
    product: {
      fields: {
        sku: text({ max: 40 }),
        price: money('GBP'),
        cost: money('GBP', { optional: true }),
        stock: integer({ default: 0 }),
        published: boolean({ default: false }),
        margin: computed(money('GBP', { optional: true })),
        category: belongsTo('category', { optional: true, onDelete: 'clear' }),
        tags: manyToMany('tag'),
      },
      compute: { margin: ({ row }) => row.price.minus(row.cost) },
      access: {
        read: ({ row, me }) => row.published.or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
        fields: { cost: { read: ({ me }) => me.is('owner') } },
      },
      key: ['sku'],
      checks: { stockIsNotNegative: ({ row }) => row.stock.gte(0) },
      softDelete: true,
    },
    tag: { fields: { name: text(), products: manyToMany('product') } },
  },
})

function mistakesOf(broken: App<unknown>): readonly string[] {
  try {
    compileCatalog(broken)
  } catch (error) {
    assert(error instanceof Failure && error.code === 'declaration_invalid', String(error))
    return error.problems.map((problem) => `${problem.pointer}: ${problem.detail}`)
  }
  return []
}

test('a declaration becomes models with every column, relation and operation', () => {
  const catalog = compileCatalog(app({ kits: [shop] }))
  const product = catalog.models.get('product')
  assert.deepEqual(
    [...(product?.fields.values() ?? [])].map((field) => `${field.name}=${field.column}`),
    [
      ...['id=id', 'sku=sku', 'price=price', 'cost=cost', 'stock=stock', 'published=published'],
      ...['margin=margin', 'categoryId=category_id', 'createdAt=created_at'],
      ...['updatedAt=updated_at', 'version=version', 'deletedAt=deleted_at'],
    ],
  )
  assert.equal(product?.plural, 'products')
  assert.equal(catalog.models.get('category')?.plural, 'categories')
  assert.deepEqual(
    [...catalog.operations.keys()].filter((name) => name.startsWith('product')),
    ['list', 'get', 'create', 'update', 'delete', 'upsert'].map((type) => `product.${type}`),
  )
  assert.deepEqual([...catalog.askedByRules.roles].sort(), ['owner', 'staff'])
})

test('what is not declared is denied, and write stands for what it leaves open', () => {
  const { models } = compileCatalog(app({ kits: [shop] }))
  assert.deepEqual(models.get('tag')?.access.read, { type: 'constant', value: false })
  assert.deepEqual(models.get('category')?.access.delete, { type: 'constant', value: false })
  assert.deepEqual(models.get('product')?.access.delete, { type: 'role', role: 'staff' })
})

test('a computed field is no more visible than the fields of its formula', () => {
  const { models } = compileCatalog(app({ kits: [shop] }))
  assert.deepEqual(models.get('product')?.fields.get('margin')?.access.read, {
    type: 'role',
    role: 'owner',
  })
})

test('a computed field without null has a formula that is never null', () => {
  const broken = kit('bad', {
    models: {
      line: {
        fields: {
          name: text(),
          code: text({ optional: true }),
          rank: integer({ optional: true }),
          size: integer(),
          label: computed(text()),
          safe: computed(text()),
          sum: computed(integer()),
          sparse: computed(integer({ optional: true })),
        },
        compute: {
          label: ({ row }) => row.name.concat(row.code.lower()),
          safe: ({ row }) => row.code.orElse(row.name).concat(row.code.orElse('-')),
          sum: ({ row }) => row.rank.orElse(row.rank.plus(row.size)),
          sparse: ({ row }) => row.rank.times(row.size),
        },
      },
    },
  })
  const cure = (field: string, source: string): string =>
    `bad.line.compute.${field}: is null where ${source} is: ` +
    'declare the field with optional: true, or ' +
    `give the source a value in its place: row.${source}.orElse(…)`
  assert.deepEqual(mistakesOf(app({ kits: [broken] })), [
    cure('label', 'code'),
    cure('sum', 'rank'),
  ])
})

test('both sides of a manyToMany share one join table, which no operation names', () => {
  const { models, operations } = compileCatalog(app({ kits: [shop] }))
  const tags = models.get('product')?.relations.get('tags')
  const products = models.get('tag')?.relations.get('products')
  assert.equal(tags?.through?.model, 'productTag')
  assert.equal(products?.through?.model, 'productTag')
  assert.deepEqual([tags?.through?.local, products?.through?.local], ['productId', 'tagId'])
  assert.equal(tags?.inputName, 'tagIds')
  assert.equal(operations.has('productTag.list'), false)
})

test('all mistakes are reported together, each with its place and its cure', () => {
  const broken = kit('bad', {
    models: {
      a: {
        fields: {
          Name: text(),
          short: text({ max: -1 }),
          in: text(),
          id: text(),
          gone: hasMany('zebra' as 'a'),
          noBack: hasMany('b'),
          one: hasOne('c'),
          cleared: belongsTo('b', { onDelete: 'clear' }),
          wrong: integer({ default: 3.5 }),
          made: computed(integer()),
        },
        access: { read: ({ row }: never) => row as never, raed: anyone } as never,
        key: ['nothing' as 'in'],
        checks: {
          reaches: (({ row }: { row: { cleared: { x: { eq(v: string): never } } } }) =>
            row.cleared.x.eq('1')) as never,
        },
      },
      b: { fields: { data: json() }, indexes: [['data']] },
      c: { fields: { a: belongsTo('a') } },
    },
  })
  const found = mistakesOf(app({ kits: [broken], roles: ['staff'] })).join('\n')
  for (const part of [
    'bad.a.fields.Name: "Name" is not a name',
    'bad.a.fields.short: A text needs',
    'bad.a.fields.in: "in" is a word of rules',
    'bad.a.fields.id: every record has this field already',
    'bad.a.fields.gone: there is no model "zebra"',
    "bad.a.fields.noBack: bad.b has no belongsTo('a')",
    'bad.a.fields.one: hasOne needs unique: true on bad.c.fields.a',
    "bad.a.fields.cleared: onDelete: 'clear' needs optional: true",
    'bad.a.fields.wrong.default:',
    'bad.a.compute.made: needs a formula',
    'bad.a.access.raed: is no verb; did you mean read?',
    'bad.a.key: there is no field "nothing"',
    'bad.a.checks.reaches: row.cleared.x is another row',
    'bad.b.indexes: data cannot be indexed',
  ]) {
    assert(found.includes(part), `${part}\n--- in ---\n${found}`)
  }
})

test('an update with one rule for before and another for after needs both', () => {
  const broken = kit('bad', {
    models: {
      half: { fields: { name: text() }, access: { update: { before: anyone } as never } },
      odd: {
        fields: { name: text() },
        access: {
          update: {
            before: anyone,
            after: (({ before }: { before: { nmae: { eq(v: string): never } } }) =>
              before.nmae.eq('a')) as never,
            aftre: anyone,
          } as never,
        },
      },
    },
  })
  assert.deepEqual(mistakesOf(app({ kits: [broken] })), [
    'bad.half.access.update: needs a rule "after" as well: write anyone where all is allowed',
    'bad.odd.access.update.aftre: is neither before nor after; did you mean after?',
    'bad.odd.access.update.after: odd has no field "nmae"; did you mean name?',
  ])
  const { models } = compileCatalog(app({ kits: [shop] }))
  const { update, updated } = models.get('product')?.access ?? {}
  assert.equal(updated, update, 'one rule stands for both')
})

test('roles that the app does not declare, and constants that do not fit, are mistakes', () => {
  const broken = kit('bad', {
    models: {
      a: {
        fields: { state: choice(['new', 'old']), at: instant() },
        access: {
          read: ({ me }) => me.is('staf'),
          update: ({ row }) => row.state.eq('odd' as 'new'),
          delete: ({ row }) => row.at.gt('yesterday'),
        },
      },
    },
  })
  const found = mistakesOf(app({ kits: [broken], roles: ['staff'] }))
  assert.equal(found.length, 3, found.join('\n'))
  assert(found[0]?.includes('no role "staf"; did you mean staff?'))
})

test('kits that share a name, models that share a plural, and system names are refused', () => {
  const one = kit('one', { models: { box: { fields: { name: text() } } } })
  const two = kit('two', { models: { crate: { fields: { name: text() }, plural: 'boxes' } } })
  const pg = kit('public', { models: { thing: { fields: { name: text() } } } })
  const found = mistakesOf(app({ kits: [one, two, pg, kit('one', { models: {} })] })).join('\n')
  assert(found.includes('two kits have this name'))
  assert(found.includes('two.crate: has the same name or plural as one.box'))
  assert(found.includes('PostgreSQL or Plinth uses this name itself'))
})

test('no action shares its scope with the records of a model', () => {
  const fields = { pence: integer() }
  const ledger = kit('ledger', { models: { ledger: { fields, access: { read: anyone } } } })
  for (const word of ['read', 'write', 'settle']) {
    ledger.action(word, { allow: anyone, async run() {} })
  }
  const told = mistakesOf(app({ kits: [ledger] }))
  assert.deepEqual(told.length, 2)
  for (const [index, word] of ['read', 'write'].entries()) {
    const all = `lets keys ${word} all records of the model ledger`
    assert.match(told[index] ?? '', new RegExp(`^ledger\\.${word}: is the scope that ${all}`))
    assert.match(told[index] ?? '', /rename the action/)
  }
})

test('services are words, may something, and are declared where rules speak of them', () => {
  const fields = { pence: integer() }
  const ledger = kit('ledger', {
    models: { entry: { fields, access: { read: ({ me }) => me.service('biling') } } },
  })
  const services = { billing: { scopes: ['read'] }, 'no name': { scopes: [], roles: ['stuff'] } }
  const told = mistakesOf(app({ kits: [ledger], roles: ['staff'], services }))
  assert.deepEqual(told, [
    'services.no name: a service is a word of letters, digits and -, at most 60 of them',
    'services.no name: say what it may do: scopes: ["order.read"]',
    'services.no name: the app has no role "stuff"; did you mean staff?',
    'ledger.entry.access.read: the app has no service "biling"; did you mean billing?',
  ])
  const alone = mistakesOf(app({ kits: [ledger] }))
  assert.match(alone[0] ?? '', /declare it: app\(\{ services: \{ biling: /)
})

test('a kit adds nothing to another kit but the far side of its own references', () => {
  const added = kit('added', {
    uses: [shop],
    extends: { tag: { boxes: manyToMany('box') as never, size: integer() as never } },
    models: { box: { fields: { name: text(), tags: manyToMany('tag') } } },
  })
  const found = mistakesOf(app({ kits: [added] })).join('\n')
  assert(found.includes('added.extends.tag.boxes: a kit adds only hasMany and hasOne'), found)
  assert(found.includes('added.extends.tag.size: a kit adds only hasMany and hasOne'), found)
})

test('whatever names a declaration uses, it compiles or says why, and never breaks', () => {
  const word = fc.oneof(
    fc.string({ maxLength: 70 }),
    fc.constantFrom('id', 'eq', 'some', '__proto__', 'constructor', 'toString', 'and', 'a', 'aB'),
  )
  fc.assert(
    fc.property(word, word, word, (kitName, model, field) => {
      const models = Object.fromEntries([
        [model, { fields: Object.fromEntries([[field, text()]]) }],
      ])
      mistakesOf(app({ kits: [kit(kitName, { models })] }))
    }),
    { numRuns: 300 },
  )
})

test('the singular of a plural is the name that it was made of', () => {
  const names = ['tag', 'house', 'case', 'course', 'clause', 'warehouse', 'licence', 'database']
  names.push('status', 'bus', 'class', 'address', 'box', 'batch', 'dish', 'category', 'day', 'note')
  assert.deepEqual(
    names.map((name) => singularOf(pluralOf(name))),
    names,
  )
})
