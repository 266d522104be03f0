/** Owns the controls of what our mails tell strangers in the words of somebody else: L02. */

import { type AttackControl, against } from '../against.ts'

const mails = 'packages/plinth/src/identity/proof/organisations/mailed-names.test.ts'
const invited = against('L02', mails, 'L02: an invitation')
const ended = against('L02', mails, 'L02: nor')
const names = 'identity/mail/names.ts'
const mailing = 'identity/organisations/mailing.ts'

/** What keeps names from being more than names. */
export const mailedControls: readonly AttackControl[] = [
  invited('the name of an organisation that invites', {
    file: mailing,
    from: 'organisation: mailedName(name, nameless), role',
    to: 'organisation: name, role',
  }),
  invited('the name of who invites', {
    file: mailing,
    from: "mailedName(inviter?.name ?? '', 'Somebody')",
    to: "String(inviter?.name ?? '').slice(0, 300)",
  }),
  invited('the length of a name', {
    file: names,
    from: 'letters.length > most ?',
    to: 'letters.length < 0 ?',
  }),
  invited('what mail programs make a link of', {
    file: names,
    from: ".replace(joined, '·')",
    to: '',
  }),
  invited('what a telephone would ring up', {
    file: names,
    from: ".replace(telephone, '…')",
    to: '',
  }),
  invited('what is not seen in a name', {
    file: names,
    from: ".replace(unseen, '')",
    to: '',
  }),
  invited('the form of letters in a name', {
    file: names,
    from: ".normalize('NFKC')",
    to: '',
  }),
  ended('the name of a key that ended', {
    file: mailing,
    from: "mailedName(named.key, 'without a name')",
    to: 'named.key',
  }),
  ended('the name of the organisation in which a key ended', {
    file: mailing,
    from: 'const organisation = mailedName(named.organisation, nameless)',
    to: 'const { organisation } = named',
  }),
  ended('the name of who ended a key', {
    file: mailing,
    from: "mailedName(named.by.name, 'Somebody')",
    to: 'named.by.name',
  }),
]
