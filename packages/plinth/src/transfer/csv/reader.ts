/** Owns reading a CSV file as a stream of records. */

import { decodeText, type Encoding } from './encoding.ts'
import type { ByteSource } from './source.ts'
import { type CsvRecord, CsvSplitter, type SplitterOptions } from './splitter.ts'

/** Records that were read together, and how far the file has been read. */
export interface CsvBatch {
  readonly records: readonly CsvRecord[]
  /** Bytes of the file taken so far. */
  readonly bytes: number
  /** Empty lines passed over so far. */
  readonly emptyLines: number
}

/** How a file is read. */
export interface ReadOptions extends SplitterOptions {
  readonly encoding: Encoding
}

/**
 * Reads all records of a file, the header among them, in batches of one piece of the file each.
 * Memory stays constant: the next piece is read only when the consumer asks for it.
 */
export async function* readCsv(source: ByteSource, options: ReadOptions): AsyncGenerator<CsvBatch> {
  const splitter = new CsvSplitter(options)
  let bytes = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.open()) {
      bytes += chunk.length
      yield chunk
    }
  }
  for await (const text of decodeText(counted(), options.encoding)) {
    const records = splitter.push(text)
    if (records.length > 0) yield { records, bytes, emptyLines: splitter.emptyLines }
  }
  yield { records: splitter.end(), bytes, emptyLines: splitter.emptyLines }
}
