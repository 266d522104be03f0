/** Owns the texts of identity's mails. Those that hold a token are secret: nobody reads them. */

import { integer, text } from '../../define/fields.ts'
import { type Html, html } from '../../define/html.ts'
import type { Models } from '../../define/infer.ts'
import { kit } from '../../define/kit.ts'
import type { Declaring } from '../../define/logic/declare.ts'
import { identity } from '../kit.ts'

const title = text({ max: 200 })
const link = text({ max: 2_000 })
const when = text({ max: 40 })
const secretLink = { input: { title, link }, secret: true } as const
// With room for the longest address.
const what = text({ max: 400 })
const ignore = 'If you did not ask for this, ignore this mail: nothing has changed.'

// Whoever clicks without having asked would bless an account, and a password, of somebody else.
const confirming =
  'Somebody made an account with this address. If that was you, confirm it within a day, with ' +
  'the password that you chose:'

const upgrading = 'Confirm your address, within an hour, in the browser where you began:'

/** The mails of an app's accounts; the kit is made for each app. */
export function accountMails() {
  const made = kit('identityMail', { uses: [identity] })
  return {
    kit: made,
    verifyEmail: made.mail('verifyEmail', {
      ...secretLink,
      subject: (mail) => `Confirm your address for ${mail.title}`,
      text: (mail) => letter(confirming, mail.link),
      html: (mail) => page(confirming, mail.link),
    }),
    changeEmail: made.mail('changeEmail', {
      ...secretLink,
      subject: (mail) => `Confirm your new address for ${mail.title}`,
      text: (mail) => letter('Confirm, within an hour, that you sign in with this:', mail.link),
      html: (mail) => page('Confirm, within an hour, that you sign in with this:', mail.link),
    }),
    signUpAgain: made.mail('signUpAgain', {
      input: { title, link },
      subject: (mail) => `You have an account at ${mail.title} already`,
      text: (mail) =>
        'Somebody, perhaps you, tried to make an account with this address. You have one ' +
        `already.\n\nSign in, or set a new password: ${mail.link}\n`,
    }),
    resetPassword: made.mail('resetPassword', {
      ...secretLink,
      subject: (mail) => `Set a new password for ${mail.title}`,
      text: (mail) => letter('Set a new password, within 15 minutes:', mail.link),
      html: (mail) => page('Set a new password, within 15 minutes:', mail.link),
    }),
    signInLink: made.mail('signInLink', {
      input: { title, link, code: text({ max: 12 }) },
      secret: true,
      subject: (mail) => `Sign in to ${mail.title}`,
      text: (mail) => letter('Sign in, within 10 minutes:', mail.link, codeLine(mail.code)),
      html: (mail) => page('Sign in, within 10 minutes:', mail.link, codeLine(mail.code)),
    }),
    upgrade: made.mail('upgrade', {
      input: { title, link, code: text({ max: 12 }) },
      secret: true,
      subject: (mail) => `Confirm your address for ${mail.title}`,
      text: (mail) => letter(upgrading, mail.link, codeLine(mail.code)),
      html: (mail) => page(upgrading, mail.link, codeLine(mail.code)),
    }),
    newDevice: deviceMail(made.mail),
    actedAs: actingMail(made.mail),
    factorTried: triedMail(made.mail),
    accountDeleted: deletedMail(made.mail),
    passwordChanged: passwordMail(made.mail),
    accountChanged: made.mail('accountChanged', {
      input: { title, link, when, what },
      subject: (mail) => `Your account at ${mail.title} was changed`,
      text: (mail) => `${mail.what} At ${mail.when}.\n\n${wasItYou(mail.link)}`,
    }),
  }
}

/** Such as `Berlin, Germany (192.0.2.1)`. */
function fromOf({ address, place }: { readonly address: string; readonly place: string | null }) {
  return place === null ? address : `${place} (${address})`
}

function deviceMail(mail: Declaring<Models>['mail']) {
  return mail('newDevice', {
    input: {
      ...{ title, link, when, device: text({ max: 60 }), address: text({ max: 60 }) },
      place: text({ max: 100, optional: true }),
    },
    subject: (seen) => `New sign-in to ${seen.title}`,
    text: (seen) =>
      `Somebody signed in to your account: ${seen.device}, from ${fromOf(seen)}, at ` +
      `${seen.when}.\n\n${wasItYou(seen.link)}`,
  })
}

function actingMail(mail: Declaring<Models>['mail']) {
  return mail('actedAs', {
    input: { title, link, when, minutes: integer() },
    subject: (acting) => `Staff acts as you at ${acting.title}`,
    text: (acting) =>
      `A member of staff acts as you, from ${acting.when} on, for at most ${acting.minutes} ` +
      'minutes. They cannot change your password, your address or your ways to sign in.\n\nYour ' +
      `account says why, and lets you end it at once: ${acting.link}\n`,
  })
}

function triedMail(mail: Declaring<Models>['mail']) {
  return mail('factorTried', {
    input: { title, link, when },
    subject: (tried) => `Somebody knows your password at ${tried.title}`,
    text: (tried) =>
      'Somebody gave your password, and then wrong codes of your second factor until no more ' +
      `were taken, last at ${tried.when}. They are not in.\n\nIf that was you, try again in a ` +
      `quarter of an hour. If not, set a new password now: ${tried.link}\n`,
  })
}

function passwordMail(mail: Declaring<Models>['mail']) {
  const lines = text({ max: 20_000, multiline: true, optional: true })
  return mail('passwordChanged', {
    input: { title, link, when, what, keys: lines, keysLink: link, ways: lines, waysLink: link },
    subject: (changed) => `Your account at ${changed.title} was changed`,
    text: (changed) =>
      `${changed.what} At ${changed.when}.\n\n${wasItYou(changed.link)}` +
      left('These still act for your account', changed.keys, changed.keysLink) +
      left('Beside the password these still let somebody in', changed.ways, changed.waysLink),
  })
}

function left(lead: string, lines: string | null | undefined, address: string): string {
  return lines ? `\n${lead}:\n\n${lines}\n\nEnd those that you do not know: ${address}\n` : ''
}

function deletedMail(mail: Declaring<Models>['mail']) {
  return mail('accountDeleted', {
    input: { title, when },
    subject: (deleted) => `Your account at ${deleted.title} was deleted`,
    text: (deleted) =>
      `As you asked, your account was deleted at ${deleted.when}. Its address is free again.\n`,
  })
}

/** The mails of an app's accounts. */
export type AccountMails = ReturnType<typeof accountMails>

function letter(lead: string, address: string, more = ''): string {
  return `${lead}\n\n${address}\n\n${more === '' ? '' : `${more}\n\n`}${ignore}\n`
}

function page(lead: string, address: string, more = ''): Html {
  const rest = more === '' ? undefined : html`<p>${more}</p>`
  return html`<p>${lead}</p><p><a href="${address}">${address}</a></p>${rest}<p>${ignore}</p>`
}

function codeLine(code: string): string {
  return `Or type this code where you asked for it: ${code}. Never tell it to anybody.`
}

function wasItYou(link: string): string {
  return `If that was you, nothing is to be done. If not, set a new password now: ${link}\n`
}
