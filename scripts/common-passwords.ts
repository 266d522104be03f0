/** Owns the command that writes the list of common passwords, from that of Mark Burnett. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commonPasswordsFile } from '../packages/plinth/src/app/passwords/common-list.ts'
import { commonPasswordsPath, knownPasswords } from '../tests/tidy/lists/passwords.ts'
import { root } from '../tests/tidy/tree.ts'

const known = knownPasswords()
writeFileSync(join(root, commonPasswordsPath), commonPasswordsFile(known))
process.stdout.write(`${commonPasswordsPath}: ${new Map(known).size} passwords\n`)
