/** Owns the form in which it is said which rows are somebody's own. */

/** A model with rows of somebody, and the ways from a row of it to whose it is. */
export interface OwnRows {
  readonly model: string
  /** Such as `userId`, or `order.customer.userId`. */
  readonly paths: readonly string[]
}
