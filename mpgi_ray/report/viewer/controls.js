// The controls: what can be asked for, and what is asked for now.
"use strict";

const CONTROLS = ["search", "score", "low", "high", "sort"];
const SHOWN_AS = ["drawings", "claims", "all", "rate", "blind"]; // switches that change no result
const OF_TEXTS = ["claims", "rate", "blind"]; // switches that questions have no use for
const { at } = mpgi;

/** Say what the page is about. */
mpgi.about = () => {
  const { data, el } = mpgi;
  const shown = data.count.samples;
  const sources = data.names.source.filter(Boolean).length;
  const from = mpgi.many(data.names.shard.length, "shard") + (sources > 1 ? ` of ${sources} sources` : "");
  const common = data.total - data.alone[0];
  const all = shown === common;
  const [sample] = data.words;
  const many = `${all ? "All" : `${mpgi.number(shown)} of`} ${mpgi.many(common, sample)}`;
  const both = data.runs.length > 1 ? " that both runs have" : "";
  at("drawn").textContent = `${many}${both}${all ? "" : ", drawn evenly by hash"}, from ${from}.`;
  const lines = [
    ...data.troubles.slice(0, 5),
    data.troubles.length > 5 ? `And ${data.troubles.length - 5} more shards that cannot be read.` : "",
  ];
  if (data.runs.length > 1) {
    const [first, other] = data.alone;
    const alone = `${mpgi.many(first, "sample")} that only the first run has, ${mpgi.many(other, "sample")}`;
    if (first || other) lines.push(`Not shown: ${alone} that only the other has.`);
  }
  at("troubles").replaceChildren(...lines.filter(Boolean).map((line) => el("p", { class: "notice" }, line)));
};

/** Fill the controls with what there is to choose from. */
mpgi.controls = () => {
  const { el, data } = mpgi;
  const [sample, text] = data.words;
  at("all-of").textContent = `all ${text}s of a ${sample}`;
  at("search-of").textContent = `Search the ${text}s`;
  for (const name of OF_TEXTS) at(name).closest("label").hidden = Boolean(data.asks);
  for (const [facet, { label }] of Object.entries(mpgi.FACETS)) {
    const values = mpgi.values(facet);
    if (values.length < 2) continue; // nothing to choose from
    const options = values.map((one) =>
      el("option", { value: one.value }, `${one.label} (${mpgi.number(one.count)})`),
    );
    const select = el(
      "select",
      { id: facet, change: (event) => mpgi.ask({ [facet]: event.target.value }) },
      el("option", { value: "" }, "any"),
      options,
    );
    at("facets").append(el("p", { class: "field" }, el("label", { for: facet }, label), select));
  }
  const scores = [...data.scores.keys()];
  at("scores").hidden = scores.length === 0;
  at("score").append(
    el("option", { value: "" }, "any"),
    ...scores.map((name) => el("option", { value: name }, name)),
  );
  const orders = [
    ["", "mixed, by hash"],
    ["shard", "by shard"],
    ...scores.flatMap((name) => [
      [`rising:${name}`, `${name}, lowest first`],
      [`falling:${name}`, `${name}, highest first`],
    ]),
  ];
  at("sort").append(...orders.map(([value, label]) => el("option", { value }, label)));
  let typing = 0;
  at("search").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => mpgi.ask({ q: at("search").value.trim() }, mpgi.state.q !== ""), 200);
  });
  for (const name of CONTROLS.slice(1))
    at(name).addEventListener("change", () => mpgi.ask({ [name]: at(name).value }));
  for (const name of SHOWN_AS)
    at(name).addEventListener("change", () => mpgi.ask({ [name]: at(name).checked, page: mpgi.state.page }));
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("export-csv").addEventListener("click", () => mpgi.exportRatings("csv"));
  at("export-json").addEventListener("click", () => mpgi.exportRatings("json"));
  at("import").addEventListener("click", () => at("import-file").click());
  at("import-file").addEventListener("change", async (event) => {
    for (const file of event.target.files) await mpgi.importRatings(file);
    event.target.value = "";
  });
  at("more").open = matchMedia("(min-width: 60rem)").matches;
};

/** The controls as the state has them. */
mpgi.reflect = () => {
  for (const facet of Object.keys(mpgi.FACETS)) {
    const select = at(facet);
    if (!select) continue;
    select.value = mpgi.state[facet];
    select.closest(".field").hidden = mpgi.state.blind && facet === "model";
    select.classList.toggle("set", mpgi.state[facet] !== "");
  }
  for (const name of CONTROLS) {
    const value = mpgi.state[name === "search" ? "q" : name];
    if (at(name) !== document.activeElement || at(name).value.trim() !== value) at(name).value = value;
  }
  for (const name of SHOWN_AS) at(name).checked = mpgi.state[name];
  at("low").disabled = at("high").disabled = !mpgi.state.score;
  document.body.classList.toggle("plain", !mpgi.state.drawings);
  document.body.classList.toggle("unmarked", !mpgi.state.claims);
  at("legend").hidden = !mpgi.state.claims || Boolean(mpgi.data.asks);
  at("rated").hidden = !mpgi.state.rate;
  at("asked").replaceChildren(...chips());
  const runs = mpgi.data.runs.map((run) => run.name).join(" beside ");
  const title = mpgi.data.asks ? "Questions" : "Samples";
  at("here").textContent = title;
  at("name").textContent = mpgi.state.blind ? title : runs;
  document.title = mpgi.state.blind ? title : `${title}: ${runs}`;
};

/** The filters that are set, each with a way to drop it. */
function chips() {
  const { el, FACETS } = mpgi;
  const chip = (text, changes) =>
    el(
      "button",
      { type: "button", class: "chip", click: () => mpgi.ask(changes) },
      text,
      el("span", { "aria-hidden": "true" }, " ×"),
      el("span", { class: "unseen" }, ": drop this filter"),
    );
  const set = Object.entries(FACETS).filter(
    ([facet]) => mpgi.state[facet] && !(mpgi.state.blind && facet === "model"),
  );
  const all = set.map(([facet, { label, words }]) =>
    chip(`${label}: ${words?.[mpgi.state[facet]] ?? mpgi.state[facet]}`, { [facet]: "" }),
  );
  if (mpgi.state.q) all.push(chip(`Search: ${mpgi.state.q}`, { q: "" }));
  if (mpgi.state.score && (mpgi.state.low || mpgi.state.high))
    all.push(
      chip(`${mpgi.state.score}: ${mpgi.state.low || "…"} – ${mpgi.state.high || "…"}`, {
        low: "",
        high: "",
      }),
    );
  if (mpgi.isFiltered(mpgi.state))
    all.push(
      el("button", { type: "button", id: "clear", click: () => mpgi.go(mpgi.cleared(mpgi.state)) }, "Clear"),
    );
  return all;
}
