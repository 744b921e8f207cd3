// What if weights, gates or cut-offs were others? Asked of the service, which stores nothing of it.

import { described, post } from "./service.js";
import { Ranking } from "./ranking.js";
import { counted, made } from "./words.js";

const MIDDLE = 10; // where a slider of weights stands when the weight is as adopted

/** The question as texts of the address: `weight!release.land~2,gate!owner~0,cut!release~40`. */
export const written = (changes) => Object.entries(changes).map(([name, value]) => `${name}~${value}`).join(",");
export const parsed = (text) => Object.fromEntries(text.split(",").filter(Boolean).map((part) => part.split("~")).map(([name, value]) => [name, Number(value)]).filter(([name, value]) => settable(name, value)));

const LEAST = 0.1, MOST = 4; // times the adopted weight

/** Whether there is a control of this name that can stand at this value. */
function settable(name, value) {
  const [kind, id] = name.split("!"), among = (all) => all.some((one) => one.id === id);
  if (kind === "weight") return among(described.groups) && value >= LEAST && value <= MOST;
  if (kind === "cut") return among(described.cuts) && value >= 0 && value <= 100;
  return kind === "gate" && among(described.gates) && value === 0;
}

/** The body that the service takes. */
function body(changes) {
  const groups = {}, cut_offs = {}, gates_off = [];
  for (const [name, value] of Object.entries(changes)) {
    const [kind, id] = [name.slice(0, name.indexOf("!")), name.slice(name.indexOf("!") + 1)];
    if (kind === "weight") groups[id] = (described.groups.find((group) => group.id === id)?.weight ?? 1) * value;
    if (kind === "cut") cut_offs[id] = id === "coverage" ? value / 100 : value;
    if (kind === "gate") gates_off.push(id);
  }
  return { groups, cut_offs, gates_off };
}

/** The controls, and what comes of them. `on.changed(changes)` writes the address, `on.ranked(ranking)` shows it. */
export class Weighing {
  #stop = null;
  #adopted = null;

  constructor({ controls, outcome }, on) {
    Object.assign(this, { outcome, on, changes: {} });
    this.fields = made("div", { class: "weights" });
    const clear = made("button", { type: "button", class: "plain", onclick: () => { on.changed({}); this.set({}); } }, "As adopted");
    const file = made("button", { type: "button", class: "plain", onclick: () => this.#download() }, "Download as CSV");
    controls.append(this.fields, made("p", {}, clear, " ", file));
  }

  /** Set the controls, and ask. */
  set(changes) {
    this.changes = changes;
    this.fields.replaceChildren(...described.groups.map((group) => this.#weight(group)), ...described.cuts.map((cut) => this.#cut(cut)),
      made("fieldset", {}, made("legend", {}, "Gates that count"), ...described.gates.map((gate) => this.#gate(gate))));
    return this.#ask();
  }

  /** Have ready what the adopted method makes of the sites: what other rankings are held against. */
  prepare() {
    this.#adopted ??= this.#found({}).catch((error) => { this.#adopted = null; throw error; });
    return this.#adopted;
  }

  async #found(changes, signal) {
    return (await post("/assessments/what-if?f=columns", body(changes), signal)).json();
  }

  #change(name, value, adopted) {
    if (value === adopted) delete this.changes[name];
    else this.changes[name] = value;
    this.on.changed(this.changes);
    return this.#ask();
  }

  #slider(name, title, { range, at, said, adopted }) {
    // The slider itself tells its value: as a live region the output would have it said twice.
    const output = made("output", { for: name, "aria-live": "off" }, said(at));
    const slider = made("input", { type: "range", id: name, ...range, "aria-valuetext": said(at) });
    const tell = () => { output.textContent = said(range.read(slider.value)); slider.setAttribute("aria-valuetext", output.textContent); };
    slider.addEventListener("input", tell);
    slider.addEventListener("change", () => this.#change(name, range.read(slider.value), adopted));
    return made("div", {}, made("label", { for: name }, title), slider, output);
  }

  #weight(group) {
    const name = `weight!${group.id}`, factor = this.changes[name] ?? 1;
    const range = { min: 1, max: 2 * MIDDLE, value: Math.round(MIDDLE * Math.sqrt(factor)), // finer below
      read: (value) => Math.max(LEAST, Math.round(value ** 2 / MIDDLE) / MIDDLE) };
    return this.#slider(name, `${group.score}: ${group.title}`,
      { range, at: factor, adopted: 1, said: (value) => (value === 1 ? "as adopted" : `${value} times`) });
  }

  #cut({ id, title, adopted }) {
    const name = `cut!${id}`, at = this.changes[name] ?? adopted;
    return this.#slider(name, title, { range: { min: 0, max: 100, value: at, read: Number }, at, adopted,
      said: (value) => `${value}${id === "coverage" ? "%" : ""}${value === adopted ? ", as adopted" : ` (adopted ${adopted})`}` });
  }

  #gate(gate) {
    const name = `gate!${gate.id}`;
    return made("label", {}, made("input", { type: "checkbox", checked: !(name in this.changes),
      onchange: ({ target }) => this.#change(name, target.checked ? 1 : 0, 1) }), ` ${gate.reason}`);
  }

  async #ask() {
    this.#stop?.abort();
    const { signal } = this.#stop = new AbortController();
    if (!Object.keys(this.changes).length) {
      this.outcome.replaceChildren();
      this.on.ranked(null);
      return;
    }
    try {
      const [adopted, found] = await Promise.all([this.prepare(), this.#found(this.changes, signal)]);
      if (signal.aborted) return;
      const ranking = new Ranking(adopted.sites, found.sites);
      this.#show(found, adopted, ranking);
      this.on.ranked(ranking);
    } catch (error) {
      if (error.name !== "AbortError") this.outcome.replaceChildren(made("p", { class: "problem" }, error.message));
    }
  }

  #show({ routes }, { routes: before }, ranking) {
    const changed = ranking.differing;
    const rows = Object.keys({ ...before, ...routes }).map((route) => [route, before[route] ?? 0, routes[route] ?? 0]);
    this.outcome.replaceChildren(
      made("p", {}, changed ? `${counted(changed, "site")} of ${ranking.size} would have another route: ringed on the map, marked in the list.` : "No site would have another route."),
      made("ul", { class: "inline" }, ...rows.map(([route, then, now]) => made("li", {}, `${route}: ${now}${now === then ? "" : ` (adopted ${then})`}`))));
  }

  async #download() {
    const answer = await post("/assessments/what-if?f=csv", body(this.changes));
    const link = made("a", { href: URL.createObjectURL(await answer.blob()), download: "what-if.csv" });
    link.click();
    URL.revokeObjectURL(link.href);
  }
}
