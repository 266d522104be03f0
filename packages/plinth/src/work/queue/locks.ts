/** Owns the numbers of the advisory locks by which workers agree. */

/** The first of the two numbers of a lock; the second says which one of the class. */
export const lockClass = Object.freeze({
  /** A worker's life: held by its own connection, gone with it. */
  worker: 1_886_153_001,
  /** The order of keys: one pass at a time. */
  turns: 1_886_153_002,
  /** The positions of events: one pass at a time. */
  positions: 1_886_153_003,
  /** The starts of a queue with limits: one claim at a time. */
  queue: 1_886_153_004,
  /** The partitions of the log of events: one who makes or drops them. */
  partitions: 1_886_153_005,
})
