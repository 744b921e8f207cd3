// The workbench: what is asked stands in the address; the list and the map show the answer.

import { comparedOf, layersOf, layersWritten, question, read, write } from "./address.js";
import { BESIDES, COLOURS, draw } from "./drawing.js";
import { List } from "./find.js";
import { chosenColour, shade, showLegend } from "./legend.js";
import { base, described, get } from "./service.js";
import { showSite } from "./site.js";
import { Weighing, parsed, written } from "./weigh.js";
import { counted, made } from "./words.js";

const $ = (selector) => document.querySelector(selector);
const form = $("#asked");
const SETTLED_MS = 250; // after the map has been moved

let asked; // what the address asks for
let drawing = null; // where the browser can draw
let ranking = null; // sites as other weights rank them, while there are other weights

$("#colour").append(...COLOURS.map(({ id, title }) => made("option", { value: id }, title)));
$("#layers").append(...BESIDES.map((id) => made("label", {}, made("input", { type: "checkbox", value: id, onchange: layersChanged }), ` ${described.styles[id].title}`)));
const list = new List({ list: $("#list"), count: $("#count"), following: $("#following") }, { chosen: choose, picked });
const weighing = new Weighing({ controls: $("#weights"), outcome: $("#outcome") }, { changed: weighOtherwise, ranked: rankedAnew });

form.addEventListener("submit", (event) => { event.preventDefault(); find(); });
form.addEventListener("reset", () => setTimeout(find));
// Some of its fields stand elsewhere on the page.
$("#workbench").addEventListener("change", ({ target }) => { if (target.form === form && target.name && target.type !== "search") find(); });
addEventListener("popstate", () => {
  understand();
  show();
  showChosen();
  if (written(weighing.changes) !== asked.weights) weighing.set(parsed(asked.weights));
});
addEventListener("keydown", ({ key }) => { if (key === "Escape" && asked.site) close(); });
$("#what-if").addEventListener("toggle", ({ target }) => { if (target.open) { weighing.prepare().catch(() => {}); drawing?.prepare(); } });

/** Read the address; what it asks for that cannot be asked is left out, and said. */
function understand() {
  asked = read();
  const wrong = [...form.elements].filter((field) => asked[field.name] && !accepts(field, asked[field.name]));
  const shown = asked.layers.split(",").filter((one) => one && one !== "none");
  const named = [...wrong.map(({ name }) => name), ...(shown.every((one) => BESIDES.includes(one)) ? [] : ["layers"]),
    ...(written(parsed(asked.weights)) === asked.weights ? [] : ["weights"])];
  $("#left-out").hidden = !named.length;
  $("#left-out").textContent = `The address asks for what is not there, which is left out: ${named.map((name) => `${name} “${asked[name]}”`).join(", ")}.`;
  asked = { ...asked, ...Object.fromEntries(named.map((name) => [name, ""])) };
  if (!asked.weights) asked.differs = "";
}

function accepts(field, value) {
  if (field.type === "select-one") return [...field.options].some((one) => one.value === value);
  return field.type !== "number" || Number.isFinite(Number(value));
}

/** Draw the map as it is first seen. Which sites changed is asked for first: until then there are none. */
async function begin() {
  const view = { question: asked.changed ? "ids=" : question(asked, null).toString(), colour: chosenColour(asked.colour).style, shown: layersOf(asked), hash: "map" };
  try {
    drawing = await draw("map", view, { chosen: choose, moved, drawn: tellDrawn });
  } catch {
    $("#map").replaceChildren(made("p", {}, "This browser cannot draw the map (no WebGL). The list has the same sites."));
    Object.assign($("#within"), { disabled: true, checked: false });
    $("#legend").hidden = true;
  }
}

function change(parts, options) {
  asked = { ...asked, ...parts };
  write(asked, options);
}

/** Where nothing is weighed otherwise no route differs: there is nothing to tick. */
function weighOtherwise(changes) {
  const weights = written(changes);
  change({ weights, differs: weights && asked.differs });
  Object.assign($("#differs"), { disabled: !weights, checked: Boolean(asked.differs) });
}

function find() {
  const said = new FormData(form);
  const names = new Set([...form.elements].map(({ name }) => name).filter(Boolean));
  const parts = Object.fromEntries([...names].map((name) => [name, (said.get(name) ?? "").trim()]));
  change({ ...parts, colour: parts.colour === "route" ? "" : parts.colour });
  show();
}

/** Show what the address asks for; the list may be on its way. */
async function show(listed = showList()) {
  $("#differs").disabled = !asked.weights;
  for (const field of form.elements) {
    if (field.type === "checkbox") field.checked = !field.disabled && Boolean(asked[field.name]);
    else if (field.name) field.value = asked[field.name] || (field.name === "colour" ? "route" : "");
  }
  $("#more").open ||= ["release", "reuse", "land", "homes", "coverage", "changed"].some((name) => asked[name]);
  list.tick(comparedOf(asked));
  compare([...list.picked]);
  for (const box of $("#layers").querySelectorAll("input")) box.checked = layersOf(asked).includes(box.value);
  await Promise.all([listed, showMap()]).catch(told);
}

