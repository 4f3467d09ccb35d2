// What the reader sees and does. The state is the language, the model, the sentence and the closed heads; it stands in
// the address after #. What is typed is only ever text, never HTML.

const byId = (id) => document.getElementById(id);
const state = { language: "en", item: null };
let models = {};
let header = {};
let knownWords = new Set(); // of the English training text, in lower case
let waiting = 0;

const said = () => TEXTS[state.language];
const place = (kind, layer, head) => `${kind}.${layer}.${head}`;
const all = (model) =>
  KINDS.flatMap((kind) => model.kept[kind].flatMap((heads, layer) => heads.map((head) => place(kind, layer, head))));
const readable = (piece) => (piece.startsWith("▁") ? piece.slice(1) || "▁" : `…${piece}`); // … goes on with a word

function element(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function button(text, press, attributes = {}) {
  const made = element("button", text, { type: "button", ...attributes });
  made.addEventListener("click", press);
  return made;
}

// ---- The address ----

function remember() {
  const { language, model, closed, text } = state;
  const parts = new URLSearchParams({ language, model, closed: [...closed].join(","), text });
  try {
    history.replaceState(null, "", `#${parts}`);
  } catch {
    // A notebook's frame has no address of its own.
  }
}

function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  if (Object.hasOwn(TEXTS, parts.get("language"))) state.language = parts.get("language");
  if (Object.hasOwn(models, parts.get("model"))) state.model = parts.get("model");
  if (parts.has("text")) state.text = parts.get("text").slice(0, 300);
  const there = new Set(all(models[state.model]));
  if (parts.has("closed"))
    state.closed = new Set(
      parts
        .get("closed")
        .split(",")
        .filter((head) => there.has(head)),
    );
  state.item = header.items.find(({ english }) => english === state.text) ?? null;
  if (!there.has(state.shown)) state.shown = all(models[state.model])[0];
}

// ---- Computing ----

const known = new Map(); // what was computed already

function answer(closed) {
  const key = JSON.stringify([state.model, state.text, [...closed].sort()]);
  const model = models[state.model];
  if (!known.has(key)) {
    if (known.size > 200) known.clear();
    model.close(closed);
    const { text, parts } = model.translate(state.text);
    const first = parts.find(({ ids }) => ids.length);
    const lines = state.item && first ? [state.item.right, ...state.item.wrong] : [];
    const logProbs = lines.map((line) => model.read(first.ids, model.bpe[1].encode(clean(line)).ids).logProb);
    known.set(key, { text, parts, first, logProbs, maps: first && model.read(first.ids, first.target).maps });
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
    if (i < old.length && old[i] === now[j]) {
      words.push([now[j], "same"]);
      i++;
      j++;
    } else if (j === now.length || (i < old.length && longest[i + 1][j] >= longest[i][j + 1])) {
      words.push([old[i++], "lost"]);
    } else words.push([now[j++], "new"]);
  }
  return words;
}

// ---- Showing ----

function show() {
  const model = models[state.model];
  const whole = answer(new Set());
  const now = answer(state.closed);
  byId("whole").textContent = whole.text;
  const words = changes(whole.text, now.text);
  byId("open").replaceChildren(
    ...words.flatMap(([word, what]) => [what === "same" ? word : element(what === "new" ? "mark" : "del", word), " "]),
  );
  byId("pieces").textContent = whole.parts.map(({ pieces }) => pieces.join(" ")).join("  |  ");
  byId("hint").textContent = hint(whole, now, words);
  showTested(whole, now);
  for (const made of byId("heads").querySelectorAll(".head:enabled")) {
    const closed = state.closed.has(made.dataset.head);
    made.setAttribute("aria-pressed", closed);
    made.title = `${made.dataset.told}: ${closed ? said().isClosed : said().isOpen}`;
    made.setAttribute("aria-label", made.title);
  }
  for (const made of byId("models").children) made.setAttribute("aria-pressed", made.dataset.name === state.model);
  for (const made of byId("phenomena").children)
    made.setAttribute("aria-pressed", made.dataset.name === state.item?.phenomenon);
  if (byId("sentence").value !== state.text) byId("sentence").value = state.text;
  showMap(model, now);
}

