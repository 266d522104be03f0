/** Owns the drawings of products: lines on a grid of 48 by 48, found by a product's name. */

const drawings: readonly (readonly [word: string, ...lines: readonly string[]])[] = [
  [
    'lantern',
    'M18 17h12l4 6v13H14V23zM20 17v-4a4 4 0 0 1 8 0v4M24 25c3 3 3 6 0 8-3-2-3-5 0-8z',
    'M12 36h24v4H12z',
  ],
  [
    'candle',
    'M20 17h8v14h-8zM24 17v-3M24 6c3 4 2 6 0 8-2-2-3-4 0-8z',
    'M12 31h24c0 6-5 8-12 8s-12-2-12-8zM18 43h12',
  ],
  [
    'lights',
    'M3 11c11 16 31 16 42 0M12 21c-4 4-3 9 0 10 3-1 4-6 0-10z',
    'M24 24c-4 4-3 9 0 10 3-1 4-6 0-10zM36 21c-4 4-3 9 0 10 3-1 4-6 0-10z',
  ],
  ['lamp', 'M17 8h14l6 16H11zM24 24v15M15 40h18M30 24v6'],
  [
    'teapot',
    'M15 20h18c4 6 3 15-2 20H17c-5-5-6-14-2-20zM34 25l7-6 3 2-9 13M14 24c-9-3-11 9-2 11',
    'M18 20c1-5 11-5 12 0M24 16v-3',
  ],
  ['mug', 'M11 13h21v22a5 5 0 0 1-5 5H16a5 5 0 0 1-5-5zM32 18h4a6 6 0 0 1 0 13h-4'],
  ['cake', 'M7 22h34M12 22c0-11 24-11 24 0M24 22v16M14 40h20M18 36h12M24 14v-4'],
  ['can', 'M16 21h18v19H16zM16 27L7 17M3 20l8-6M34 24c9 0 9 13 0 13M18 21c0-10 14-10 14 0'],
  ['bird', 'M7 20L24 8l17 12zM12 20v9M36 20v9M8 29h32M24 29v12M16 41h16M21 29c0-4 6-4 6 0'],
  [
    'planter',
    'M12 25h24l-3 16H15zM24 25V13M24 18c-7 0-9-5-9-9 7 0 9 4 9 9z',
    'M24 20c7 0 9-5 9-9-7 0-9 4-9 9z',
  ],
  ['notebook', 'M13 8h23v32H13zM13 15H9M13 24H9M13 33H9M20 17h10M20 23h10'],
  [
    'wrap',
    'M8 18h32v8H8zM11 26h26v14H11zM24 18v22M24 18c-11 0-11-10-5-9 4 1 5 9 5 9z',
    'M24 18c11 0 11-10 5-9-4 1-5 9-5 9z',
  ],
  ['calendar', 'M9 12h30v28H9zM9 20h30M17 8v7M31 8v7M16 27h3M23 27h3M30 27h3M16 33h3M23 33h3'],
  ['top', 'M24 6v8M12 14h24c2 8-6 16-12 27-6-11-14-19-12-27zM13 20h22'],
  ['jigsaw', 'M9 16h10c-3-8 9-8 6 0h10v9c8-3 8 9 0 6v9H9v-9c8 3 8-9 0-6z'],
  [
    'yo-yo',
    'M21 42a12 12 0 1 0 0-24 12 12 0 0 0 0 24zM21 34a4 4 0 1 0 0-8 4 4 0 0 0 0 8z',
    'M33 30C33 12 30 10 38 5',
  ],
  ['bag', 'M11 17h26v23H11zM11 17l5-9h16l5 9M18 25h12v8H18z'],
  ['flask', 'M18 13h12v4l3 5v18H15V22l3-5zM19 13V8h10v5M15 27h18M15 34h18'],
  [
    'umbrella',
    'M24 10c-12 0-18 8-19 16 5-4 9-4 10 0 4-4 14-4 18 0 1-4 5-4 10 0-1-8-7-16-19-16z',
    'M24 7v3M24 25v13a4 4 0 0 0 8 0',
  ],
]

const parcel = 'M8 16l16-8 16 8v17l-16 8-16-8zM8 16l16 8 16-8M24 24v17M16 12l16 8'

/** The drawing of a product. */
export function drawingOf(name: string): string {
  const words = name.toLowerCase()
  const [, ...lines] = drawings.find(([word]) => words.includes(word)) ?? ['', parcel]
  return lines.join('')
}

/** One of so many tints, the same for the same name. */
export function tintOf(name: string, count: number): number {
  let sum = 0
  for (const character of name) sum = (sum * 31 + character.charCodeAt(0)) % 9_973
  return sum % count
}
