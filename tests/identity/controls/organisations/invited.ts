/** Owns the controls of who is invited, for how long that counts, and who stays: C11, E04, L02. */

import { type AttackControl, against } from '../against.ts'

const proof = 'packages/plinth/src/identity/proof/organisations/invitations.test.ts'
const invitations = 'identity/organisations/invitations.ts'

/** What keeps invitations from going further than who invites. */
export const invitedControls: readonly AttackControl[] = [
  against('E04', proof)('the role of an invitation that another one replaces', {
    file: invitations,
    from: 'demandCovers(known, by, given)',
    to: 'void given',
  }),
  against('E04', proof)('the role of an invitation that is taken back', {
    file: invitations,
    from: 'for (const { id, role } of found) {\n          demandCovers(known, by, role)',
    to: 'for (const { id } of found) {',
  }),
  against('C11', proof)('the invitations of who is removed', {
    file: 'identity/organisations/members.ts',
    from: 'await endInvitations(inside, member)',
    to: '',
  }),
  against('L02', proof)('the count of who invites', {
    file: invitations,
    from: 'const key = `invitation:',
    to: "if (whose.startsWith('user')) break\n        const key = `invitation:",
  }),
  against(
    'C11',
    'packages/plinth/src/identity/proof/organisations/organisations.test.ts',
    'an owner who is shut out',
  )('the owner who can look after an organisation', {
    file: 'identity/organisations/standing.ts',
    from: 'userId: { ne: userId }, user }',
    to: 'userId: { ne: userId } }\n  void user',
  }),
]
