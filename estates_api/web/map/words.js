// How figures and parts of a page are written.

const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const FINE = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 3 });

/** A score of 100. */
export const score = (value) => (value == null ? "not known" : TENTHS.format(value));
export const hectares = (value) => (value == null ? "land not known" : `${FINE.format(value)} ha`);
export const metres2 = (value) => (value == null ? "floor area not known" : `${WHOLE.format(value)} m²`);
/** A share that is known, rounded down: never more than is known, as the sentences have it. */
export const share = (value) => `${Math.floor(value * 100 + 1e-6)}%`;
export const whole = (value) => WHOLE.format(value);
export const counted = (number, what) => `${WHOLE.format(number)} ${what}${number === 1 ? "" : "s"}`;

const ISO_DAYS = /(?<![\w/.:-])(\d{4})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?(?![\w/-]|[.:]\w)/g;

/** A sentence with its ISO days and months in words, as the pages write them; `2011-12` may be a financial year. */
export const dated = (text) => text.replace(ISO_DAYS, (found, year, month, day) => {
  if (!day && Number(month) === (Number(year) + 1) % 100) return found;
  return new Date(`${year}-${month}-${day ?? "01"}T12:00Z`).toLocaleDateString("en-GB", { day: day && "numeric", month: "long", year: "numeric" });
});

/** Homes as a range. */
export function homes({ homes_low: low, homes_high: high }) {
  if (high == null) return "homes not known";
  return low === high ? counted(high, "home") : `${WHOLE.format(low)} to ${WHOLE.format(high)} homes`;
}

/** An element with attributes and children; texts are texts, never markup. */
export function made(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}
