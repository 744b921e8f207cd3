// The map: layers of the service's own tiles, drawn by the rules that QGIS has too.

import { base, described } from "./service.js";
import { picture } from "./marks.js";
import { made } from "./words.js";

const DEEPEST_TILES = 14;
export const INK = "#0b0c0c", SHOWN = "#005ea5";
const CLEAR = "#00000000";
const SITES = { source: "candidates", sourceLayer: "candidates" };

/** The collections that can be shown besides sites. */
export const BESIDES = ["boroughs", "outlines", "assemblies", "designations", "town-centres", "stations"];

/** The ways that sites can be coloured: by the styles of candidates, and by each criterion. */
export const COLOURS = [
  { id: "route", title: "route", style: byName("candidates", "Route") },
  { id: "release", title: "release score", style: byName("candidates", "Release score") },
  { id: "reuse", title: "reuse score", style: byName("candidates", "Reuse score") },
  ...described.criteria.map((one) => ({ id: one.id, title: `${one.score}: ${one.title}`, criterion: one })),
];

function byName(collection, name) {
  return described.styles[collection].styles.find((style) => style.name === name);
}

/** The rule of each route, by its name: the mark is the same in whatever ranking. */
export const ROUTES = new Map(COLOURS[0].style.rules.map((rule) => [rule.label === "left public ownership" ? "released" : rule.label, rule]));
const PLACES = new Map([...ROUTES.keys()].map((route, place) => [route, place]));

/** The library, which is larger than all else: it is fetched at once, and run when the list is there. */
const address = document.querySelector("#workbench").dataset.library;
const fetched = fetch(address).catch(() => {});
const library = () => fetched.then(() => new Promise((done) => { document.head.append(made("script", { src: address, onload: done })); }));

/** The part of the map that can be drawn upon, beginning with a view; fails where the browser has no WebGL. */
export async function draw(container, view, handlers) {
  await library();
  const map = new maplibregl.Map({
    container, hash: view.hash, maxBounds: null, style: style(view), bounds: described.box, fitBoundsOptions: { padding: 20 },
    maxZoom: 19, fadeDuration: 0, attributionControl: { compact: true }, pitchWithRotate: false, dragRotate: false,
    locale: { "Map.Title": "Map of sites; arrow keys move it, plus and minus zoom" },
  });
  // Tiles of a question that was taken back are not wanted any more: no fault.
  map.on("error", ({ error }) => { if (error.name !== "AbortError" && error.message !== "AbortError") console.error(error); });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }));
  map.addControl(new maplibregl.ScaleControl({ unit: "metric" }));
  map.on("click", ({ point: { x, y } }) => {
    const [first] = sitesSeen(map, [[x - 4, y - 4], [x + 4, y + 4]]);
    if (first) handlers.chosen(first.properties.ref);
  });
  for (const id of ["candidates", "criteria"]) {
    map.on("mouseenter", id, () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", id, () => { map.getCanvas().style.cursor = ""; });
  }
  map.on("moveend", () => handlers.moved?.());
  map.on("idle", () => { performance.mark("map drawn"); handlers.drawn?.(); });
  map.on("styleimagemissing", ({ id }) => {
    const rule = ALL_RULES.get(id);
    if (rule) map.addImage(id, ...picture(rule));
  });
  return new Drawing(map, view.question);
}

/** The sites that are drawn, all or within a box; in another ranking those that have a place in it. */
function sitesSeen(map, box) {
  const found = map.queryRenderedFeatures(box, { layers: ["candidates", "criteria"] });
  return map.getPaintProperty("candidates", "icon-opacity") === 0 ? found.filter(({ state }) => state.place != null) : found;
}

