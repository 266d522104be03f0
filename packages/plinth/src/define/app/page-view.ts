/** Owns what every page is shown with: its form, what was done, what was wrong, ways to others. */

/** A form of a page: where it goes, what is typed in it, and what was wrong with that. */
export interface PageForm<F extends string = never> {
  /** Where it is sent: by POST, as a browser sends forms. */
  readonly action: string
  /** What it sends along unseen, each in an `<input type="hidden">`. */
  readonly hidden: Readonly<Record<string, string>>
  /** What was typed before, by the field's name; a password never comes back. */
  readonly values: Readonly<Record<F, string>>
  /** What is wrong with a field, in a sentence. */
  readonly problems: { readonly [N in F]?: string }
  /** How many characters a new password has at least, for forms that ask for one. */
  readonly newPasswordCharactersMin?: number
}

/** What every page is shown with. */
export interface PageView<F extends string = never> {
  /** The app's title. */
  readonly app: string
  /** What has just been done, in a sentence. */
  readonly notice: string | undefined
  /** Why what was sent was not done, in a sentence. */
  readonly failure: string | undefined
  readonly form: PageForm<F>
}

/** Addresses of other pages; undefined where the app has none such. */
export type PageLinks<L extends string> = {
  readonly links: Readonly<Record<L, string | undefined>>
}
