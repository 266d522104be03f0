/** Owns the mail that invites somebody: asked for at once, its token made and sent by a job. */

import { text, uuid } from '../../define/fields.ts'
import { type Html, html } from '../../define/html.ts'
import { kit } from '../../define/kit.ts'
import { identity } from '../kit.ts'
import { mailedName } from '../mail/names.ts'
import type { MailingParts } from '../mail/sending.ts'
import type { IdentityScope } from '../sight.ts'
import { prefixes } from '../tokens.ts'

const words = text({ max: 200 })

/** How invitations are mailed. */
export type InvitationMailing = ReturnType<typeof invitationMailing>

/**
 * The mail of an app's invitations, and the job that sends it. Who gets one with an account and who
 * without is the same to both: the mail leads to a page on which one signs in, or up.
 */
export function invitationMailing(parts: MailingParts) {
  const made = kit('organisationMail', { uses: [identity] })
  const mail = made.mail('invitation', {
    input: {
      ...{ title: words, organisation: words, link: text({ max: 2_000 }) },
      ...{ by: text({ max: 300 }), role: text({ max: 50 }) },
    },
    secret: true,
    subject: (values) => `You are invited to ${quoted(values)} at ${values.title}`,
    text: (values) => `${lead(values)}\n\n${values.link}\n\n${ignore}\n`,
    html: (values): Html => page(lead(values), values.link),
  })
  const send = made.job('invite', {
    input: { invitationId: uuid() },
    async run(scope) {
      const { invitation, organisation, user } = scope.data.unrestricted
      const filter = { id: scope.input.invitationId }
      const [found] = (await invitation.find({ filter, limit: 1 })).data
      // Taken back, or accepted by an earlier mail.
      if (!found || found.usedAt !== null || found.expiresAt <= scope.now) return
      const { name } = await organisation.get(found.organisationId)
      const { token, hash } = parts.tokens.make(prefixes.invitation)
      await invitation.update(found.id, { tokenHash: hash })
      const link = `${parts.address('/account/accept-invitation')}?token=${token}`
      const whose = { id: found.invitedById }
      const [inviter] = (await user.find({ filter: whose, limit: 1 })).data
      const by = mailedName(inviter?.name ?? '', 'Somebody')
      const where = { organisation: mailedName(name, nameless), role: found.role }
      await scope.send(mail, { to: found.email, input: { title: parts.title, link, by, ...where } })
    },
  })
  const ended = made.mail('keyEnded', {
    input: {
      ...{ title: words, organisation: words, what: text({ max: 300 }), by: text({ max: 300 }) },
      ...{ when: text({ max: 40 }), link: text({ max: 2_000 }) },
    },
    subject: (values) => `Ended in ${quoted(values)} at ${values.title}`,
    text: ({ what, by, when, link, ...where }) =>
      `${what}, which worked in ${quoted(where)}, was ended by ${by} at ${when}. Nothing gets ` +
      `in by it any more. If you still need it, ask them first. All that is yours: ${link}\n`,
  })
  return {
    kit: made,
    /** Mails the owner of a key that somebody else has ended it, in the transaction of the end. */
    tellOfEnd: async (scope: IdentityScope, { to, sort, prefix, ...named }: EndedKey) => {
      const key = mailedName(named.key, 'without a name')
      const organisation = mailedName(named.organisation, nameless)
      const what = `${owned[sort]} “${key}”${prefix === null ? '' : ` (${prefix}…)`}`
      const person = named.by.name === null ? 'Somebody' : mailedName(named.by.name, 'Somebody')
      const by = `“${person}” (${named.by.role})`
      const link = parts.address(sort === 'program' ? '/account/apps' : '/account/keys')
      const input = { title: parts.title, what, link, by, organisation, when: scope.now }
      await scope.send(ended, { to, input })
    },
    /** Asks for the mail of an invitation, in the transaction of whoever asks. */
    ask: async (scope: IdentityScope, invitationId: string) => {
      await scope.enqueue(send, { invitationId })
    },
  }
}

/** What works in an organisation without a session of its owner. */
export type KeySort = 'key' | 'agent' | 'program'

/** A key that somebody else has ended. */
interface EndedKey {
  /** Of its owner. */
  readonly to: string
  readonly sort: KeySort
  readonly key: string
  /** What it began with. */
  readonly prefix: string | null
  readonly organisation: string
  /** Who has ended it, in which role. */
  readonly by: { readonly name: string | null; readonly role: string }
}

const owned: Readonly<Record<KeySort, string>> = Object.freeze({
  key: 'Your key',
  agent: 'The token of your agent',
  program: 'What you gave the program',
})

function page(words: string, link: string): Html {
  return html`<p>${words}</p><p><a href="${link}">${link}</a></p><p>${ignore}</p>`
}

interface Inviting {
  readonly organisation: string
  readonly by: string
  readonly role: string
}

function lead(values: Inviting): string {
  const { by, role } = values
  return `“${by}” invites you to work, as ${role}, in ${quoted(values)}. Accept within a week:`
}

/** So that words of somebody else are never taken for ours. */
function quoted({ organisation }: { readonly organisation: string }): string {
  return `“${organisation}”`
}

const nameless = 'an organisation'
const ignore =
  'They have chosen these names themselves. If you do not know them, ignore this mail: nothing ' +
  'has changed.'
