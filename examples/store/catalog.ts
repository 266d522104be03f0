/** Owns what the store sells: categories, products, tags and reviews. */

import {
  anyone,
  belongsTo,
  boolean,
  hasMany,
  identity,
  integer,
  kit,
  manyToMany,
  money,
  slug,
  text,
} from 'plinth'

export const catalog = kit('catalog', {
  uses: [identity],
  models: {
    category: {
      description: 'A shelf of the store.',
      fields: {
        name: text({ max: 80, unique: true }),
        slug: slug({ max: 80, unique: true }),
        products: hasMany('product'),
      },
      access: { read: anyone, write: ({ me }) => me.is('staff') },
      key: ['slug'],
    },

    product: {
      description: 'Something to buy. Guests see it once it is published.',
      fields: {
        sku: text({ max: 40, description: 'Stock keeping unit: the natural key.' }),
        name: text({ max: 200 }),
        description: text({ max: 5_000, multiline: true, optional: true }),
        price: money('GBP', { min: 0 }),
        costPrice: money('GBP', { min: 0, optional: true, description: 'Seen by staff only.' }),
        stock: integer({ min: 0, default: 0 }),
        published: boolean({ default: false }),
        category: belongsTo('category', { optional: true }),
        tags: manyToMany('tag'),
        reviews: hasMany('review'),
      },
      access: {
        read: ({ row, me }) => row.published.or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
        fields: { costPrice: { read: ({ me }) => me.is('staff') } },
      },
      key: ['sku'],
      indexes: [
        ['category', 'name'],
        ['published', 'price'],
      ],
      softDelete: true,
      // Prices, and each piece that leaves or enters the stock.
      audit: true,
    },

    tag: {
      fields: { name: text({ max: 40 }), products: manyToMany('product') },
      access: { read: anyone, write: ({ me }) => me.is('staff') },
      key: ['name'],
    },

    review: {
      description: 'What a signed-in visitor thinks of a product. One for each product.',
      fields: {
        product: belongsTo('product', { onDelete: 'cascade' }),
        author: belongsTo('user', { onDelete: 'cascade' }),
        rating: integer({ min: 1, max: 5 }),
        body: text({ max: 2_000, multiline: true }),
      },
      access: {
        read: ({ row, me }) => row.product.published.or(me.is('staff')),
        create: ({ row, me }) => row.authorId.eq(me.id).and(row.product.published),
        update: ({ row, me }) => row.authorId.eq(me.id),
        delete: ({ row, me }) => row.authorId.eq(me.id).or(me.is('staff')),
        fields: {
          // Whoever wrote it stays a stranger to other visitors.
          authorId: { read: ({ row, me }) => row.authorId.eq(me.id).or(me.is('staff')) },
        },
      },
      unique: [['product', 'author']],
    },
  },
})
