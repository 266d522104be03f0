/** Owns the controls of rights and of steps of a business: E, F02, F06; and of what leaks. */

import { type AttackControl, against, byDoors } from './against.ts'

const rights = byDoors('rights')
const live = byDoors('live')
const programs = 'packages/plinth/src/identity/proof/provider/programs/office-keys.test.ts'
const keys = 'packages/plinth/src/identity/proof/organisations/keys.test.ts'
const wrongCredential = {
  file: 'engine/invoke.ts',
  from: "if (credential.from === 'cookie') return",
  to: 'return',
}
const staff = {
  file: 'access/rule.ts',
  from: 'sight.facts.roles.has(expression.role)',
  to: 'true',
}
const signature = {
  file: 'app/services/verify.ts',
  from: 'const { payload } = await jwtVerify(signed,',
  to: [
    'const believed = (..._: readonly unknown[]) => ({ payload: decodeJwt(signed) })',
    '    const { payload } = believed(signed,',
  ].join('\n'),
}

/** What keeps rights where they are. */
export const rightControls: readonly AttackControl[] = [
  against('E01', rights)('the rule of the staff', staff),
  against('E01', live)('the rule of the staff, by live reads', staff),
  against('E02', rights)('the refusal of a wrong credential', wrongCredential),
  against('E02', live)('the refusal of a wrong credential, by live reads', wrongCredential),
  against('E03', rights)('the signature under what a service says of itself', signature),
  against(
    'E03',
    live,
    'E03.*by ',
  )('the signature under what a service says of itself, by live reads', signature),
  against('E04', rights)('the fields that only the staff writes', {
    file: 'identity/kit.ts',
    from: "roles: { write: ({ me }) => me.is('admin') },",
    to: 'roles: {},',
  }),
  against('E04', rights)('the fields that nobody writes', {
    file: 'identity/kit.ts',
    from: 'emailVerifiedAt: { write: nobody },',
    to: 'emailVerifiedAt: {},',
  }),
  against('E04', keys)('the role of whoever made a key', {
    file: 'identity/organisations/keys.ts',
    from: 'demandCovers(known, by, whose.role)',
    to: '',
  }),
  against('E04', keys)('the organisation in which a key works', {
    file: 'identity/organisations/keys.ts',
    from: 'await apiKey.find({ filter: asked, limit: 1 })',
    to: 'await apiKey.find({ filter: { id }, limit: 1 })',
  }),
  against('E04', programs)('the organisation into which a program was let', {
    file: 'identity/organisations/programs.ts',
    from: 'const asked = { filter: { id, organisationId }, limit: 1 }',
    to: 'const asked = { filter: { id }, limit: 1 }',
  }),
  against('E04', programs)('the end of a program in one organisation alone', {
    file: 'identity/organisations/programs.ts',
    from: 'endProgram(unrestricted, { ...filter, organisationId })',
    to: 'endProgram(unrestricted, filter)',
  }),
  against('F02', rights)('the rule of creation', {
    file: 'query/write/verdict.ts',
    from: "before ? 'updated' : 'create'",
    to: "before ? 'updated' : 'read'",
  }),
  against('F06', rights)('the rule on the record before its change', {
    file: 'query/write/verdict.ts',
    from: 'if (before) rules.push(',
    to: "if (before === 'none') rules.push(",
  }),
  against('F06', rights)('the rule on the record after its change', {
    file: 'query/write/verdict.ts',
    from: 'if (after) rules.push(',
    to: 'if (after && !before) rules.push(',
  }),
  against('H01', 'tests/identity/rights.test.ts')('the origin of what a cookie sends', {
    file: 'http/origin/csrf.ts',
    from: 'if (!fromOurPages(request)) {',
    to: 'if (request === undefined) {',
  }),
]
