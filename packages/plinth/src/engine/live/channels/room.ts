/** Owns one room as a node knows it: who is connected here, and who is present anywhere. */

import type { LiveMessage } from '../message.ts'
import type { Presence, Speaker } from './word.ts'

/** Who is told what happens in a room. */
export interface Hearer {
  /** True where it sees who is there. */
  readonly sees: boolean
  tell(message: LiveMessage): void
}

/** A room. */
export class Room {
  readonly name: string
  readonly #members = new Set<Hearer>()
  /** All who are shown, by their ids, with the node that they are connected to. */
  readonly #present = new Map<string, { readonly node: string; readonly one: Presence }>()

  constructor(name: string) {
    this.name = name
  }

  /** How many are connected here. */
  get size(): number {
    return this.#members.size
  }

  add(member: Hearer): void {
    this.#members.add(member)
  }

  remove(member: Hearer): void {
    this.#members.delete(member)
  }

  /** Those who are shown and connected to a node. */
  presentAt(node: string): readonly Presence[] {
    return [...this.#present.values()].filter((each) => each.node === node).map(({ one }) => one)
  }

  /** How many are shown. */
  get shown(): number {
    return this.#present.size
  }

  /** Members of JSON that list all who are there. */
  get list(): string {
    return `"present":[${[...this.#present.values()].map(({ one }) => textOf(one)).join()}]`
  }

  /** Somebody is there, or says something else of themselves. */
  show(node: string, one: Presence): void {
    const known = this.#present.get(one.member)
    if (known?.one.state === one.state) return
    this.#present.set(one.member, { node, one })
    this.#tellSeers(`"is":"${known ? 'update' : 'join'}",${textOf(one).slice(1, -1)}`)
  }

  /** Somebody has left. */
  hide(member: string): void {
    if (!this.#present.delete(member)) return
    this.#tellSeers(`"is":"leave","member":"${member}"`)
  }

  /** All of a node have left: it is not heard any more. */
  hideNode(node: string): void {
    for (const [member, each] of [...this.#present]) if (each.node === node) this.hide(member)
  }

  /** Somebody has said something. */
  say({ member, who }: Speaker, data: string): void {
    const from = JSON.stringify({ member, who })
    this.#tell({ type: 'message', members: `"from":${from},"data":${data}` })
  }

  #tellSeers(members: string): void {
    const message: LiveMessage = { type: 'presence', members }
    for (const each of [...this.#members]) if (each.sees) each.tell(message)
  }

  #tell(message: LiveMessage): void {
    for (const each of [...this.#members]) each.tell(message)
  }
}

function textOf({ member, who, state }: Presence): string {
  return `{"member":"${member}","who":${JSON.stringify(who)},"state":${state}}`
}
