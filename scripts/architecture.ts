/** Owns the command that rewrites the list of files in docs/architecture.md. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { document, isListed, renderFiles, withFiles } from '../tests/tidy/architecture.ts'
import { listFiles, readText, root } from '../tests/tidy/tree.ts'

const files = listFiles().filter(isListed).map(readText)
writeFileSync(join(root, document), withFiles(readText(document).text, renderFiles(files)))
process.stdout.write(`${document}: ${files.length} files\n`)
