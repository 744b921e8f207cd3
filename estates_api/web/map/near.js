// The map on the page of one site: drawn when it comes into view, so that nobody waits for it who does not look.

const place = document.querySelector("#workbench");
const BESIDES = ["outlines", "assemblies", "designations", "stations"];

function added(made) {
  return new Promise((done, failed) => {
    document.head.append(Object.assign(made, { onload: done, onerror: failed }));
  });
}

async function show() {
  const files = `${place.dataset.base}/map`;
  const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `${files}/maplibre-gl.css` });
  const [{ COLOURS, draw }, { showLegend }] = await Promise.all([import("./drawing.js"), import("./legend.js"), added(sheet)]);
  const elsewhere = (ref) => { if (ref !== place.dataset.ref) location.assign(`${place.dataset.base}/sites/${encodeURIComponent(ref)}?f=html`); };
  const view = { question: "", colour: COLOURS[0].style, shown: BESIDES, hash: false };
  const drawn = await draw(document.querySelector("#map"), view, { chosen: elsewhere });
  drawn.map.scrollZoom.disable(); // who scrolls the page does not mean the map
  await drawn.mark(place.dataset.ref);
  showLegend(document.querySelector("#legend"), COLOURS[0], BESIDES);
  place.dataset.drawn = "yes";
}

if (document.createElement("canvas").getContext("webgl2")) {
  place.hidden = false;
  new IntersectionObserver(([seen], watch) => {
    if (!seen.isIntersecting) return;
    watch.disconnect();
    show();
  }).observe(place);
}
