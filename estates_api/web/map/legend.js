// What marks and colours mean, drawn as they are on the map.

import { described } from "./service.js";
import { drawMark } from "./marks.js";
import { COLOURS, INK, ROUTES, SHOWN } from "./drawing.js";
import { made } from "./words.js";

const CIRCLE = { mark: "circle", line: "#3c3c3c", width: 1 };
const STEP = 1 / described.scale.length;

/** The colour of a share of a criterion's points. */
export const shade = (value) => described.scale[Math.min(described.scale.length - 1, Math.floor(value / STEP))];

/** What sites are coloured by. */
export const chosenColour = (id) => COLOURS.find((one) => one.id === (id || "route")) ?? COLOURS[0];

function rulesOf(colour, ranked) {
  const ring = { ...CIRCLE, fill: "#ffffff00" };
  if (ranked) return [...ROUTES.values(), { ...ring, line: INK, width: 2, size: 22, label: "black ring: another route than adopted" },
    { ...ring, line: SHOWN, width: 3, size: 26, label: "blue ring: the site that is shown" }];
  if (colour.style) return colour.style.rules;
  const percent = (share) => Math.round(share * 100);
  return [...described.scale.map((fill, step) => ({ ...CIRCLE, fill, size: 12, label: `${percent(step * STEP)} to ${percent((step + 1) * STEP)}% of its points` })).reverse(),
    { ...CIRCLE, fill: "#ffffff", size: 8, label: "not known" }];
}

/** Show the legend of sites, and of what is shown besides. */
export function showLegend(element, colour, shown, ranked) {
  const parts = [["Sites", rulesOf(colour, ranked), "Point"], ...shown.map((id) => described.styles[id])
    .map(({ title, styles, shape }) => [title, styles[0].rules, shape])];
  element.replaceChildren(...parts.flatMap(([title, rules, shape]) => [
    made("h2", { class: "hidden" }, `Legend: ${title}`),
    made("ul", {}, ...rules.map((rule) => made("li", {}, drawMark(rule, shape), rule.label))),
  ]));
}
