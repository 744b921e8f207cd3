// The list of sites, page by page.

import { get } from "./service.js";
import { order, question } from "./address.js";
import { counted, hectares, homes, made, score } from "./words.js";

const PAGE = 50, ALL = 10_000;
const SAID = "ref,name,borough,owner,organisations,tenure,route,release_score,release_coverage,reuse_score,land_ha,homes_low,homes_high,precision";
const COMPARED = 4;
const ITEMS = "/collections/candidates/items";

/** The list; `on` has what to do when a site is chosen or picked for comparing. */
export class List {
  #stop = null;
  #next = null;
  #ranking = null;
  #matching = { asked: null, refs: null };
  #details = new Map();
  #end = new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) this.more().catch(() => {}); }, { rootMargin: "400px" });

  constructor({ list, count, following }, on) {
    Object.assign(this, { list, count, following, on, chosen: "", picked: new Set() });
    following.addEventListener("click", () => this.#moreByButton());
  }

  /** The first page of what is asked: as the service orders it, or as another ranking does. */
  async ask(asked, { ids = null, box = null, ranking = null, differing = false } = {}) {
    this.#stop?.abort();
    const { signal } = this.#stop = new AbortController();
    const query = question(asked, ids);
    if (box) query.set("bbox", box.join(","));
    this.#ranking = ranking;
    if (!ranking) this.count.textContent = "Looking…";
    const ordered = ranking?.order(asked.sort) ?? (differing ? await this.#stored(asked, query, signal) : null);
    this.#next = ordered ? await this.#ranked(ordered, query, signal, differing) : this.#plain(asked, query, signal);
    const { features, total } = await this.#page();
    signal.throwIfAborted();
    this.list.replaceChildren(...features.map((feature) => this.#entry(feature)));
    this.#watch();
    this.count.textContent = total ? counted(total, "site") : "No site is like that.";
    performance.mark("list shown");
    const unplaced = total && !box ? await this.#unplaced(query, signal, differing) : 0;
    if (unplaced) this.count.textContent += `; ${unplaced} ${unplaced === 1 ? "has" : "have"} no known place and ${unplaced === 1 ? "is" : "are"} not on the map`;
  }

  /** How many of those that match, or of those of them that differ, have no known place. */
  async #unplaced(query, signal, differing) {
    const nowhere = new URLSearchParams(query);
    nowhere.set("filter", [query.get("filter"), "geometry IS NULL"].filter(Boolean).join(" AND "));
    if (differing) return (await this.#references(nowhere, signal)).filter((ref) => this.#ranking.differs(ref)).length;
    return (await get(`${ITEMS}?${new URLSearchParams([...nowhere, ["limit", 1], ["properties", "ref"]])}`, signal)).numberMatched;
  }

  /** Pages in the order of the service: each answer says where the next is. */
  #plain(asked, query, signal) {
    const first = new URLSearchParams([...query, ["sortby", order(asked)], ["limit", PAGE], ["properties", SAID]]);
    const read = (address) => async () => {
      const page = await get(address, signal);
      const next = page.links.find(({ rel }) => rel === "next")?.href;
      return { features: page.features, total: page.numberMatched, next: next ? read(next) : null };
    };
    return read(`${ITEMS}?${first}`);
  }

  /** Pages in an order of references, of those that match: only what is shown is asked for. */
  async #ranked(ordered, query, signal, differing) {
    const matching = query.size ? await this.#matched(query, signal) : null;
    const refs = ordered.filter((ref) => (!matching || matching.has(ref)) && (!differing || this.#ranking.differs(ref)));
    const read = (start) => async () => ({
      features: await this.#described(refs.slice(start, start + PAGE), signal), total: refs.length,
      next: start + PAGE < refs.length ? read(start + PAGE) : null,
    });
    return read(0);
  }

  /** The references of all that match, asked for once. */
  async #matched(query, signal) {
    const asked = query.toString();
    if (this.#matching.asked !== asked) this.#matching = { asked, refs: new Set(await this.#references(query, signal)) };
    return this.#matching.refs;
  }

  #stored(asked, query, signal) {
    return this.#references(new URLSearchParams([...query, ["sortby", order(asked)]]), signal);
  }

  async #references(query, signal) {
    const refs = [];
    let address = `${ITEMS}?${new URLSearchParams([...query, ["properties", "ref"], ["limit", ALL]])}`;
    while (address) {
      const page = await get(address, signal);
      refs.push(...page.features.map(({ id }) => id));
      address = page.links.find(({ rel }) => rel === "next")?.href;
    }
    return refs;
  }

  async #described(refs, signal) {
    const missing = refs.filter((ref) => !this.#details.has(ref));
    if (missing.length) {
      const query = new URLSearchParams({ ids: missing.join(","), limit: PAGE, properties: SAID });
      for (const one of (await get(`${ITEMS}?${query}`, signal)).features) this.#details.set(one.id, one);
    }
    return refs.map((ref) => this.#details.get(ref)).filter(Boolean);
  }

  async #page() {
    const page = await this.#next();
    this.#next = page.next;
    for (const one of page.features) this.#details.set(one.id, one);
    this.following.hidden = !this.#next;
    return page;
  }

  #loading = null;

  /** The page after it, as the end of the list comes near. */
  more() {
    if (!this.#next) return Promise.resolve(null);
    const { signal } = this.#stop;
    this.#loading ??= this.#page().then(({ features }) => {
      if (signal.aborted) return null;
      const entries = features.map((feature) => this.#entry(feature));
      this.list.append(...entries);
      this.#watch();
      return entries[0];
    }).finally(() => { this.#loading = null; });
    return this.#loading;
  }

  /** The page after it, by the button: the focus goes to the first that is new. */
  async #moreByButton() {
    (await this.more())?.querySelector("button").focus();
  }

  /** Look out for the end of the list. */
  #watch() {
    this.#end.disconnect();
    if (this.#next && this.list.lastElementChild) this.#end.observe(this.list.lastElementChild);
  }

  #entry({ geometry, properties: site }) {
    const pick = made("input", { type: "checkbox", "aria-label": `Compare ${site.name}`, checked: this.picked.has(site.ref),
      onchange: ({ target }) => this.#pick(site.ref, target) });
    const name = made("button", { type: "button", onclick: () => this.on.chosen(site.ref, geometry?.coordinates) }, site.name);
    const differs = this.#ranking?.differs(site.ref);
    return made("li", { "data-ref": site.ref, "aria-current": site.ref === this.chosen ? "true" : null, class: differs ? "differs" : null }, pick, made("div", {}, name,
      made("p", {}, [site.borough, site.owner ?? site.organisations, site.tenure].filter(Boolean).join(" · ")),
      ...(this.#ranking ? weighed(...this.#ranking.of(site.ref)) : [scored(site)]),
      made("p", {}, [hectares(site.land_ha), homes(site), geometry ? null : "place not known"].filter(Boolean).join(" · "))));
  }

  /** Tick these sites, and no others. */
  tick(refs) {
    this.picked = new Set(refs.slice(0, COMPARED));
    for (const entry of this.list.children) entry.querySelector("input").checked = this.picked.has(entry.dataset.ref);
  }

  #pick(ref, box) {
    if (box.checked && this.picked.size === COMPARED) box.checked = false;
    else if (box.checked) this.picked.add(ref);
    else this.picked.delete(ref);
    this.on.picked([...this.picked]);
  }

  /** Mark one entry as the one that is shown. */
  mark(ref) {
    this.chosen = ref;
    for (const entry of this.list.children) {
      if (entry.dataset.ref === ref) entry.setAttribute("aria-current", "true");
      else entry.removeAttribute("aria-current");
    }
  }
}

const figure = (value) => made("span", { class: "score" }, score(value));

const scored = (site) => made("p", {}, `${site.route}: release `, figure(site.release_score), ", reuse ", figure(site.reuse_score));

/** What a site would be by other weights, and what it is, where that is something else. */
function weighed(now, then) {
  if (!now || !then) return [made("p", { class: "quiet" }, "not ranked")];
  return [
    made("p", {}, made("strong", {}, now.route), now.route === then.route ? "" : `, adopted: ${then.route}`),
    ...["release", "reuse"].map((name) => made("p", {}, `${name} `, figure(now[`${name}_score`]),
      score(now[`${name}_score`]) === score(then[`${name}_score`]) ? "" : ` (adopted ${score(then[`${name}_score`])})`, ", ", moved(now[`${name}_rank`], then[`${name}_rank`]))),
  ];
}

function moved(now, then) {
  if (now === then) return now == null ? "not ranked" : `rank ${now}`;
  const way = then == null || (now != null && now < then) ? "up" : "down";
  return made("span", { class: way }, `rank ${now ?? "none"} from ${then ?? "none"}`);
}
