"use strict";
// What the reader sees and does. The state is the model, the sentence, the closed heads; it stands in the address after #.

const byId = (id) => document.getElementById(id);
const header = JSON.parse(byId("header").textContent);
const NAMES = { encoder: "encoder: English looks at English", decoder: "decoder: Russian looks back at Russian", cross: "cross: Russian looks at English" };
const state = { model: header.start.model, text: header.start.text, item: null, closed: new Set(header.start.closed), shown: header.start.closed[0] };
let models = {}, waiting = 0;

const readable = (piece) => (piece.startsWith("▁") ? piece.slice(1) || "▁" : `…${piece}`); // … goes on with a word
const place = (kind, layer, head) => `${kind}.${layer}.${head}`;
const all = (model) => KINDS.flatMap((kind) => model.kept[kind].flatMap((heads, layer) => heads.map((head) => place(kind, layer, head))));

function element(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function button(text, press, pressed = null, attributes = {}) {
  const made = element("button", text, { type: "button", ...attributes });
  if (pressed !== null) made.setAttribute("aria-pressed", pressed);
  made.addEventListener("click", press);
  return made;
}

// ---- The address ----

function remember() {
  const parts = new URLSearchParams({ model: state.model, closed: [...state.closed].join(","), text: state.text });
  try {
    history.replaceState(null, "", `#${parts}`);
  } catch { /* inside a notebook's frame there is no address of its own */ }
}

function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  if (!header.models.some(({ name }) => name === parts.get("model"))) return;
  const there = new Set(all(models[parts.get("model")]));
  state.model = parts.get("model");
  state.text = (parts.get("text") ?? "").slice(0, 300);
  state.closed = new Set((parts.get("closed") ?? "").split(",").filter((head) => there.has(head)));
  state.item = header.items.find(({ english }) => english === state.text) ?? null;
}

// ---- Computing ----

function withHeads(model, closed, work) {
  for (const kind of KINDS) {
    model.kept[kind].forEach((heads, layer) => heads.forEach((head, i) => {
      model.gates[kind][layer][i] = closed.has(place(kind, layer, head)) ? 0 : 1;
    }));
  }
  return work();
}

const known = new Map(); // answers that were computed already

function answer(closed) {
  const key = JSON.stringify([state.model, state.text, [...closed].sort()]), model = models[state.model];
  if (!known.has(key)) {
    if (known.size > 500) known.clear();
    known.set(key, withHeads(model, closed, () => {
      const { text, parts } = model.translate(state.text), first = parts.find(({ ids }) => ids.length);
      const lines = state.item ? [state.item.right, ...state.item.wrong] : [];
      const logProbs = lines.map((line) => model.read(first?.ids ?? [], model.bpe[1].encode(clean(line)).ids).logProb);
      const maps = first && model.read(first.ids, first.target).maps;
      return { text, parts, first, logProbs, maps };
    }));
  }
  return known.get(key);
}

