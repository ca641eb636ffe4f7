// A question with its choices or its answer, and what an engine replied.
"use strict";

/** The record of a question on a card. */
mpgi.question = (row) => {
  const { el, data } = mpgi;
  const name = (column) => data.names[column][data.texts[column][row.at]];
  const { question, answer, choices, right, reply, iou, first } = row.shown;
  const model = name("model");
  return el(
    "section",
    { class: first ? "record" : "record further", "data-question": row.shown.id, "data-kind": name("kind") },
    el(
      "p",
      { class: "text asked", dir: "auto" },
      question,
      " ",
      el("span", { class: "fine" }, model ? `${name("kind")}, in the words of ${model}` : name("kind")),
    ),
    choices.length
      ? el(
          "ol",
          { class: "choices", type: "A" },
          choices.map((choice, n) => el("li", { class: n === right ? "text right" : "text", dir: "auto" }, choice)),
        )
      : el("p", { class: "text", dir: "auto" }, answer),
    reply === undefined ? "" : replied(reply, name("reply"), iou),
  );
};

function replied(reply, outcome, iou) {
  const { el, number } = mpgi;
  return el(
    "p",
    { class: "text reply", dir: "auto" },
    el("span", { class: `status ${outcome.replace(" ", "-")}` }, outcome),
    ` ${reply} `,
    typeof iou === "number" ? el("span", { class: "fine" }, `IoU ${number(Math.round(100 * iou) / 100)}`) : "",
  );
}
