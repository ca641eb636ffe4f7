// People's ratings of texts: three scales of 1 to 5, kept in this browser, exported and imported as files.
"use strict";

const SCALES = {
  relevance: { 1: "unrelated", 5: "main elements with precise detail" },
  hallucination: { 1: "mostly invented", 5: "none" },
  fluency: { 1: "broken", 5: "flawless and concise" },
};
const COLUMNS = [
  "caption_id",
  "sample_id",
  "key",
  "perspective",
  "model",
  "run",
  "text_hash",
  ...Object.keys(SCALES),
  "comment",
  "time",
];
let ratings = new Map(); // by caption, perspective and text: one reply may hold several texts
let store = "";
let isKept = false; // whether the browser's store holds all of them

function nameOf(rating) {
  return [rating.caption_id, rating.perspective, rating.text_hash].join(" ");
}

/** Read what this browser keeps for these runs. */
mpgi.openRatings = () => {
  store = `mpgi-ray ratings ${mpgi.data.runs.map((run) => run.id).join(" ")}`;
  try {
    reread();
    isKept = true;
  } catch (error) {
    say(
      `This browser keeps no ratings of pages from a disk (${error.message}): export them before you leave.`,
    );
  }
  count();
  addEventListener("storage", (event) => {
    if (event.key !== store || !isKept) return;
    reread();
    count();
    if (document.hidden) mpgi.redraw(); // a page that somebody looks at stays as it is
  });
};

function reread() {
  const kept = JSON.parse(localStorage.getItem(store) ?? "[]");
  ratings = new Map(kept.map((rating) => [nameOf(rating), rating]));
}

/** Change the ratings. What another tab has kept meanwhile stays. */
function keep(change) {
  try {
    if (isKept) reread();
  } catch {
    isKept = false; // what this page holds is all there is
  }
  change();
  try {
    localStorage.setItem(store, JSON.stringify([...ratings.values()]));
    isKept = true;
  } catch (error) {
    isKept = false;
    say(`The ratings cannot be kept in this browser (${error.message}): export them before you leave.`);
  }
  count();
}

/** The form that rates a text. */
mpgi.ratingOf = (row, perspective, model) => {
  const { el, data } = mpgi;
  const made = {
    caption_id: row.shown.id,
    sample_id: row.id,
    key: data.samples.key[row.sample],
    perspective,
    model,
    run: data.runs[data.texts.run[row.at]].id,
    text_hash: row.shown.hash,
  };
  const name = nameOf(made);
  const set = (changes) => {
    keep(() => {
      const rating = {
        ...made,
        comment: "",
        ...ratings.get(name),
        ...changes,
        time: new Date().toISOString(),
      };
      if (rating.comment || Object.keys(SCALES).some((scale) => rating[scale])) ratings.set(name, rating);
      else ratings.delete(name);
    });
    form.querySelector(".take-back").hidden = !ratings.has(name);
  };
  const form = el("form", {
    class: "rating",
    "aria-label": `Rating of ${perspective}`,
    submit: (event) => event.preventDefault(),
  });
  const draw = () => {
    const now = ratings.get(name) ?? {};
    form.replaceChildren(
      ...Object.keys(SCALES).map((scale) =>
        scaleOf(scale, `${scale} ${name} ${row.at}`, now[scale], (value) => set({ [scale]: value })),
      ),
      el(
        "label",
        { class: "comment" },
        el("span", {}, "comment"),
        el("input", {
          type: "text",
          value: now.comment ?? "",
          maxlength: 2000,
          change: (event) => set({ comment: event.target.value }),
        }),
      ),
      el(
        "button",
        {
          type: "button",
          class: "take-back",
          hidden: !ratings.has(name),
          click: () => {
            keep(() => ratings.delete(name));
            draw();
          },
        },
        "Take back",
      ),
    );
  };
  draw();
  return form;
};

