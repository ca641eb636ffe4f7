// How a text was made, behind a click.
"use strict";

/** How a text was made; read when it is opened. */
mpgi.provenance = (row) => {
  const { el } = mpgi;
  const inside = el("div", { class: "made" });
  const details = el("details", {}, el("summary", { class: "fine" }, "How it was made"), inside);
  details.addEventListener(
    "toggle",
    async () => {
      if (!details.open || inside.firstChild) return;
      try {
        const made = (await mpgi.of("made", row.sample))[row.n];
        const peers = (await mpgi.of("shown", row.sample)).texts;
        inside.replaceChildren(...told(row, made, peers));
      } catch (error) {
        inside.replaceChildren(el("p", { class: "reason" }, error.message));
      }
    },
    { passive: true },
  );
  return details;
};

function told(row, made, peers) {
  const { el, data } = mpgi;
  const first = data.samples.first[row.sample];
  const parent = (id) => {
    const n = peers.findIndex((peer) => peer.id === id);
    const name = (column) => data.names[column][data.texts[column][first + n]];
    return n < 0 ? id.slice(0, 12) : `${name("perspective")} by ${name("model")}`;
  };
  const scores = made.scores.map(([name, value]) => `${name} ${mpgi.number(value)}`).join(", ");
  const facts = [
    ["engine", made.engine],
    ["model", made.model],
    ["revision", made.revision],
    ["stage", made.stage],
    ["prompt", made.prompt],
    ["sampling", made.sampling === "{}" ? "" : made.sampling],
    ["attempt", String(made.attempt)],
    ["ended by", made.finish],
    ["tokens", tokens(made)],
    ["seconds", made.seconds ? mpgi.number(made.seconds) : ""],
    ["scores", scores],
    ["made from", made.parents.map(parent).join(", ")],
    ["curation", made.fate],
    ["caption", row.shown.id],
    ["text hash", row.shown.hash],
  ];
  const prompt = data.prompts.find(([hash, , text]) => hash === made.prompt && text);
  return [
    el(
      "dl",
      {},
      facts
        .filter(([, value]) => value)
        .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    ),
    row.shown.marks.length ? claims(row) : "",
    prompt ? folded(`Prompt ${prompt[1]}`, prompt[2]) : "",
    made.raw ? folded("The reply as it came", made.raw) : "",
    ...made.earlier.map((answer) =>
      el(
        "div",
        {},
        el(
          "p",
          { class: "label" },
          [
            answer.draw > 1 ? `Attempt ${answer.attempt}, answer ${answer.draw}` : `Attempt ${answer.attempt}`,
            tokens(answer),
            answer.seconds ? `${mpgi.number(answer.seconds)} s` : "",
          ]
            .filter(Boolean)
            .join(" · "),
        ),
        el("p", { class: "reason" }, answer.why),
        answer.raw ? el("pre", { tabindex: 0 }, answer.raw) : "",
      ),
    ),
  ].filter(Boolean);
}

/** The claims in words, for those who have no pointer. */
function claims(row) {
  const { el } = mpgi;
  const whole = row.text || row.shown.raw;
  const lines = row.shown.marks.map(([start, end, , why]) =>
    el("li", {}, el("q", {}, whole.slice(start, end)), ` ${why}`),
  );
  const name = lines.length === 1 ? "Its claim" : `Its ${lines.length} claims`;
  return el("details", {}, el("summary", { class: "fine" }, name), el("ul", { class: "claims" }, lines));
}

function tokens({ tokens: [prompt, cached, reply] }) {
  return prompt || reply
    ? `prompt ${mpgi.number(prompt)}, cached ${mpgi.number(cached)}, reply ${mpgi.number(reply)}`
    : "";
}

function folded(name, text) {
  return mpgi.el(
    "details",
    {},
    mpgi.el("summary", { class: "fine" }, name),
    mpgi.el("pre", { tabindex: 0 }, text),
  );
}
