// A picture with all that is annotated drawn over it, and the annotation in words.
"use strict";

/** The figure of a sample; `shown` is its row of that kind of piece. */
mpgi.figure = (sample, shown) => {
  const { el } = mpgi;
  const caption = [
    shown.scene.length ? line("Scene", shown.scene.join(", ")) : null,
    shown.legend.length ? legend(shown.legend) : null,
    shown.labels.length ? line("Labels", shown.labels.join(", ")) : null,
    shown.cover.length
      ? line("Cover", shown.cover.map(([label, share]) => `${label} ${percent(share)}`).join(", "))
      : null,
    shown.gsd ? line("Ground sampling distance", `${mpgi.number(shown.gsd)} m`) : null,
    shown.licence ? line("Licence", shown.licence) : null,
    shown.captions.length
      ? el(
          "details",
          {},
          el("summary", {}, `Texts of the source (${shown.captions.length})`),
          shown.captions.map((text) => el("p", { class: "text", dir: "auto" }, text)),
        )
      : null,
  ];
  return el(
    "figure",
    {},
    shown.picture ? frame(sample, shown) : el("p", { class: "no-picture" }, `No picture. ${shown.trouble}`),
    el("figcaption", {}, caption),
  );
};

function frame(sample, shown) {
  const [width, height] = shown.size;
  const image = mpgi.el("img", {
    src: `pictures/${sample}.jpg`,
    width,
    height,
    loading: "lazy",
    alt: described(sample, shown),
  });
  const holder = mpgi.el("div", { class: "frame" }, image, drawings(width, height, shown));
  holder.style.maxWidth = `${(384 * width) / Math.max(width, height)}px`;
  holder.style.aspectRatio = `${width} / ${height}`;
  return holder;
}

function drawings(width, height, shown) {
  const { svg } = mpgi;
  const title = (text) => svg("title", {}, text);
  const shapes = shown.shapes.map(([kind, label, colour, points]) =>
    svg(
      "polygon",
      {
        class: kind || false,
        "data-class": label,
        stroke: colour,
        fill: kind === "region" ? colour : false,
        points: points.join(" "),
      },
      title(label),
    ),
  );
  const bands = shown.bands.map(([label, colour, share, x1, y1, x2, y2]) =>
    svg(
      "rect",
      { class: "band", "data-class": label, fill: colour, x: x1, y: y1, width: x2 - x1, height: y2 - y1 },
      title(`${label} ${percent(share)}`),
    ),
  );
  const chips = shown.chips.flatMap(([label, colour, x1, y1, x2, y2]) => [
    svg("rect", { "data-class": label, fill: colour, x: x1, y: y1, width: x2 - x1, height: y2 - y1 }),
    svg(
      "text",
      {
        "data-class": label,
        x: x1 + 0.4 * shown.font,
        y: y1 + 1.02 * shown.font,
        "font-size": shown.font,
        textLength: Math.max(1, x2 - x1 - 0.8 * shown.font),
        lengthAdjust: "spacingAndGlyphs",
      },
      label,
    ),
  ]);
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    shapes,
    bands,
    chips,
  );
}

function described(sample, shown) {
  const said = shown.legend.map(([label, , count]) => (count === null ? label : `${count} × ${label}`));
  return `Picture ${mpgi.data.samples.key[sample]}: ${[...shown.scene, ...said].join(", ") || "nothing annotated"}`;
}

function legend(entries) {
  return mpgi.el(
    "ul",
    { class: "legend" },
    entries.map(([label, colour, count]) => {
      const spot = mpgi.el("i");
      spot.style.background = colour;
      const told = count === null ? label : `${count} × ${label}`;
      return mpgi.el(
        "li",
        {},
        mpgi.el(
          "button",
          {
            type: "button",
            "aria-pressed": false,
            "data-class": label,
            title: "Show this class alone",
            click: alone,
          },
          spot,
          told,
        ),
      );
    }),
  );
}

/** Show one class of a picture alone, or all of them again. */
function alone(event) {
  const button = event.currentTarget;
  const only = button.ariaPressed !== "true";
  const figure = button.closest("figure");
  for (const other of figure.querySelectorAll(".legend button"))
    other.ariaPressed = String(only && other === button);
  const isOf = (label) =>
    label === button.dataset.class ||
    (label.endsWith("…") && button.dataset.class.startsWith(label.slice(0, -1)));
  for (const shape of figure.querySelectorAll("svg [data-class]"))
    shape.classList.toggle("away", only && !isOf(shape.dataset.class));
}

function line(name, value) {
  return mpgi.el("p", {}, mpgi.el("b", {}, name), ` ${value}`);
}

function percent(share) {
  return `${mpgi.number(Math.round(1000 * share) / 10)} %`;
}