// The words of two lines in the order of the second: [word, "same", "new" or "lost"], by their longest common part.
function changes(before, after) {
  const [old, now] = [before, after].map((text) => text.split(" ").filter(Boolean));
  const longest = Array.from({ length: old.length + 1 }, () => new Array(now.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      longest[i][j] = old[i] === now[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const words = [];
  for (let i = 0, j = 0; i < old.length || j < now.length; ) {
    if (i < old.length && old[i] === now[j]) words.push([now[j++], "same"]), i++;
    else if (j === now.length || (i < old.length && longest[i + 1][j] >= longest[i][j + 1])) words.push([old[i++], "lost"]);
    else words.push([now[j++], "new"]);
  }
  return words;
}

// ---- Showing ----

function show() {
  const model = models[state.model], whole = answer(new Set()), now = answer(state.closed);
  byId("whole").textContent = whole.text;
  byId("open").replaceChildren(...changes(whole.text, now.text).flatMap(([word, what]) =>
    [what === "same" ? word : element(what === "new" ? "mark" : "del", word), " "]));
  const unknown = whole.parts.flatMap(({ ids, pieces }) => pieces.filter((_, i) => ids[i] === UNK).map((piece) => piece.replace("▁", "")));
  byId("hint").textContent = unknown.length ? `The model has no piece for ${unknown.join(" ")}.`
    : !state.closed.size ? "All heads are open: close one." : whole.text === now.text ? "No word changes."
      : "Struck out: said with all heads only. Marked: said with the open heads only.";
  showTested(whole, now);
  showHeads(model);
  showMap(model, now);
  for (const made of byId("models").querySelectorAll("button")) made.setAttribute("aria-pressed", made.dataset.name === state.model);
  for (const made of byId("phenomena").querySelectorAll("button")) made.setAttribute("aria-pressed", made.dataset.name === state.item?.phenomenon);
  if (byId("sentence").value !== state.text) byId("sentence").value = state.text;
}

function showTested(whole, now) {
  if (!state.item) return byId("tested").replaceChildren();
  const lines = [state.item.right, ...state.item.wrong], table = element("table", "", { class: "lines" }), top = element("tr");
  for (const text of ["", "", "log P, all heads", "open heads"]) top.append(element("th", text, text ? { class: "number" } : {}));
  table.append(top);
  const best = now.logProbs.indexOf(Math.max(...now.logProbs));
  lines.forEach((line, i) => {
    const row = element("tr", "", i === best ? { class: "wins" } : {});
    row.append(element("td", i ? "wrong" : "right"), element("td", line));
    for (const { logProbs } of [whole, now]) row.append(element("td", logProbs[i].toFixed(2).replace("-", "−"), { class: "number" }));
    table.append(row);
  });
  const verdict = best ? "With the open heads the model prefers a wrong line." : "With the open heads the model prefers the right line.";
  byId("tested").replaceChildren(table, element("div", `${verdict} (${header.lessons[state.item.phenomenon]})`, { class: "note" }));
}

function showHeads(model) {
  const columns = KINDS.map((kind) => {
    const column = element("div", "", { class: "kind" });
    column.append(element("h3", NAMES[kind]));
    for (let layer = 0; layer < model.config.num_blocks; layer++) {
      const row = element("div", "", { class: "row" });
      row.append(element("span", `layer ${layer}`));
      for (let head = 0; head < model.config.num_heads; head++) {
        const name = place(kind, layer, head), there = model.kept[kind][layer].includes(head);
        const closed = state.closed.has(name), told = `${kind} · layer ${layer} · head ${head}`;
        const tip = there ? `${told}: ${closed ? "closed" : "open"}` : `${told}: removed by pruning`;
        const shown = state.shown === name ? " shown" : "";
        const made = button(there ? head : "×", () => there && toggle(name), null, { title: tip, "aria-label": tip, class: `head${there ? "" : " gone"}${closed ? " closed" : ""}${shown}` });
        if (there) made.addEventListener("pointerenter", () => { state.shown = name; showMap(model, answer(state.closed)); });
        row.append(made);
      }
      column.append(row);
    }
    return column;
  });
  byId("heads").replaceChildren(...columns);
}

function showMap(model, now) {
  const [kind, layer, head] = state.shown.split("."), index = model.kept[kind][layer].indexOf(Number(head));
  for (const made of byId("heads").querySelectorAll(".head")) made.classList.toggle("shown", made.title.startsWith(`${kind} · layer ${layer} · head ${head}:`));
  if (index < 0 || !now.maps) return byId("map").replaceChildren();
  byId("map-title").textContent = `Where ${kind} ${layer}.${head} looks${state.closed.has(state.shown) ? " (it is closed: what it sees does not count)" : ""}`;
  const english = [...now.first.pieces.map(readable), "end"];
  const russian = now.first.target.map((id) => readable(model.bpe[1].pieces[id]));
  const rows = kind === "encoder" ? english : [...russian, "end"];
  const columns = kind === "decoder" ? ["start", ...russian] : english;
  const table = element("table"), top = element("thead"), row = element("tr");
  row.append(element("th"));
  for (const piece of columns) row.append(element("th", piece));
  top.append(row);
  table.append(top);
  now.maps[kind][layer][index].forEach((weights, t) => {
    const line = element("tr");
    line.append(element("th", rows[t]));
    columns.forEach((piece, s) => {
      const weight = weights[s] ?? 0;
      const cell = element("td", s < weights.length ? weight.toFixed(2) : "", { title: `${rows[t]} looks at ${piece}: ${weight.toFixed(2)}` });
      cell.style.background = `rgba(var(--heat), ${weight.toFixed(3)})`;
      line.append(cell);
    });
    table.append(line);
  });
  byId("map").replaceChildren(table);
}

// ---- Doing ----

function change() {
  remember();
  show();
}

function toggle(name) {
  state.shown = name;
  if (!state.closed.delete(name)) state.closed.add(name);
  change();
}

function openOnly(open) {
  const wanted = new Set(open);
  state.closed = new Set(all(models[state.model]).filter((name) => !wanted.has(name)));
  change();
}

function choose(name) {
  const there = new Set(all(models[name]));
  state.model = name;
  state.closed = new Set([...state.closed].filter((head) => there.has(head)));
  if (!there.has(state.shown)) state.shown = all(models[name])[0];
  presets();
  change();
}

function presets() {
  const model = models[state.model], heads = all(model), made = [button("open all", () => openOnly(heads))];
  made.push(button("close the one that carries “not”", () => openOnly(heads.filter((head) => head !== header.start.closed[0]))));
  if (model.kept.encoder.flat().length) {
    made.push(button("close the encoder’s", () => openOnly(heads.filter((head) => !head.startsWith("encoder")))));
    made.push(button("only those that pruning kept", () => openOnly(all(models[header.models.at(-1).name]))));
  }
  made.push(button("three at random", () => {
    const drawn = [...heads].sort(() => Math.random() - 0.5).slice(0, 3);
    openOnly(heads.filter((head) => !drawn.includes(head)));
  }));
  byId("presets").replaceChildren(...made);
}

function type(text, item = null) {
  state.text = text;
  state.item = item ?? header.items.find(({ english }) => english === text) ?? null;
  change();
}

function pick(phenomenon) {
  const items = header.items.filter((item) => item.phenomenon === phenomenon);
  const next = items[(items.indexOf(state.item) + 1) % items.length];
  type(next.english, next);
}

async function begin() {
  models = await unpack({ header, data: byId("data").textContent.trim() });
  recall();
  for (const { name, told } of header.models) byId("models").append(button(told, () => choose(name), false, { "data-name": name }));
  for (const name of Object.keys(header.lessons)) {
    byId("phenomena").append(button(name.replaceAll("-", " "), () => pick(name), false, { "data-name": name, title: `${header.lessons[name]}; press again for another sentence` }));
  }
  byId("sentence").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => type(byId("sentence").value), 150);
  });
  addEventListener("hashchange", () => { recall(); presets(); show(); });
  byId("about").textContent = header.about;
  if (!all(models[state.model]).includes(state.shown)) state.shown = all(models[state.model])[0];
  presets();
  show();
  document.body.dataset.ready = "yes";
}

begin().catch((error) => { byId("hint").textContent = `This browser cannot run the model: ${error.message}`; });
