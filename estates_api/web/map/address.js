// What is asked for, as it stands in the address: a view can be shared, and Back goes back.

const FIELDS = ["q", "borough", "sector", "tenure", "route", "release", "reuse", "land", "homes", "coverage", "changed", "within",
  "sort", "colour", "layers", "site", "compared", "weights", "differs"];

/** What the address asks for: texts by name, without those that are empty. */
export function read() {
  const found = new URLSearchParams(location.search);
  return Object.fromEntries(FIELDS.map((name) => [name, found.get(name) ?? ""]));
}

/** Write it into the address; a new entry of the history where the question is another one. */
export function write(asked, { replace = false } = {}) {
  const kept = new URLSearchParams(FIELDS.filter((name) => asked[name]).map((name) => [name, asked[name]]));
  const there = `${location.pathname}${kept.size ? `?${kept}` : ""}${location.hash}`;
  if (there !== location.pathname + location.search + location.hash) {
    history[replace ? "replaceState" : "pushState"](null, "", there);
  }
}

FIELDS.push("ids"); // sites by their references: those of one list of a quarter

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
const number = (text) => String(Number(text));
const named = (text) => text.split(/[,\s]+/).filter(Boolean);

const TESTS = {
  borough: (value) => `borough = ${quoted(value)}`,
  sector: (value) => `sector LIKE ${quoted(`%${value}%`)}`,
  tenure: (value) => (value === "unknown" ? "tenure IS NULL" : `tenure = ${quoted(value)}`),
  route: (value) => `route = ${quoted(value)}`,
  release: (value) => `release_score >= ${number(value)}`,
  reuse: (value) => `reuse_score >= ${number(value)}`,
  land: (value) => `land_ha >= ${number(value)}`,
  homes: (value) => `homes_high >= ${number(value)}`,
  coverage: (value) => `release_coverage >= ${number(value) / 100}`,
  ids: (value) => (named(value).length ? `ref IN (${named(value).map(quoted).join(", ")})` : null),
};

const ORDERS = { "": "-release_score", reuse: "-reuse_score", land: "-land_ha", homes: "-homes_high", name: "name" };

/** The question as the service takes it for items and for tiles: the list and the map are of the same sites. */
export function question(asked, ids) {
  const tests = Object.entries(TESTS).filter(([name]) => asked[name]).map(([name, test]) => test(asked[name])).filter(Boolean);
  const found = new URLSearchParams();
  if (asked.q.trim()) found.set("q", asked.q.trim());
  if (tests.length) found.set("filter", tests.join(" AND "));
  if (ids) found.set("ids", ids.join(","));
  return found;
}

/** The order of the list, as the service takes it. */
export const order = (asked) => ORDERS[asked.sort] ?? ORDERS[""];

const BOROUGHS = "boroughs", NONE = "none";

/** The sites that are ticked for comparing. */
export const comparedOf = ({ compared }) => compared.split(",").filter(Boolean);

/** The layers that are shown besides sites, and how they stand in the address: the boroughs alone are nothing to tell. */
export const layersOf = ({ layers }) => (layers || BOROUGHS).split(",").filter((one) => one !== NONE);
export const layersWritten = (shown) => (shown.length ? shown.join(",") : NONE).replace(new RegExp(`^${BOROUGHS}$`), "");
