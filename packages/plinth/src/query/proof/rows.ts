/** Owns the rows of the shop that reads are proven with. */

import { idOf } from './shop.ts'

const base = 'id, created_at, updated_at, version'
const stamp = "'2026-01-01 00:00:00+00', '2026-01-01 00:00:00.25+00', 1"

function insert(table: string, columns: string, rows: readonly (readonly string[])[]): string {
  const values = rows.map(([id, ...cells]) => `('${id}', ${[stamp, ...cells].join(', ')})`)
  return `insert into shop.${table} (${base}, ${columns}) values ${values.join(', ')};`
}

const quoted = (text: string): string => `'${text}'`

/** Two users, four categories (one hidden, one deleted), six products, reviews, replies, tags. */
export const shopRows = [
  insert('"user"', 'name', [
    [idOf('a', 1), "'Ada'"],
    [idOf('a', 2), "'Ben'"],
  ]),
  insert('profile', 'user_id, motto', [[idOf('f', 1), quoted(idOf('a', 1)), "'per aspera'"]]),
  insert('category', 'name, hidden, deleted_at, parent_id', [
    [idOf('c', 1), "'Books'", 'false', 'null', 'null'],
    [idOf('c', 2), "'Secrets'", 'true', 'null', quoted(idOf('c', 1))],
    [idOf('c', 3), "'Gone'", 'false', "'2026-01-01'", 'null'],
    [idOf('c', 4), "'Maps'", 'false', 'null', quoted(idOf('c', 1))],
  ]),
  insert(
    'product',
    [
      'sku, name, price, weight, state, published, launched_at, words, details',
      'cost, rank, category_id, owner_id, deleted_at',
    ].join(', '),
    [
      [
        idOf('d', 1),
        "'p1'",
        "'Atlas 100%'",
        '1000',
        '1.500',
        "'new'",
        'true',
        "'2026-02-01 10:00:00.5+00'",
        `'{"red","a \\"b\\""}'`,
        `'{"a":1}'`,
        '400',
        '7',
        quoted(idOf('c', 4)),
        quoted(idOf('a', 1)),
        'null',
      ],
      [
        idOf('d', 2),
        "'p2'",
        "'Bible_1'",
        '2500',
        'null',
        "'used'",
        'true',
        'null',
        'null',
        'null',
        'null',
        '9',
        quoted(idOf('c', 1)),
        quoted(idOf('a', 2)),
        'null',
      ],
      [
        idOf('d', 3),
        "'p3'",
        '\'Café \\ "q"\'',
        '500',
        '0.250',
        "'used'",
        'true',
        "'2026-01-01 00:00:00+00'",
        `'{}'`,
        'null',
        '100',
        'null',
        quoted(idOf('c', 2)),
        'null',
        'null',
      ],
      [
        idOf('d', 4),
        "'p4'",
        "'Draft'",
        '1',
        'null',
        "'new'",
        'false',
        'null',
        'null',
        'null',
        '1',
        '1',
        quoted(idOf('c', 1)),
        quoted(idOf('a', 1)),
        'null',
      ],
      [
        idOf('d', 5),
        "'p5'",
        "'ÉTUDE'",
        '500',
        'null',
        "'new'",
        'true',
        "'2026-01-01 00:00:00+00'",
        'null',
        'null',
        'null',
        '3',
        quoted(idOf('c', 3)),
        quoted(idOf('a', 1)),
        'null',
      ],
      [
        idOf('d', 6),
        "'p6'",
        "'Deleted'",
        '500',
        'null',
        "'new'",
        'true',
        'null',
        'null',
        'null',
        'null',
        'null',
        'null',
        'null',
        "'2026-01-02'",
      ],
    ],
  ),
  insert('review', 'product_id, author_id, stars, body, secret', [
    [idOf('e', 1), quoted(idOf('d', 1)), quoted(idOf('a', 2)), '5', "'fine'", "'s1'"],
    [idOf('e', 2), quoted(idOf('d', 1)), 'null', '3', 'null', "'s2'"],
    [idOf('e', 3), quoted(idOf('d', 1)), quoted(idOf('a', 1)), '0', "'spam'", "'s3'"],
    [idOf('e', 4), quoted(idOf('d', 2)), quoted(idOf('a', 1)), '4', "'good'", "'s4'"],
    [idOf('e', 5), quoted(idOf('d', 4)), quoted(idOf('a', 1)), '5', "'draft'", "'s5'"],
  ]),
  insert('reply', 'review_id, body', [
    [idOf('b', 1), quoted(idOf('e', 1)), "'thanks'"],
    [idOf('b', 2), quoted(idOf('e', 1)), "'indeed'"],
    [idOf('b', 3), quoted(idOf('e', 3)), "'hush'"],
  ]),
  insert('tag', 'label', [
    ['77777777-0000-7000-8000-000000000001', "'new'"],
    ['77777777-0000-7000-8000-000000000002', "'old'"],
  ]),
  insert('ledger', 'note, product_id', [
    ['88888888-0000-7000-8000-000000000001', "'n'", quoted(idOf('d', 1))],
  ]),
  `insert into shop.product_tag (product_id, tag_id) values
     ('${idOf('d', 1)}', '77777777-0000-7000-8000-000000000002'),
     ('${idOf('d', 1)}', '77777777-0000-7000-8000-000000000001'),
     ('${idOf('d', 4)}', '77777777-0000-7000-8000-000000000001');`,
].join('\n')
