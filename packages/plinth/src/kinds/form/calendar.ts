/** Owns dates of the proleptic Gregorian calendar, years 0001 to 9999, as text. */

const datePattern = /^(\d{4})-(\d{2})-(\d{2})$/
const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** True for a day that exists, as `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  const match = datePattern.exec(text)
  if (!match) return false
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
}

/** The day before (-1) or after (1); undefined beyond the years 0001 to 9999. */
export function neighbourDay(date: string, step: -1 | 1): string | undefined {
  let [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  day += step
  if (day === 0) {
    month--
    if (month === 0) [year, month] = [year - 1, 12]
    day = daysInMonth(year, month)
  } else if (day > daysInMonth(year, month)) {
    day = 1
    month++
    if (month > 12) [year, month] = [year + 1, 1]
  }
  return year < 1 || year > 9_999 ? undefined : `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
}

/** Digits of a number, with leading zeros. */
export function pad(value: number, digits: number): string {
  return value.toString().padStart(digits, '0')
}

function daysInMonth(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && leap ? 29 : (monthLengths[month - 1] ?? 0)
}
