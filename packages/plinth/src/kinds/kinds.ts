/** Owns the list of what `kinds/` offers to the rest. */

export { arrayLiteral, readArray } from './form/arrays.ts'
export { isCurrency, minorUnitDigits } from './form/currencies.ts'
export type { OutputOf, StandardSchema } from './form/schema.ts'
export * from './kind.ts'
export { type DateOptions, dateKind, durationKind, instantKind } from './moment-kinds.ts'
export {
  type BigintOptions,
  bigintKind,
  type DecimalOptions,
  decimalKind,
  type IntegerOptions,
  integerKind,
  type Money,
  type MoneyOptions,
  moneyKind,
} from './number-kinds.ts'
export {
  checkObject,
  type ObjectMember,
  type ObjectValue,
  objectKind,
  objectListKind,
  objectSchema,
} from './object-kind.ts'
export { operandOf } from './operands.ts'
export { roleKind } from './role-kind.ts'
export {
  binaryKind,
  type JsonOptions,
  jsonKind,
  type ListOptions,
  listKind,
} from './structured-kinds.ts'
export {
  emailKind,
  slugKind,
  type TextOptions,
  textKind,
  type UrlOptions,
  urlKind,
} from './text-kinds.ts'
export { booleanKind, choiceKind, uuidKind } from './token-kinds.ts'
