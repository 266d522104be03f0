/** Owns a collection whose members come and go by the thousand a second. */

/**
 * Members that pass through, in no order. A Set would do, but for its tables: it makes a new one
 * for every few dozen that came and went, and each old one points at the next. Once one of them has
 * grown old, all that follow are kept, with the members that stood in them, until the next large
 * collection of garbage: measured, a tenth of a read. Here what has left is pointed at by nothing.
 */
export class Passing<T extends object> {
  readonly #places: (T | undefined)[] = []
  readonly #free: number[] = []

  /** Takes a member in; returns the place that it is let out by. */
  enter(member: T): number {
    const place = this.#free.pop() ?? this.#places.length
    this.#places[place] = member
    return place
  }

  /** Lets out who entered at a place. Once for each entry: the place is the next one's then. */
  leave(place: number): void {
    this.#places[place] = undefined
    this.#free.push(place)
  }

  /** Who is there. Members may leave meanwhile; one who enters meanwhile may be passed over. */
  *[Symbol.iterator](): Generator<T> {
    for (const member of this.#places) if (member !== undefined) yield member
  }
}