function style({ question, colour, shown }) {
  const sources = Object.fromEntries(BESIDES.map((id) => [id, source(id, "")]));
  sources.candidates = source("candidates", question);
  const layers = [{ id: "paper", type: "background", paint: { "background-color": "#ffffff" } }];
  if (described.basemap) {
    sources.basemap = { type: "raster", tiles: [described.basemap.url], tileSize: 256, attribution: described.basemap.credit };
    layers.push({ id: "basemap", type: "raster", source: "basemap" });
  }
  for (const id of BESIDES) layers.push(...layersOf(id, described.styles[id].styles[0], shown.includes(id)));
  layers.push(circles(), points("candidates", colour ?? COLOURS[0].style), ring(), ...[...ROUTES].map(ranked), chosen());
  return { version: 8, sources, layers, transition: { duration: 0, delay: 0 } };
}

const source = (id, asked) => ({
  type: "vector", maxzoom: DEEPEST_TILES, promoteId: "ref",
  tiles: [`${base}/collections/${id}/tiles/WebMercatorQuad/{z}/{y}/{x}${asked ? `?${asked}` : ""}`],
});

const visible = (is) => (is ? "visible" : "none");

/** By rule: what is written for the first rule that a feature passes, or for all others. */
function chosenBy(rules, write) {
  const tested = rules.filter((rule) => rule.test);
  const other = rules.find((rule) => !rule.test);
  const otherwise = other ? write(other) : write(null);
  return tested.length ? ["case", ...tested.flatMap((rule) => [rule.test, write(rule)]), otherwise] : otherwise;
}

function layersOf(id, { rules }, shown) {
  const visibility = visible(shown);
  const common = { source: id, "source-layer": id };
  if (described.styles[id].shape === "Point") return [{ ...points(id, { rules }), layout: { ...points(id, { rules }).layout, visibility } }];
  const plain = id === "boroughs" && described.basemap;
  return [
    { id, type: "fill", ...common, layout: { visibility },
      paint: { "fill-color": chosenBy(rules, (rule) => (plain ? CLEAR : rule?.fill ?? CLEAR)) } },
    { id: `${id}-lines`, type: "line", ...common, layout: { visibility },
      paint: { "line-color": chosenBy(rules, (rule) => rule?.line ?? CLEAR),
        "line-width": chosenBy(rules, (rule) => Math.max(rule?.width ?? 0, 1)) } },
  ];
}

const named = (rule) => (rule ? `mark ${JSON.stringify([rule.mark, rule.fill, rule.line, rule.size])}` : "");
const SYMBOLS = { "icon-allow-overlap": true, "icon-ignore-placement": true };

function points(id, { rules }) {
  // Above is what the legend has first.
  const order = ["case", ...rules.filter((rule) => rule.test).flatMap((rule, place) => [rule.test, -place]), -rules.length];
  return {
    id, type: "symbol", source: id, "source-layer": id,
    layout: { "icon-image": chosenBy(rules, named), ...SYMBOLS, "symbol-sort-key": rules.some((rule) => rule.test) ? order : 0 },
  };
}

/** Sites coloured by what is held of each beside its tile: one criterion. */
const circles = () => ({
  id: "criteria", type: "circle", source: "candidates", "source-layer": "candidates", layout: { visibility: "none" },
  paint: { "circle-color": ["coalesce", ["feature-state", "fill"], "#ffffff"], "circle-stroke-width": 1,
    "circle-radius": ["coalesce", ["feature-state", "radius"], 4], "circle-stroke-color": "#3c3c3c" },
});

const circle = (id, paint) => ({ id, type: "circle", source: "candidates", "source-layer": "candidates", paint: { "circle-color": CLEAR, ...paint } });
const chosen = () => ({ ...circle("chosen", { "circle-radius": 13, "circle-stroke-width": 3, "circle-stroke-color": SHOWN }), filter: ["==", ["get", "ref"], ""] });

/** Sites by another ranking: a layer for the mark of each route, in which those are seen that would have it; and a ring
 * around those whose route is another one than adopted. What is seen is only told, and nothing laid out anew. */
const ring = () => ({ ...circle("differs", { "circle-radius": 11, "circle-stroke-width": ["case", ["boolean", ["feature-state", "differs"], false], 2, 0],
  "circle-stroke-color": INK }), layout: { visibility: "none" } });
