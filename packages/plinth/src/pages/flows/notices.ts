/** Owns what pages say about what has just been done: fixed sentences, each by its word. */

import type { Site } from '../visit.ts'

const sentences = {
  'signed-out': 'You are signed out.',
  'signed-out-elsewhere': 'All your other sessions have ended.',
  'session-ended': 'The session has ended.',
  'email-verified': 'Your address is confirmed.',
  'email-changed': 'Your new address is in place: sign in with it from now on.',
  'email-asked': 'A mail is on its way to the new address: follow its link within an hour.',
  'name-changed': 'Your name is changed.',
  'password-changed': 'Your password is changed, and all your other sessions have ended.',
  'password-reset': 'Your new password is set, and all your sessions have ended. Sign in with it.',
  'verification-sent': 'A mail is on its way to your address: follow its link within a day.',
  'reset-sent':
    'If there is an account with this address, a mail is on its way to it: follow its link ' +
    'within 15 minutes.',
  'code-sent':
    'If there is an account with this address, a mail is on its way to it, with a link and a ' +
    'code that count for 10 minutes.',
  'passkey-added': 'The passkey is added, and all your other sessions have ended.',
  'passkey-renamed': 'The passkey has its new name.',
  'passkey-removed': 'The passkey is removed, and all your other sessions have ended.',
  'identity-waits':
    'An account has the address of this identity: sign in to it as you do, then link the identity.',
  'identity-linked': 'The identity is linked: from now on you can sign in with it.',
  'identity-unlinked': 'The identity is unlinked, and all your other sessions have ended.',
  'address-asked':
    'A mail is on its way to this address: open its link in this browser within 10 minutes.',
  'upgrade-asked':
    'A mail is on its way to your address: follow its link in this browser, or type its code ' +
    'here, within an hour.',
  upgraded: 'You have an account now. What you had as a guest is yours.',
  'account-deleted': 'Your account is deleted.',
  'account-kept': 'Your account stays.',
  'deletion-scheduled':
    'Your account will be deleted, and all your other sessions have ended. Until then you can ' +
    'keep it.',
  'password-removed': 'Your password is removed, and all your other sessions have ended.',
  'second-step-off': 'Signing in by a password or a mail takes no second step any more.',
  'app-removed': 'The program is shut out: what it had is dead.',
  'key-ended': 'The key is ended: it is dead for the next call.',
  'agent-ended': 'What the agent had is ended.',
  'agents-ended': 'What all agents had is ended.',
  'organisation-made': 'The organisation is founded, and you work in it.',
  'organisation-chosen': 'You work in this organisation from now on.',
  'organisation-none': 'You work in no organisation from now on.',
  'organisation-left': 'You have left the organisation.',
  'organisation-deleted': 'The organisation is deleted.',
  'invitation-sent': 'The invitation is on its way, and counts for a week.',
  'invitation-withdrawn': 'The invitation is withdrawn.',
  'invitation-accepted': 'You are a member, and work in the organisation from now on.',
  'invitation-declined': 'The invitation is declined.',
  'member-removed': 'They are no member any more.',
  'role-changed': 'The role is changed, and counts from now on.',
  'factor-removed': 'The second factor is removed: signing in takes your password alone.',
} as const

/** What has been done. */
export type Done = keyof typeof sentences | 'signed-up'

/** The sentence of a word in an address; undefined for any other word. */
export function noticeOf(
  done: string | undefined,
  { sendsMail, confirmFirst }: Site,
): string | undefined {
  if (done === 'signed-up') {
    if (!sendsMail) return 'Your account is made: sign in.'
    const mailed = 'A mail is on its way to your address: follow its link to confirm it'
    return confirmFirst
      ? `${mailed}. After that you are signed in.`
      : `${mailed}. You can sign in now.`
  }
  return done !== undefined && isKnown(done) ? sentences[done] : undefined
}

function isKnown(done: string): done is keyof typeof sentences {
  return Object.hasOwn(sentences, done)
}
