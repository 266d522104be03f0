/** Owns the reading of Accept: how welcome a type is. */

/** The weight that an Accept header gives a type: that of its most specific range. */
export function qualityOf(accept: string, media: string): number {
  let quality = 0
  let rank = 0
  for (const part of accept.toLowerCase().split(',')) {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim())
    const rankHere = rankOf(range, media)
    if (rankHere <= rank) continue
    rank = rankHere
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    quality = weight === undefined ? 1 : Number(weight.slice(2)) || 0
  }
  return quality
}

function rankOf(range: string, media: string): number {
  if (range === media) return 3
  if (range === `${media.slice(0, media.indexOf('/'))}/*`) return 2
  return range === '*/*' ? 1 : 0
}
