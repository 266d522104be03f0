/** Owns the parts that pages are drawn of: fields, what is wrong, what was done, buttons. */

import { limits } from '../../base/limits.ts'
import { type Html, html, htmlOf } from '../../define/html.ts'
import type { PageForm, PageView } from '../../define/pages.ts'

/** A field as it is drawn. */
export interface Field<F extends string> {
  readonly name: F
  readonly label: string
  readonly type: 'email' | 'password' | 'text'
  /** What a browser or a password manager fills it with. */
  readonly fill: string
  /** Which keys a phone shows. Default: by its type. */
  readonly keys?: 'numeric' | 'text' | 'email'
  readonly hint?: string
  /** True: it may stay empty. */
  readonly optional?: true
}

/** A form as it is drawn. */
export interface FormLook<F extends string> {
  readonly fields: readonly Field<F>[]
  readonly button: string
  /** How the button stands out. Default: the main one. */
  readonly weight?: Weight
  /** What stands between fields and button. */
  readonly more?: Html | undefined
}

/** Above a page's form: its heading, what went well, what did not. */
export function opening<F extends string>(
  heading: string,
  view: Omit<PageView<F>, 'form'> & { readonly form?: PageForm<F> },
): Html {
  return html`<h1>${heading}</h1>
${view.notice === undefined ? undefined : html`<p class="notice" role="status">${view.notice}</p>`}
${trouble(view)}`
}

/** What is wrong, with the way to each field. Its reader is taken there first. */
function trouble<F extends string>({
  failure,
  form,
}: Pick<PageView<F>, 'failure'> & { readonly form?: PageForm<F> }): Html | undefined {
  if (failure === undefined) return undefined
  const problems = Object.entries<string | undefined>(form?.problems ?? {})
  const list = problems.map(
    ([name, detail]) => html`<li><a href="${`#${name}`}">${detail}</a></li>`,
  )
  return html`<div class="trouble" role="alert" tabindex="-1" autofocus>
<h2>That did not work</h2>
<p>${failure}</p>
${list.length === 0 ? undefined : html`<ul>${list}</ul>`}
</div>`
}

/** A form with its fields. */
export function formOf<F extends string>(form: PageForm<F>, look: FormLook<F>): Html {
  return html`<form method="post" action="${form.action}">
${hiddenOf(form.hidden)}
${look.fields.map((field) => fieldOf(form, field))}
${look.more}
<button class="${look.weight ?? 'main'}">${look.button}</button>
</form>`
}

const free = html` <span class="faint">(optional)</span>`

function fieldOf<F extends string>(form: PageForm<F>, field: Field<F>): Html {
  const { name, type, optional } = field
  const { hint = field.fill === 'new-password' ? newPasswordHint(form) : undefined } = field
  const problem = form.problems[name]
  const keys = field.keys ?? (type === 'email' ? 'email' : 'text')
  const wide = html`type="${type}" id="${name}" name="${name}" value="${form.values[name]}"`
  const told = html`aria-invalid="${problem !== undefined}" aria-describedby="${name}-told"`
  const capitals = field.fill === 'name' ? 'words' : 'none'
  const shape = html`autocomplete="${field.fill}" inputmode="${keys}"
autocapitalize="${capitals}"
spellcheck="false" ${optional ? undefined : html`required`}`
  return html`<div class="field">
<label for="${name}">${field.label}${optional ? free : undefined}</label>
<div id="${name}-told">
${hint === undefined ? undefined : html`<p class="hint">${hint}</p>`}
${problem === undefined ? undefined : html`<p class="problem">${problem}</p>`}
</div>
${input([wide, told, shape])}
</div>`
}

function newPasswordHint({ newPasswordCharactersMin }: Pick<PageForm, FewestCharacters>): string {
  const least = newPasswordCharactersMin ?? limits.passwordCharactersMin
  return `At least ${least} characters: a few words will do.`
}

type FewestCharacters = 'newPasswordCharactersMin'

