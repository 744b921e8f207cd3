// Another ranking beside the adopted one.

const ORDERED = { "": "release", reuse: "reuse" };

/** Sites by another ranking, each with what it would be and what it is by the adopted method. */
export class Ranking {
  #now;
  #before;
  #places;
  #places_before;

  constructor(before, now) {
    this.#now = now;
    this.#before = before;
    this.#places = placesOf(now.site);
    this.#places_before = placesOf(before.site);
    this.differing = now.site.filter((ref) => this.differs(ref)).length;
  }

  get size() {
    return this.#now.site.length;
  }

  /** What a site would be, and what it is. */
  of(ref) {
    return [at(this.#now, this.#places.get(ref)), at(this.#before, this.#places_before.get(ref))];
  }

  /** Whether its route would be another one. */
  differs(ref) {
    const [now, then] = [this.#places.get(ref), this.#places_before.get(ref)];
    return now != null && this.#now.route[now] !== this.#before.route[then];
  }

  /** Every site with its route and whether that is another one. */
  routes() {
    return this.#now.site.map((ref, place) => [ref, this.#now.route[place], this.differs(ref)]);
  }

  /** The references in the order of a list, best score first; null where it is not ordered by a score. Those that have a
   * rank are in its order, and the others stand among them, as in the list by the adopted method. */
  order(sort) {
    const score = ORDERED[sort];
    if (!score) return null;
    const { site, [`${score}_score`]: scores } = this.#now;
    const places = site.map((_, place) => place);
    places.sort((one, other) => (scores[other] ?? -1) - (scores[one] ?? -1) || (site[one] < site[other] ? -1 : 1));
    return places.map((place) => site[place]);
  }
}

const placesOf = (refs) => new Map(refs.map((ref, place) => [ref, place]));
const at = (columns, place) => (place == null ? null : Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[place]])));
