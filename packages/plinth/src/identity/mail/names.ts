/** Owns names as mails tell them: of people, organisations and keys, whoever has chosen them. */

import { limits } from '../../base/limits.ts'

// What is not seen: control and format characters, what turns the direction of writing around.
const unseen = /[\p{C}\u115f\u1160\u3164\uffa0]/gu
// Where mail programs find addresses: `a.b`, `a:b`, `a/b`, `a@b`; other letters that end as a dot.
const joined = /[.:/\\@\u3002\u0589\u2025\u2026\u2044\u2215](?=\S)/gu
// What they would ring up.
const telephone = /\d(?:[^\p{L}\d]{0,3}\d){6,}/gu

/**
 * A name that somebody has chosen, as a mail of ours tells it to others: so short that it holds no
 * letter of its own, on one line, and with nothing that a mail program makes a link or a telephone
 * number of, so that nobody sends strangers somewhere by our mails. It reads as it was given where
 * it is a name: `Dr. Who & Sons` stays.
 */
export function mailedName(name: string, otherwise: string): string {
  const plain = name
    .toWellFormed()
    .normalize('NFKC')
    .replace(/[\s\u2028\u2029]+/gu, ' ')
    .replace(unseen, '')
    .replace(telephone, '…')
    .replace(joined, '·')
    .replace(/["“”„«»<>]/gu, '’')
    .trim()
  if (!/[\p{L}\p{N}]/u.test(plain)) return otherwise
  const letters = [...plain]
  const most = limits.mailNameCharactersMax
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : plain
}