/** Say what went wrong; a question that was taken back is no fault. */
function told(error) {
  if (error.name !== "AbortError") $("#count").textContent = error.message;
}

async function showMap() {
  const { changed } = asked, ids = await changedSites();
  await begun;
  if (asked.changed !== changed) return; // what was asked for meanwhile is shown by itself
  drawing?.ask(question(asked, ids).toString());
  await showLayers();
}

/** Show the layers that are asked for when the map is there, which may be later than when they were ticked. */
async function showLayers() {
  await begun;
  drawing?.show(layersOf(asked));
  await colour();
}

async function showList() {
  const { changed, within } = asked;
  if (within) await begun;
  const box = within && drawing ? await drawing.box() : null, ids = await changedSites();
  if (asked.changed !== changed || asked.within !== within) return;
  await list.ask(asked, { ids, box, ranking, differing: Boolean(asked.differs && ranking) });
}

const changes = new Map();

/** Which sites entered, moved or left on the lists of a quarter; null where all are asked for. */
async function changedSites() {
  const { changed } = asked;
  if (!changed) return null;
  if (!changes.has(changed)) changes.set(changed, await get(`/shortlists/${changed}/changes-since/${described.since}`));
  const { entered, moved, left } = changes.get(changed);
  return [...entered, ...moved, ...left].map((one) => one.site);
}

async function colour() {
  await begun;
  const chosen = chosenColour(asked.colour), shown = layersOf(asked);
  if (ranking) {
    const sites = ranking.routes();
    drawing?.rank(asked.differs ? sites.filter(([, , differs]) => differs) : sites);
  } else if (chosen.style) {
    drawing?.colour(chosen.style);
  } else {
    const { sites } = await get(`/assessments/latest/criteria/${chosen.id}`);
    if (ranking || chosenColour(asked.colour) !== chosen) return;
    drawing?.colour(null, Object.entries(sites).filter(([, value]) => value != null).map(([ref, value]) => [ref, { fill: shade(value), radius: 6 }]));
  }
  showLegend($("#legend"), chosen, shown, Boolean(ranking));
}

async function rankedAnew(found) {
  const before = ranking;
  ranking = found;
  if (!before && !found) return;
  await Promise.all([colour(), showList()]).catch(told);
}

let settled = 0;

/** The map was moved: the list follows where only what it shows is asked for. */
function moved() {
  clearTimeout(settled);
  if (asked.within) settled = setTimeout(() => showList().catch(told), SETTLED_MS);
}

function tellDrawn() {
  $("#drawn").textContent = `${counted(drawing.count(), "site")} on this part of the map.`;
}

function layersChanged() {
  change({ layers: layersWritten([...$("#layers").querySelectorAll("input:checked")].map((box) => box.value)) }, { replace: true });
  showLayers().catch(told);
}

async function choose(ref) {
  change({ site: ref });
  await showChosen({ go: true });
}

function noSite(error) {
  if (error.name === "AbortError") throw error;
  $("#site").replaceChildren(made("h2", { id: "site-title" }, "No such site"), made("p", {}, error.message), made("button", { type: "button", class: "plain", onclick: close }, "Close"));
  $("#site").hidden = false;
}

let showing = new AbortController(); // one site at a time: the last that was chosen

async function showChosen({ go = false } = {}) {
  showing.abort();
  const { signal } = showing = new AbortController(), { site } = asked;
  list.mark(site);
  $("#site").hidden ||= !site;
  try {
    const place = site ? await showSite($("#site"), site, close, { go, signal }).catch(noSite) : null;
    await begun;
    if (!signal.aborted) drawing?.mark(site, place);
  } catch (error) { told(error); }
}

function close() {
  const entry = $(`#list li[data-ref="${CSS.escape(asked.site)}"] button`);
  change({ site: "" });
  showChosen();
  (entry ?? $("#list-title")).focus();
}

function picked(refs) {
  change({ compared: refs.join(",") }, { replace: true });
  compare(refs);
}

function compare(refs) {
  const place = $("#compare");
  place.hidden = refs.length < 2;
  place.replaceChildren(made("a", { href: `${base}/compare?sites=${refs.map(encodeURIComponent).join(",")}` }, `Compare these ${refs.length} sites`));
}

let begun; // the list is painted before the map is made, which takes longer; unless it is of what the map shows
understand();
$("#workbench").hidden = false;
const listed = asked.within ? null : showList().catch(told);
begun = Promise.resolve(listed).then(() => new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); })).then(begin);
show(listed ?? showList());
if (asked.site) showChosen();
weighing.set(parsed(asked.weights));
$("#what-if").open = Boolean(asked.weights);
