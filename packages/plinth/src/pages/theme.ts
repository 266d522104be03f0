/** Owns the style sheet of the pages: ours, with an app's colours and its own rules behind it. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../base/failure.ts'
import type { PageColours, PageLooks } from '../define/pages.ts'

/** The address of the style sheet. */
export const stylesPath = '/account/style.css'

// From src/pages and from dist/pages alike.
const file = join(import.meta.dirname, '../../assets/pages/pages.css')

const variables: Readonly<Record<keyof PageColours, string>> = Object.freeze({
  ground: '--ground',
  raised: '--raised',
  line: '--line',
  ink: '--ink',
  faint: '--faint',
  accent: '--accent',
  onAccent: '--on-accent',
  good: '--good',
  bad: '--bad',
})

// A hex colour, a name, or a function of numbers: nothing that could end a rule.
const colourForm =
  /^(?:#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|[a-z]+|[a-z-]+\([a-z0-9 .,%/+-]+\))$/i
const languageForm = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/

/**
 * Checks what an app declares about its pages.
 *
 * @throws Failure `declaration_invalid` with the first mistake and its cure.
 */
export function demandPages({ colours = {}, language = 'en' }: PageLooks): void {
  if (!languageForm.test(language)) {
    throw mistake(`pages.language is "${language}": write a language such as en or pt-BR.`)
  }
  for (const [name, colour] of Object.entries(colours)) {
    if (!Object.hasOwn(variables, name)) {
      const known = Object.keys(variables).join(', ')
      throw mistake(`pages.colours has no "${name}": there are ${known}.`)
    }
    for (const text of pair(colour)) {
      if (colourForm.test(text)) continue
      throw mistake(`pages.colours.${name} is "${text}": write a colour such as #1f5fbf.`)
    }
  }
}

/** The style sheet. */
export function styleSheet({ colours = {}, css = '' }: PageLooks): string {
  const own = Object.entries(colours).map(([name, colour]) => {
    const [light, dark] = pair(colour)
    return `  ${variables[name as keyof PageColours]}: light-dark(${light}, ${dark});\n`
  })
  const theme = own.length === 0 ? '' : `\n:root {\n${own.join('')}}\n`
  return `${readFileSync(file, 'utf8')}${theme}${css === '' ? '' : `\n${css}\n`}`
}

function pair(colour: PageColours[keyof PageColours]): readonly [string, string] {
  if (typeof colour === 'string') return [colour, colour]
  return colour ?? ['', '']
}

function mistake(detail: string): Failure {
  return new Failure('declaration_invalid', { detail })
}
