/** Owns the Link header of pages. */

import type { Reply } from '../../engine/call.ts'
import type { HttpRequest } from '../../http/message.ts'

/**
 * The Link header of a page (RFC 8288): the same address with another cursor. Undefined where
 * there is neither a next nor a previous page.
 */
export function linkHeader(request: HttpRequest, page: Reply['page']): string | undefined {
  if (page === undefined || (page.next === null && page.previous === null)) return undefined
  const kept = request.search.split('&').filter((pair) => !/^(?:after|before|)(?:=|$)/.test(pair))
  const links: string[] = []
  const add = (word: string, cursor: string | null, relation: string): void => {
    if (cursor === null) return
    const search = [...kept, `${word}=${encodeURIComponent(cursor)}`].join('&')
    links.push(`<${request.path}?${search}>; rel="${relation}"`)
  }
  add('after', page.next, 'next')
  add('before', page.previous, 'prev')
  return links.join(', ')
}