function scaleOf(scale, group, now, set) {
  const { el } = mpgi;
  const anchors = SCALES[scale];
  const steps = [1, 2, 3, 4, 5].map((value) =>
    el(
      "label",
      { title: anchors[value] ? `${value}: ${anchors[value]}` : false },
      el("input", { type: "radio", name: group, value, checked: now === value, change: () => set(value) }),
      el("span", {}, String(value)),
    ),
  );
  return el(
    "fieldset",
    { "data-scale": scale },
    el("legend", {}, scale),
    el("div", { class: "steps" }, steps),
    el("p", { class: "fine" }, `1 ${anchors[1]}, 5 ${anchors[5]}`),
  );
}

function count() {
  mpgi.at("rated-count").textContent = ratings.size
    ? `${mpgi.many(ratings.size, "text")} rated, kept in this browser.`
    : "No text is rated yet.";
}

function say(text) {
  mpgi.at("rated-said").textContent = text;
}

/** The ratings as a file of JSON or CSV, in the order in which they were given. */
mpgi.exportRatings = (form) => {
  const rows = [...ratings.values()].sort((one, other) => (one.time < other.time ? -1 : 1));
  const told = rows.map((rating) =>
    Object.fromEntries(COLUMNS.map((column) => [column, rating[column] ?? null])),
  );
  const text = form === "json" ? `${JSON.stringify(told, null, 1)}\n` : csv(told);
  const link = mpgi.el("a", {
    href: URL.createObjectURL(new Blob([text], { type: form === "json" ? "application/json" : "text/csv" })),
    download: `ratings.${form}`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

function csv(rows) {
  // an apostrophe before what a spreadsheet would take for a formula; an import takes it away
  const cell = (value) =>
    `"${String(value ?? "")
      .replace(/^(?=[=+\-@\t\r'])/, "'")
      .replaceAll('"', '""')}"`;
  return [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column]))]
    .map((row) => `${row.map(cell).join(",")}\r\n`)
    .join("");
}

/** Add the ratings of a file; where both have one, the later one stays. */
mpgi.importRatings = async (file) => {
  try {
    const text = await file.text();
    const rows = file.name.endsWith(".csv") ? fromCsv(text) : JSON.parse(text);
    if (!Array.isArray(rows)) throw new Error("expected a list of ratings");
    const read = rows.map(checked);
    let newer = [];
    keep(() => {
      newer = read.filter((rating) => !(ratings.get(nameOf(rating))?.time >= rating.time));
      for (const rating of newer) ratings.set(nameOf(rating), rating);
    });
    const runs = new Set(mpgi.data.runs.map((run) => run.id));
    const others = read.filter((rating) => !runs.has(rating.run)).length;
    say(
      `${file.name}: ${mpgi.many(newer.length, "rating")} taken over, ${read.length - newer.length} were here already.` +
        (others ? ` ${mpgi.number(others)} of them are of other runs, and not shown here.` : ""),
    );
    mpgi.redraw();
  } catch (error) {
    say(`${file.name} is not read: ${error.message}. Expected what “Export” of this page wrote.`);
  }
};

/** One row of a file as a rating. */
function checked(row, at) {
  const rating = {};
  for (const column of COLUMNS) {
    const value = row?.[column] ?? "";
    if (column in SCALES) {
      if (value === "") continue;
      if (!/^[1-5]$/.test(String(value)))
        throw new Error(`row ${at + 1}, ${column}: ${String(value).slice(0, 40)} is not 1 to 5`);
      rating[column] = Number(value);
    } else rating[column] = String(value);
  }
  if (!rating.caption_id || !rating.time) throw new Error(`row ${at + 1} has no caption_id or no time`);
  return rating;
}

function fromCsv(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text
    .replace(/^\uFEFF/, "")
    .matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1).push((quoted?.replaceAll('""', '"') ?? plain).replace(/^'(?=[=+\-@\t\r'])/, ""));
    if (end !== ",") rows.push([]);
  }
  const [names, ...lines] = rows.filter((row) => row.length > 1);
  if (!names) throw new Error("it holds no rows");
  return lines.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] ?? ""])));
}
