// Marks of rules, drawn once for the map and for its legend.

const SHARP = 2; // pixels of the picture for one on the screen

const OUTLINES = {
  circle: (c, r) => c.arc(0, 0, r, 0, 2 * Math.PI),
  square: (c, r) => c.rect(-r, -r, 2 * r, 2 * r),
  diamond: (c, r) => polygon(c, [[0, -r], [r, 0], [0, r], [-r, 0]]),
  triangle: (c, r) => polygon(c, [[0, -r], [r, r], [-r, r]]),
  cross: (c, r) => { c.moveTo(-r, -r); c.lineTo(r, r); c.moveTo(-r, r); c.lineTo(r, -r); },
};

function polygon(c, [first, ...others]) {
  c.moveTo(...first);
  for (const point of others) c.lineTo(...point);
  c.closePath();
}

/** A canvas with the mark of a rule; areas are drawn as a square of their own. */
export function drawMark(rule, shape) {
  const point = shape === "Point";
  const size = point ? rule.size : 14;
  const width = Math.max(point ? 1 : 1.5, rule.width);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil((size + 2 * width + 2) * SHARP);
  canvas.style.width = canvas.style.height = `${canvas.width / SHARP}px`;
  const context = canvas.getContext("2d", { willReadFrequently: true }); // by the processor: reading back from a graphics card takes 300 ms
  context.translate(canvas.width / 2, canvas.height / 2);
  context.scale(SHARP, SHARP);
  context.beginPath();
  OUTLINES[point ? rule.mark : "square"](context, size / 2);
  context.fillStyle = rule.fill;
  context.fill();
  context.lineWidth = rule.mark === "cross" && point ? 2 : width;
  context.strokeStyle = rule.line;
  context.stroke();
  return canvas;
}

/** The same as a picture for the map. */
export function picture(rule) {
  const canvas = drawMark(rule, "Point");
  const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [image, { pixelRatio: SHARP }];
}
