/** Owns the list of controls: how each is taken away, and which proof must notice. */

import { type Control, type Proof, without } from '../armed/control.ts'

/** Random reads, the same in every run. */
const reads: Proof = {
  file: 'tests/access/evaluator.test.ts',
  options: ['--test-name-pattern=^reads', '--seed=11', '--declarations=10', '--queries=60'],
}

/** Random pairs of worlds, the same in every run. */
function worlds(pattern: string): Proof {
  const options = [`--test-name-pattern=^${pattern}`, '--seed=5', '--declarations=8']
  return { file: 'tests/access/two-worlds.test.ts', options }
}

function attack(pattern: string): Proof {
  return { file: 'tests/access/attacks.test.ts', options: [`--test-name-pattern=^${pattern}`] }
}

/** Random writes, the same in every run. */
const judged: Proof = {
  file: 'tests/access/judgement.test.ts',
  options: ['--test-name-pattern=^writes', '--seed=7', '--declarations=12'],
}

/** Others of them, among which are links that a writer cannot see. */
const judgedRarely: Proof = {
  ...judged,
  options: ['--test-name-pattern=^writes', '--seed=8', '--declarations=12'],
}

/** One model whose rules tell before from after, with links. */
const moments: Proof = {
  file: 'packages/plinth/src/engine/operations/moments.test.ts',
  options: ['--test-name-pattern=embedded'],
}

/** What holds as long as nothing is taken away, and no other file proves by these numbers. */
export const proofs: readonly Proof[] = [reads, judged, worlds('writes')]

/** Statements as they are planned. */
const wayBack: Proof = {
  file: 'packages/plinth/src/query/read/plan.test.ts',
  options: ['--test-name-pattern=^asks the record beside'],
}