const ranked = ([, rule], place) => ({
  id: `ranked-${place}`, type: "symbol", source: "candidates", "source-layer": "candidates",
  layout: { "icon-image": named(rule), ...SYMBOLS, visibility: "none" },
  paint: { "icon-opacity": ["case", ["==", ["feature-state", "place"], place], 1, 0] },
});
const RANKED = ["differs", ...[...ROUTES].map((_, place) => `ranked-${place}`)];

class Drawing {
  #states = new Map();

  constructor(map, asked) {
    Object.assign(this, { map, asked });
    this.ready = new Promise((done) => { map.once("style.load", done); });
  }

  /** Draw the sites that a question finds, and no others. */
  async ask(asked) {
    if (asked === this.asked) return;
    this.asked = asked;
    await this.ready;
    this.map.getSource("candidates").setTiles(source("candidates", asked).tiles);
  }

  /** Colour sites by a style; by a criterion, `filled` says how by reference. */
  async colour(style, filled) {
    await this.ready;
    this.#show("candidates", !filled);
    this.#show("criteria", Boolean(filled));
    this.map.setPaintProperty("candidates", "icon-opacity", 1);
    for (const id of RANKED) this.#show(id, false);
    this.#tell(new Map(filled ?? []));
    if (filled) return;
    const { layout } = points("candidates", style);
    this.map.setLayoutProperty("candidates", "icon-image", layout["icon-image"]);
    this.map.setLayoutProperty("candidates", "symbol-sort-key", layout["symbol-sort-key"]);
  }

  /** Have ready what another ranking is drawn with. */
  async prepare() {
    await this.ready;
    for (const id of RANKED) this.#show(id, true);
  }

  /** Draw sites by another ranking: [reference, route, whether that is another one]. */
  async rank(sites) {
    await this.prepare();
    this.#show("criteria", false);
    this.#show("candidates", true);
    this.map.setPaintProperty("candidates", "icon-opacity", 0);
    this.#tell(new Map(sites.map(([ref, route, differs]) => [ref, { place: PLACES.get(route), differs }])));
  }

  #show(id, is) {
    if (this.map.getLayoutProperty(id, "visibility") !== visible(is)) this.map.setLayoutProperty(id, "visibility", visible(is));
  }

  /** Tell the map what is held of each site; only what is another than before is told again. */
  #tell(states) {
    const said = ({ fill, radius, place, differs }) => `${fill} ${radius} ${place} ${differs}`;
    for (const id of this.#states.keys()) if (!states.has(id)) this.map.removeFeatureState({ ...SITES, id });
    for (const [id, state] of states) {
      const before = this.#states.get(id);
      if (!before || said(before) !== said(state)) this.map.setFeatureState({ ...SITES, id }, state);
    }
    this.#states = states;
  }

  /** Show these layers besides, and no others. */
  async show(shown) {
    await this.ready;
    for (const id of BESIDES) {
      for (const layer of [id, `${id}-lines`].filter((one) => this.map.getLayer(one))) this.#show(layer, shown.includes(id));
    }
  }

  /** Mark one site, and bring it into view. */
  async mark(ref, place) {
    await this.ready;
    this.map.setFilter("chosen", ["==", ["get", "ref"], ref ?? ""]);
    if (place && !this.map.getBounds().contains(place)) this.map.easeTo({ center: place });
  }

  /** West, south, east and north of what is seen. */
  async box() {
    await this.ready;
    const seen = this.map.getBounds();
    return [seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()].map((one) => one.toFixed(6));
  }

  /** How many sites are drawn in what is seen. */
  count() {
    const seen = this.map.getBounds();
    return new Set(sitesSeen(this.map).filter(({ geometry }) => seen.contains(geometry.coordinates)).map(({ properties }) => properties.ref)).size;
  }
}

const ALL_RULES = new Map(Object.values(described.styles).flatMap(({ styles }) => styles).flatMap(({ rules }) => rules)
  .map((rule) => [named(rule), rule]));