// Why not to trust the line that all heads write, as nmt/decoding.py; "" where nothing speaks against it.
function doubt({ parts }) {
  const unknown = parts.flatMap(({ ids, pieces }) => pieces.filter((_, i) => ids[i] === UNK));
  if (unknown.length && /\p{Script=Cyrillic}/u.test(state.text)) return said().russian;
  if (unknown.length) return said().unknown([...new Set(unknown.map((piece) => piece.replace("▁", "")))].join(" "));
  const typed = clean(state.text).match(/\p{L}+(?:['-]\p{L}+)*/gu) ?? [];
  const unseen = typed.filter((word) => !knownWords.has(word.toLowerCase()));
  if (unseen.length) return said().unseen([...new Set(unseen)].join(", "));
  const tokens = parts.reduce((sum, { target }) => sum + target.length + 1, 0);
  const logProb = parts.reduce((sum, part) => sum + part.logProb, 0);
  return logProb / tokens < header.doubtful ? said().improbable : "";
}

function hint(whole, now, words) {
  if (!whole.parts.length) return said().nothing;
  const found = [doubt(whole)];
  const what = new Set(words.map(([, kind]) => kind));
  if (!state.closed.size) found.push(said().allOpen);
  else if (whole.text === now.text) found.push(said().same);
  if (what.has("lost")) found.push(said().lost);
  if (what.has("new")) found.push(said().added);
  if (words.some(([word, kind]) => kind !== "same" && word.toLowerCase() === "не")) found.push(said().means);
  return found.filter(Boolean).join(" ");
}

function showTested(whole, now) {
  if (!now.logProbs.length) {
    byId("tested").replaceChildren();
    return;
  }
  const table = element("table", "", { class: "lines" });
  const top = element("tr");
  for (const text of ["", "", said().logAll, said().logOpen])
    top.append(element("th", text, text ? { class: "number" } : {}));
  table.append(top);
  const best = now.logProbs.indexOf(Math.max(...now.logProbs));
  [state.item.right, ...state.item.wrong].forEach((line, i) => {
    const row = element("tr", "", i === best ? { class: "wins" } : {});
    row.append(element("td", i ? said().wrong : said().right), element("td", line, { lang: "ru" }));
    for (const { logProbs } of [whole, now])
      row.append(element("td", logProbs[i].toFixed(2).replace("-", "−"), { class: "number" }));
    table.append(row);
  });
  const verdict = best ? said().prefersWrong : said().prefersRight;
  byId("tested").replaceChildren(
    table,
    element("div", `${verdict} (${said().phenomena[state.item.phenomenon][1]})`, { class: "note" }),
  );
}

function showMap(model, now) {
  const [kind, layer, head] = state.shown.split(".");
  const index = model.kept[kind][layer].indexOf(Number(head));
  for (const made of byId("heads").querySelectorAll(".head"))
    made.classList.toggle("shown", made.dataset.head === state.shown);
  byId("map-title").textContent = said().looks(`${kind} ${layer}.${head}`, state.closed.has(state.shown));
  if (index < 0 || !now.maps) {
    byId("map").replaceChildren();
    return;
  }
  const english = [...now.first.pieces.map(readable), said().end];
  const russian = now.first.target.map((id) => readable(model.bpe[1].pieces[id]));
  const rows = kind === "encoder" ? english : [...russian, said().end];
  const columns = kind === "decoder" ? [said().start, ...russian] : english;
  const table = element("table");
  const top = element("thead");
  const names = element("tr");
  names.append(element("th"), ...columns.map((piece) => element("th", piece, { scope: "col" })));
  top.append(names);
  table.append(top);
  now.maps[kind][layer][index].forEach((weights, t) => {
    const row = element("tr");
    row.append(element("th", rows[t], { scope: "row" }));
    columns.forEach((piece, s) => {
      const weight = weights[s] ?? 0;
      const told = s < weights.length ? weight.toFixed(2) : "";
      const cell = element("td", told, told ? { title: `${rows[t]} ${said().looksAt} ${piece}: ${told}` } : {});
      cell.style.background = `rgba(var(--heat), ${weight.toFixed(3)})`;
      row.append(cell);
    });
    table.append(row);
  });
  byId("map").replaceChildren(table);
}

// All that depends on the language and the model, and not on the sentence.
function build() {
  const model = models[state.model];
  document.documentElement.lang = state.language;
  document.title = said().title;
  for (const made of document.querySelectorAll("[data-text]")) made.textContent = said()[made.dataset.text];
  byId("language").textContent = said().other;
  byId("language").lang = state.language === "en" ? "ru" : "en";
  byId("about").textContent = said().about(header.faithful);
  byId("models").replaceChildren(
    ...header.models.map(({ name }) =>
      button(said().models(all(models[name]).length), () => choose(name), { "data-name": name }),
    ),
  );
  byId("phenomena").replaceChildren(
    ...Object.entries(said().phenomena).map(([name, [short, told]]) =>
      button(short, () => pick(name), { "data-name": name, title: `${told} (${said().again})` }),
    ),
  );
  byId("heads").replaceChildren(...KINDS.map((kind) => grid(model, kind)));
  byId("presets").replaceChildren(...presets(model));
}

function grid(model, kind) {
  const column = element("div", "", { class: "kind", role: "group", "aria-label": said()[kind] });
  column.append(element("h3", said()[kind]));
  for (let layer = 0; layer < model.config.num_blocks; layer++) {
    const row = element("div", "", { class: "row" });
    row.append(element("span", `${said().layer} ${layer}`));
    for (let head = 0; head < model.config.num_heads; head++) {
      const name = place(kind, layer, head);
      const told = `${kind} · ${said().layer} ${layer} · ${said().head} ${head}`;
      const there = model.kept[kind][layer].includes(head);
      const made = button(there ? head : "×", () => toggle(name), {
        class: "head",
        "data-head": name,
        "data-told": told,
      });
      if (!there) {
        made.disabled = true;
        made.title = `${told}: ${said().gone}`;
      }
      for (const event of there ? ["pointerenter", "focus"] : []) {
        made.addEventListener(event, () => {
          state.shown = name;
          showMap(model, answer(state.closed));
        });
      }
      row.append(made);
    }
    column.append(row);
  }
  return column;
}

function presets(model) {
  const heads = all(model);
  const made = [
    button(said().openAll, () => openOnly(heads)),
    button(said().not, () => openOnly(heads.filter((head) => head !== header.start.closed[0]))),
  ];
  if (model.kept.encoder.flat().length) {
    made.push(button(said().headless, () => openOnly(heads.filter((head) => !head.startsWith("encoder")))));
    made.push(button(said().kept, () => openOnly(all(models[header.models.at(-1).name]))));
  }
  const random = () => {
    const drawn = heads
      .map((head) => [Math.random(), head])
      .sort()
      .slice(0, 3)
      .map(([, head]) => head);
    openOnly(heads.filter((head) => !drawn.includes(head)));
  };
  return [...made, button(said().random, random)];
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
  state.closed = new Set(all(models[state.model]).filter((name) => !open.includes(name)));
  change();
}

function choose(name) {
  const there = all(models[name]);
  state.model = name;
  state.closed = new Set([...state.closed].filter((head) => there.includes(head)));
  if (!there.includes(state.shown)) state.shown = there[0];
  build();
  change();
  byId("models").querySelector("[aria-pressed=true]").focus();
}

function type(text, item = null) {
  state.text = text;
  state.item = item ?? header.items.find(({ english }) => english === text) ?? null;
  change();
}

function pick(phenomenon) {
  const items = header.items.filter((item) => item.phenomenon === phenomenon);
  if (state.item?.phenomenon !== phenomenon) {
    // One thought at a time; the first button shows at once what a closed head does.
    const needed = header.start.closed.filter((head) => all(models[state.model]).includes(head));
    state.closed = new Set(phenomenon === "negation" ? needed : []);
  }
  const next = items[(items.indexOf(state.item) + 1) % items.length];
  type(next.english, next);
}

async function begin() {
  ({ header, models } = await unpack(byId("data").textContent.trim()));
  knownWords = new Set(header.words);
  const { model, text, closed } = header.start;
  Object.assign(state, { model, text, closed: new Set(closed), shown: closed[0] });
  recall();
  byId("sentence").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => type(byId("sentence").value), 150);
  });
  byId("language").addEventListener("click", () => {
    state.language = state.language === "en" ? "ru" : "en";
    build();
    change();
  });
  addEventListener("hashchange", () => {
    recall();
    build();
    show();
  });
  build();
  show();
}

begin().catch((error) => {
  byId("hint").textContent = said().broken(error.message);
});