const condition = 'query/column/condition.ts'
const verdict = 'query/write/verdict.ts'
/** Every control whose absence must be noticed. */
export const controls: readonly Control[] = [
  without('the read rule of a list', reads, {
    file: 'query/read/sketch.ts',
    from: 'if (rule.constant !== true) conditions.push(conditionText(rule))',
    to: '',
  }),
  without('the read rule in the join of an included record', reads, {
    file: 'query/read/record.ts',
    from: 'all(step.conditions)',
    to: 'all(step.conditions.slice(0, 1))',
  }),
  without('that only the key which joins a list is its way back', wayBack, {
    file: 'query/column/column.ts',
    from: 'const same = relation.local === foreign && relation.foreign === local',
    to: 'const same = true',
  }),
  without('the read rule of an included list', reads, {
    file: 'query/read/page.ts',
    from: 'const conditions = [...step.conditions, ...sought]',
    to: 'const conditions = [...step.conditions.slice(0, 1), ...sought]',
  }),
  without('the read rule on the way of a filter', reads, {
    file: condition,
    from: 'const conditions = [...step.conditions, ',
    to: 'const conditions = [...step.conditions.slice(0, 1), ',
  }),
  without('the read rule on the way of a sort key', reads, {
    file: 'query/read/page.ts',
    from: 'all(step.conditions)',
    to: 'all(step.conditions.slice(0, 1))',
  }),
  without('the read rule of a count', reads, {
    file: 'query/read/sketch.ts',
    from: 'fromFound(found)}`',
    to: 'fromFound({ ...found, conditions: [] })}`',
  }),
  without('the guard of a hidden field in what is selected', reads, {
    file: 'query/column/cells.ts',
    from: 'flagAt: flagAt ?? -1',
    to: 'flagAt: -1',
  }),
  without('the guard of a hidden field in every reference', reads, {
    file: 'query/column/column.ts',
    from: 'const fragment = sql`case',
    to: 'const fragment = plain\n    void sql`case',
  }),
  without(
    'the guard of a hidden field in a filter',
    reads,
    {
      file: condition,
      from: 'const comparison = compare(column(view, row, shape.field), shape)',
      to: [
        'const safe = column(view, row, shape.field)',
        'const fragment = name(row.alias, safe.field.column)',
        'const comparison = compare({ ...safe, fragment }, shape)',
      ].join('\n'),
    },
    { file: condition, from: 'join, raw, sql, typed }', to: 'join, name, raw, sql, typed }' },
  ),
  without('the guard of a hidden field in a sort key', reads, {
    file: 'query/read/page.ts',
    from: 'return { ...safe, nullable, ',
    to: 'return { ...safe, fragment: name(at.alias, safe.field.column), nullable, ',
  }),
  without('the absence of hidden names', attack('B0[1-7]'), {
    file: 'query/view.ts',
    from: 'if (condition.constant !== false) fields.set',
    to: 'fields.set',
  }),
  without('the deletion mark', reads, {
    file: 'access/compile.ts',
    from: 'return live ? allOf([depends(live), rule]) : rule',
    to: 'return rule',
  }),
  without(
    'the two values of a comparison with null',
    reads,
    { file: 'access/rule.ts', from: 'fragment : sql`(', to: 'fragment : sql`not (' },
    { file: 'access/rule.ts', from: ') is not true`)', to: ')`)' },
  ),
  without('the sources of a computed field', attack('B08'), {
    file: 'catalog/rules.ts',
    from: 'both([field.access.read, ...rules])',
    to: 'both([field.access.read, ...rules.slice(0, 0)])',
  }),
  without('the visibility of a referenced record', attack('A02'), {
    file: verdict,
    from: "if (relation.type !== 'belongsTo' || ",
    to: "if (relation.type !== 'none' || ",
  }),
  without('the visibility of a referenced record, by two worlds', worlds('writes'), {
    file: verdict,
    from: "if (relation.type !== 'belongsTo' || ",
    to: "if (relation.type !== 'none' || ",
  }),
  without('the visibility of linked records, by two worlds', worlds('writes'), {
    file: verdict,
    from: 'return spec.links.map(',
    to: 'return spec.links.slice(0, 0).map(',
  }),
  without('the read rule on the way of a filter, by two worlds', worlds('reads'), {
    file: condition,
    from: 'const conditions = [...step.conditions, ',
    to: 'const conditions = [...step.conditions.slice(0, 1), ',
  }),
  without('the update rule on the row before', attack('A09'), {
    file: verdict,
    from: 'if (before) rules.push(',
    to: 'if (before === "none") rules.push(',
  }),
  without('the update rule on the row after', attack('B11'), {
    file: verdict,
    from: 'if (after) rules.push(',
    to: 'if (after && !before) rules.push(',
  }),
  without('the rule of its own on the row after', judged, {
    file: verdict,
    from: "before ? 'updated' : 'create'",
    to: "before ? 'update' : 'create'",
  }),
  without('the row before, in the rule on the row after', moments, {
    file: 'access/compile.ts',
    from: 'if (before) rows.set(beforeScope, before)',
    to: 'if (before) rows.set(beforeScope, row)',
  }),
  without('the links as they will be, in the rule on the row after', judged, {
    file: verdict,
    from: '{ ...row, links: spec.linksAfter }',
    to: 'row',
  }),
  without('the links as they will be, on the way from related rows', moments, {
    file: 'access/rows.ts',
    from: 'from.links ? { links: from.links }',
    to: 'from.links && !from.links ? { links: from.links }',
  }),
  without('the links as they will be, in what a writer is told', judged, {
    file: 'query/write/create.ts',
    from: 'conditionText(readCondition(catalog, facts, made))',
    to: 'conditionText(readCondition(catalog, facts, { model: made.model, alias: made.alias }))',
  }),
  without('the links that a writer cannot see', judgedRarely, {
    file: 'query/write/links.ts',
    from: '{seenBy(target, link, foreign)})`',
    to: '{sql`true`})`',
  }),
  without('the write rule of a field', attack('A09'), {
    file: verdict,
    from: 'for (const { access } of givenFields(spec)) {',
    to: 'for (const { access } of givenFields(spec).slice(0, 0)) {',
  }),
  without('the read rule of a record to change', attack('A04'), {
    file: 'query/write/change.ts',
    from: "return conditionText(readCondition(catalog, facts, { model, alias: 't' }))",
    to: 'return sql`true`',
  }),
  without('the read rule of a key to upsert', attack('A05'), {
    file: 'engine/operations/upsert.ts',
    from: 'allOf([...conditions, readCondition(catalog, facts, row)])',
    to: 'allOf([...conditions])',
  }),
  without('the refusal before the input is looked at', attack('A09'), {
    file: 'engine/operations/permit.ts',
    from: 'if (possible(facts)) return',
    to: 'if (possible(facts) || verbs.length < 99) return',
  }),
  without(
    'the binding of a cursor',
    attack('A07'),
    { file: 'query/cursor.ts', from: '      cipher.setAAD(Buffer.from(binding))\n', to: '' },
    { file: 'query/cursor.ts', from: '  decipher.setAAD(Buffer.from(binding))\n', to: '' },
  ),
  without('the caller of an idempotency key', attack('A08'), {
    file: 'engine/idempotent.ts',
    from: 'principalOf(caller) ?? ',
    to: '(principalOf(caller) && undefined) ?? ',
  }),
  ...['filterDepthMax: 5', 'filterTermsMax: 50', 'includedRowsMax: 100', 'sortFieldsMax: 4'].map(
    (cap) =>
      without(`the limit ${cap}`, attack('D06'), {
        file: 'base/limits.ts',
        from: `  ${cap},`,
        to: `  ${cap}00,`,
      }),
  ),
]
