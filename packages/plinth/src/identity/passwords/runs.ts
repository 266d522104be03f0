/** Owns runs of characters that no word stands behind: along the alphabet, or along a keyboard. */

const steps: ReadonlySet<number> = new Set([-2, -1, 0, 1, 2])

/** Where a run of equal steps ends (`abcd`, `8642`, `aaaa`); undefined where none begins. */
export function sequenceEnd(text: readonly string[], start: number): number | undefined {
  const step = stepAt(text, start)
  if (!steps.has(step)) return undefined
  let end = start + 2
  while (end < text.length && stepAt(text, end - 1) === step) end++
  return end - start >= 3 ? end : undefined
}

function stepAt(text: readonly string[], at: number): number {
  const [one, other] = [text[at]?.codePointAt(0), text[at + 1]?.codePointAt(0)]
  return one === undefined || other === undefined ? Number.NaN : other - one
}

// Along the rows and down the columns, of the three layouts of Latin letters.
const lines = [
  ...['1234567890', '!@#$%^&*()', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm'],
  ...['qwertzuiop', 'yxcvbnm', 'azertyuiop', 'qsdfghjklm', 'wxcvbn'],
  ...['1qaz', '2wsx', '3edc', '4rfv', '5tgb', '6yhn', '7ujm', '8ik,', '9ol.'],
  ...['1qay', '6zhn', '1aqw', '2zsx', 'qazwsxedcrfvtgbyhnujm', '1q2w3e4r5t6y7u8i9o0p'],
]
const tracks = lines.flatMap((line) => [line, [...line].reverse().join('')])

/** Where runs of four and more keys end that lie beside each other, either way. */
export function keyboardEnds(text: readonly string[], start: number): readonly number[] {
  let longest = 0
  const first = text[start] ?? ''
  for (const track of tracks) {
    for (let at = track.indexOf(first); at >= 0; at = track.indexOf(first, at + 1)) {
      let length = 1
      while (track[at + length] !== undefined && track[at + length] === text[start + length]) {
        length++
      }
      longest = Math.max(longest, length)
    }
  }
  return Array.from({ length: Math.max(0, longest - 3) }, (_, index) => start + index + 4)
}
