// One site in short; its page has everything.

import { base, described, get } from "./service.js";
import { dated, hectares, homes, made, metres2, score, share } from "./words.js";

const GATES = new Map(described.gates.map(({ id, reason }) => [id, reason]));

/** Show a site in a section, go there where that is wanted, and tell where it is; its close button gives the focus back.
 * Nothing is shown once the signal is given up. */
export async function showSite(section, ref, close, { go, signal }) {
  const { geometry, properties: site } = await get(`/collections/candidates/items/${encodeURIComponent(ref)}`, signal);
  const rows = [
    ["Owner", site.owner ?? "not known"], ["Organisations", site.organisations],
    ["Address", [site.address, site.postcode, site.borough].filter(Boolean).join(", ")],
    ["Land, floor area", `${hectares(site.land_ha)}, ${metres2(site.gia_m2)}`], ["Homes", homes(site)],
    ["Release score", scored(site.release_score, site.release_low, site.release_high, site.release_coverage)],
    ["Reuse score", `${score(site.reuse_score)}, ${share(site.reuse_coverage)} known`],
    ["Rank for release", ranked(site, "release")], ["Rank for reuse", ranked(site, "reuse")],
    ["Gates", site.gates?.split("; ").map((id) => GATES.get(id) ?? id).join("; ") ?? "none"], ["Evidence", site.evidence_date ? `${dated(site.evidence_date)}${site.stale ? ", older than the method allows" : ""}` : "not dated"],
    ["Limits", site.limits ?? "not known"],
  ];
  section.replaceChildren(
    made("h2", { id: "site-title" }, site.name), made("p", {}, made("strong", {}, site.route), `. ${dated(site.sentence)}`),
    made("table", { class: "said" }, made("caption", { class: "hidden" }, "The site in short"), made("tbody", {},
      ...rows.map(([name, value]) => made("tr", {}, made("th", { scope: "row" }, name), made("td", {}, value ?? "not known"))))),
    made("p", {}, made("a", { href: `${base}/sites/${encodeURIComponent(ref)}?f=html` }, "Everything about this site, with reasons and sources")),
    made("button", { type: "button", class: "plain", onclick: close }, "Close"));
  section.hidden = false;
  if (go) section.focus();
  return geometry?.coordinates;
}

const scored = (value, low, high, known) => `${score(value)}${score(low) === score(high) ? "" : `, anything from ${score(low)} to ${score(high)}`}; ${share(known)} known`;

function ranked(site, name) {
  const rank = site[`${name}_rank`];
  return rank == null ? "not ranked" : `${rank}, in 90% of the draws ${site[`${name}_rank_low`]} to ${site[`${name}_rank_high`]}`;
}