/** The tag `html` takes values in texts and in quotes; attributes that are whole come so. */
function input(attributes: readonly Html[]): Html {
  return htmlOf(`<input ${attributes.map(({ text }) => text.trim()).join('\n')}>`)
}

/** The fields that nobody sees. */
export function hiddenOf(hidden: Readonly<Record<string, string>>): Html {
  const fields = Object.entries(hidden).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return html`${fields}`
}

/** The organisation in which something works, of those that somebody can choose; or none. */
export function organisationField(
  organisations: readonly {
    readonly id: string
    readonly name: string
    readonly active: boolean
  }[],
): Html {
  const options = organisations.map(({ id, name, active }) =>
    active
      ? html`<option value="${id}" selected>${name}</option>`
      : html`<option value="${id}">${name}</option>`,
  )
  return html`<div class="field"><label for="organisation">Organisation</label>
<p class="hint" id="organisation-told">It works in this one, and in no other.</p>
<select id="organisation" name="organisation" aria-describedby="organisation-told">
<option value="">None</option>${options}</select></div>`
}

/** How a button stands out. */
export type Weight = 'main' | 'quiet' | 'ends'

/** A form of one button. */
export function button(
  action: string,
  label: string,
  {
    weight = 'quiet',
    hidden = {},
    about,
  }: {
    readonly weight?: Weight
    readonly hidden?: Readonly<Record<string, string>>
    /** What it is about, where the label alone does not tell: for screen readers. */
    readonly about?: string
  } = {},
): Html {
  const more = about === undefined ? undefined : html`<span class="unseen"> ${about}</span>`
  return html`<form method="post" action="${action}">${hiddenOf(hidden)}
<button class="${weight}">${label}${more}</button></form>`
}

/** Ways to other pages; those without an address are left out. */
export function ways(
  links: readonly (readonly [text: string, address: string | undefined])[],
): Html | undefined {
  const given = links.filter(([, address]) => address !== undefined)
  if (given.length === 0) return undefined
  return html`<ul class="ways">${given.map(
    ([text, address]) => html`<li><a href="${address}">${text}</a></li>`,
  )}</ul>`
}

/** The field of an e-mail address that somebody signs in with. */
export const emailField = Object.freeze({
  ...{ name: 'email', label: 'E-mail address', type: 'email', fill: 'username' },
} as const)

/** The field of a password that somebody has. */
export const passwordField = Object.freeze({
  ...{ name: 'password', label: 'Password', type: 'password', fill: 'current-password' },
} as const)

/** The field of a code that an app or a mail shows. */
export const codeField = Object.freeze({
  ...{ name: 'code', label: 'Code', type: 'text', fill: 'one-time-code' },
} as const)

/** The field of a new password. */
export function newPasswordField<F extends string>(name: F, label: string): Field<F> {
  return { name, label, type: 'password', fill: 'new-password' }
}

/** A box to tick, sent as `yes`. */
export function tickOf<F extends string>(
  { values, problems }: PageForm<F>,
  { name, label }: Pick<Field<F>, 'name' | 'label'>,
): Html {
  const problem = problems[name]
  const ticked = values[name] === 'yes' ? ' checked' : ''
  const told = problem === undefined ? '' : ` aria-invalid="true" aria-describedby="${name}-told"`
  const box = htmlOf(
    `<input type="checkbox" id="${name}" name="${name}" value="yes"${ticked}${told}>`,
  )
  return html`${problem && html`<p class="problem" id="${name}-told">${problem}</p>`}
<p class="tick">${box}
<label for="${name}">${label}</label></p>`
}

// Made for the first who asks: the tables of a language take a while to read.
let clock: Intl.DateTimeFormat | undefined

/** Such as `21 Nov 2026, 09:30 UTC`. */
export function timeOf(instant: string): string {
  clock ??= new Intl.DateTimeFormat('en-GB', {
    ...{ dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' },
  })
  return `${clock.format(new Date(instant))} UTC`
}
