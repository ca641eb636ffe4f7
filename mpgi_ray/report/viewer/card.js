// A sample on the page: its picture, its texts or those of two runs side by side.
"use strict";

/** The card of a sample. `matching` says of each text whether the filters let it through. */
mpgi.card = async (sample, matching, state) => {
  const { data, el } = mpgi;
  const [texts, shown] = await Promise.all([mpgi.of("texts", sample), mpgi.of("shown", sample)]);
  const first = data.samples.first[sample];
  const rows = texts.map((text, n) => ({
    sample,
    n,
    at: first + n,
    text,
    shown: shown.texts[n],
    id: shown.id,
  }));
  if (state.blind) mixModels(rows);
  const visible = (row) => state.all || matching[row.at] === 1;
  const records = el("div", { class: "records" });
  const show = (test) =>
    records.replaceChildren(
      ...(data.runs.length > 1
        ? pairs(rows, test, state)
        : rows.filter(test).map((row) => (data.asks ? mpgi.question(row) : record(row, state)))),
      ...more(test),
    );
  const more = (test) => {
    const hidden = rows.filter((row) => !isShown(row, rows, test)).length;
    const reveal = () => show(() => true);
    return hidden
      ? [
          el(
            "button",
            { type: "button", class: "more", click: reveal },
            `${mpgi.many(hidden, `more ${data.words[1]}`)} of this ${data.words[0]}`,
          ),
        ]
      : [];
  };
  show(visible);
  return el(
    "article",
    { class: "card", "data-sample": shown.id },
    el("h3", {}, data.samples.key[sample]),
    where(sample, shown),
    el("div", { class: "pair" }, mpgi.figure(sample, shown), records),
  );
};

function where(sample, shown) {
  const { samples, names } = mpgi.data;
  const shard = names.shard[samples.shard[sample]];
  const parts = [
    shard && `${shard}, sample ${samples.index[sample]}`, // nobody knows where a question's picture lies
    names.source[samples.source[sample]],
    names.split[samples.split[sample]],
    shown.size ? `${shown.size[0]} × ${shown.size[1]} px` : "",
    shown.id.slice(0, 12),
  ];
  return mpgi.el("p", { class: "fine" }, parts.filter(Boolean).join(" · "));
}

/** Put texts under the same perspective in an order by hash: a place on the card tells no model. */
function mixModels(rows) {
  const places = [...new Set(rows.map(perspective))];
  const order = new Map(rows.map((row) => [row, mpgi.hash(row.shown.id)]));
  rows.sort(
    (one, other) =>
      places.indexOf(perspective(one)) - places.indexOf(perspective(other)) || order.get(one) - order.get(other),
  );
}

/** Whether a text stands on the card: beside a text that matches stands that of the other run. */
function isShown(row, rows, test) {
  if (mpgi.data.runs.length < 2) return test(row);
  return rows.some((other) => perspective(other) === perspective(row) && test(other));
}

/** Texts of the same perspective in a row, one column a run. */
function pairs(rows, test, state) {
  const { data, el } = mpgi;
  const shown = rows.filter((row) => isShown(row, rows, test));
  const head = state.blind
    ? []
    : [
        el(
          "div",
          { class: "two heads" },
          data.runs.map((run) => el("p", { class: "fine" }, run.name)),
        ),
      ];
  return [
    ...head,
    ...[...new Set(shown.map(perspective))].map((name) => {
      const inside = shown.filter((row) => perspective(row) === name);
      const sides = [0, 1].map((run) => inside.filter((row) => data.texts.run[row.at] === run));
      if (state.blind && (mpgi.hash(`${rows[0].id} ${name}`) >>> 16) & 1) sides.reverse();
      const differs = inside.some((row) => data.texts.differs[row.at]);
      return el(
        "section",
        { class: "compared", "data-perspective": name },
        el(
          "h4",
          {},
          name || "the sample itself",
          " ",
          el("span", { class: "fine" }, differs ? "differs" : "the same"),
        ),
        el(
          "div",
          { class: "two" },
          sides.map((side, n) =>
            el(
              "div",
              {},
              state.blind ? "" : el("p", { class: "fine run" }, data.runs[n].name),
              side.length
                ? side.map((row) => record(row, state, false))
                : el("p", { class: "fine" }, "no record"),
            ),
          ),
        ),
      );
    }),
  ];
}

function perspective(row) {
  return mpgi.data.names.perspective[mpgi.data.texts.perspective[row.at]];
}

/** A text with its claims marked, why it is missing if it is, and what is behind it. */
function record(row, state, titled = true) {
  const { el, data } = mpgi;
  const name = (column) => data.names[column][data.texts[column][row.at]];
  const [status, model, fate] = [name("status"), name("model"), name("fate")];
  const ok = status === "ok";
  const author = model && !state.blind ? el("span", { class: "fine" }, `by ${model}`) : "";
  const badges = [
    ok ? "" : el("span", { class: "status" }, status),
    // only one of two runs was scored and curated
    fate.startsWith("dropped") && !state.blind ? el("span", { class: "status" }, fate) : "",
    state.blind ? "" : scoreOf(row, state),
  ];
  const head = titled
    ? [el("h4", {}, name("perspective") || "the sample itself", " ", author, " ", badges)]
    : [el("p", { class: "author" }, author, " ", badges)];
  const marks = row.shown.marks;
  return el(
    "section",
    { class: `record ${status}`, "data-text": row.shown.id, "data-perspective": name("perspective") },
    head,
    row.text ? el("p", { class: "text", dir: "auto" }, marked(row.text, marks)) : "",
    row.shown.why ? el("p", { class: "reason" }, row.shown.why) : "",
    row.shown.raw
      ? [
          el("p", { class: "label" }, "The reply as it came"),
          el("pre", { tabindex: 0 }, marked(row.shown.raw, marks)),
        ]
      : "",
    state.rate && ok ? mpgi.ratingOf(row, name("perspective"), model) : "",
    name("perspective") && !state.blind ? mpgi.provenance(row) : "",
  );
}

function scoreOf(row, state) {
  const asked = state.score || state.sort.split(":").slice(1).join(":");
  const value = mpgi.data.scores.get(asked)?.[row.at];
  return typeof value === "number"
    ? mpgi.el("span", { class: "score" }, `${asked} ${mpgi.number(value)}`)
    : "";
}

/** The text in its order, with its claims as elements. */
function marked(text, marks) {
  const parts = [];
  let at = 0;
  for (const [start, end, verdict, told] of marks) {
    parts.push(
      text.slice(at, start),
      mpgi.el("mark", { class: verdict, title: told }, text.slice(start, end)),
    );
    at = end;
  }
  return [...parts, text.slice(at)];
}
