// The Transformer of nmt/transformer.py in plain JavaScript: text to pieces, encoder, decoder with a cache, beam search.
// A matrix is a Float32Array with its rows one after another; D is d_model, H the heads of a layer, K the size of a head.

const PAD = 0,
  UNK = 1,
  BOS = 2,
  EOS = 3;
const KINDS = ["encoder", "decoder", "cross"];

// ---- Text: as nmt/corpora/normalise.py ----

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are white space to Python
const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/gu;
const PLAIN = [
  [/[’‘‛′ʼ]/gu, "'"],
  [/[“”„‟″]/gu, '"'],
  [/[‐‑‒−]/gu, "-"],
  [/–/gu, "—"],
  [/…/gu, "..."],
];
const SENTENCE_END = /[.!?]+["')\]]*\s+(?=["'([]*[\p{L}\p{N}_])/gu;
const PRONOUN = /^(it|its|he|his|she|her|they|their)(?![\p{L}\p{N}_])/iu;
const SHORT_ANSWER =
  /^(yes|no), (i|you|he|she|it|we|they|there)( (am|is|are|was|were|do|does|did|have|has|had|can?|could|will|wo|would|should|must)(n't| ?not)?|'(m|s|re) not)[.!]*$/iu;
const ABBREVIATIONS = new Set("mr mrs ms dr prof st vs etc no fig e.g i.e a.m p.m u.s".split(" "));

function clean(text) {
  let plain = text.normalize("NFC").replace(INVISIBLE, "");
  for (const [written, meant] of PLAIN) plain = plain.replace(written, meant);
  return plain.split(SPACES).filter(Boolean).join(" ");
}

function splitSentences(text) {
  const sentences = [];
  let start = 0;
  for (const end of text.matchAll(SENTENCE_END)) {
    const mark = end[0].trimEnd(),
      after = end.index + end[0].length;
    const before = text
      .slice(start, end.index)
      .split(" ")
      .pop()
      .replace(/^["'([]+/, "");
    const initial = [...before].length === 1 && before !== "I";
    if (mark === "." && (initial || /^\p{Nd}+$/u.test(before) || ABBREVIATIONS.has(before.toLowerCase()))) continue;
    if (!".!?".includes(mark.at(-1)) && /^\p{Lowercase}/u.test(text.slice(after))) continue; // "Why?" he asked.
    sentences.push(text.slice(start, after).trimEnd());
    start = after;
  }
  return text.slice(start) ? [...sentences, text.slice(start)] : sentences;
}

// A sentence that begins with a pronoun, or is a short answer, stays with the one before, which decides its Russian.
function translatableParts(line) {
  const parts = [];
  for (const sentence of splitSentences(clean(line))) {
    const follows = PRONOUN.test(sentence) || (parts.at(-1)?.endsWith("?") && SHORT_ANSWER.test(sentence));
    if (parts.length && follows && splitSentences(parts.at(-1)).length === 1) {
      parts.push(`${parts.pop()} ${sentence}`);
    } else parts.push(sentence);
  }
  return parts;
}

// ---- Pieces: byte-pair encoding as in nmt/bpe.py ----

class BPE {
  // characters: a string, the first of them has id 4; rules: pairs of ids, the first of them makes the id after those
  constructor(characters, rules) {
    this.pieces = ["<PAD>", "<UNK>", "<BOS>", "<EOS>", ...characters];
    this.characters = new Map([...characters].map((character, i) => [character, i + 4]));
    this.rules = new Map();
    for (let i = 0; i < rules.length; i += 2) {
      this.rules.set(rules[i] * 65536 + rules[i + 1], this.pieces.length);
      this.pieces.push(this.pieces[rules[i]] + this.pieces[rules[i + 1]]);
    }
  }

  // {ids, pieces} of a clean text. Of the rules that fit, the one learnt first is applied, leftmost first.
  encode(text) {
    const ids = [],
      pieces = [];
    for (const word of text.replace(/▁/g, " ").split(" ").filter(Boolean)) {
      const from = ids.length;
      for (const character of `▁${word}`) {
        const id = this.characters.get(character) ?? UNK;
        if (id === UNK && ids.length > from && ids.at(-1) === UNK) pieces.push(pieces.pop() + character);
        else {
          ids.push(id);
          pieces.push(character);
        }
      }
      for (;;) {
        let first = Infinity,
          at = -1;
        for (let i = from; i + 1 < ids.length; i++) {
          const merged = this.rules.get(ids[i] * 65536 + ids[i + 1]);
          if (merged < first) {
            first = merged;
            at = i;
          }
        }
        if (at < 0) break;
        ids.splice(at, 2, first);
        pieces.splice(at, 2, pieces[at] + pieces[at + 1]);
      }
    }
    return { ids, pieces };
  }

  decode(ids) {
    return ids
      .map((id) => this.pieces[id])
      .join("")
      .replace(/▁/g, " ")
      .trim();
  }
}

// ---- The layers ----

// x (N, D) -> x W^T + b (N, F); weight (F, D), D divisible by 4. Four sums at a time keep the processor busy.
function linear(x, weight, bias, D) {
  const F = bias.length;
  const N = x.length / D;
  const y = new Float32Array(N * F);
  for (let f = 0; f < F; f++) {
    const row = f * D;
    for (let n = 0; n < N; n++) {
      const i = n * D;
      let [a, b, c, d] = [bias[f], 0, 0, 0];
      for (let k = 0; k < D; k += 4) {
        a += x[i + k] * weight[row + k];
        b += x[i + k + 1] * weight[row + k + 1];
        c += x[i + k + 2] * weight[row + k + 2];
        d += x[i + k + 3] * weight[row + k + 3];
      }
      y[n * F + f] = a + b + c + d;
    }
  }
  return y;
}

function layerNorm(x, { weight, bias }) {
  const D = weight.length,
    y = new Float32Array(x.length);
  for (let i = 0; i < x.length; i += D) {
    let mean = 0,
      variance = 0;
    for (let d = 0; d < D; d++) mean += x[i + d] / D;
    for (let d = 0; d < D; d++) variance += (x[i + d] - mean) ** 2 / D;
    const scale = 1 / Math.sqrt(variance + 1e-5);
    for (let d = 0; d < D; d++) y[i + d] = (x[i + d] - mean) * scale * weight[d] + bias[d];
  }
  return y;
}

function add(x, y) {
  for (let i = 0; i < x.length; i++) x[i] += y[i];
}

// query (T, H K), key and value lists of S rows (H K). Returns what the heads say, each times its gate: (T, H K), and
// the weights, maps[h][t][s]. `past`: row t sees only the first past + t + 1 rows.
function attend(query, keys, values, gates, K, past = null) {
  const size = gates.length * K,
    T = size ? query.length / size : 0,
    said = new Float32Array(T * size);
  const maps = gates.map((gate, h) => {
    const map = [];
    for (let t = 0; t < T; t++) {
      const S = past === null ? keys.length : past + t + 1,
        weights = new Float32Array(S),
        q = t * size + h * K;
      let highest = -Infinity,
        total = 0;
      for (let s = 0; s < S; s++) {
        let score = 0;
        for (let k = 0; k < K; k++) score += query[q + k] * keys[s][h * K + k];
        weights[s] = score / Math.sqrt(K);
        highest = Math.max(highest, weights[s]);
      }
      for (let s = 0; s < S; s++) total += weights[s] = Math.exp(weights[s] - highest);
      for (let s = 0; s < S; s++) {
        weights[s] /= total;
        for (let k = 0; k < K; k++) said[q + k] += gate * weights[s] * values[s][h * K + k];
      }
      map.push(weights);
    }
    return map;
  });
  return { said, maps };
}

// ---- The model ----

class Model {
  // config: that of model.json; tensors: name in PyTorch -> Float32Array; bpe: [English, Russian]
  constructor(config, tensors, bpe) {
    Object.assign(this, { config, tensors, bpe, D: config.d_model, K: config.head_size });
    this.kept = Object.fromEntries(KINDS.map((kind) => [kind, config.kept_heads[kind]])); // numbers in the dense model
    this.gates = Object.fromEntries(KINDS.map((kind) => [kind, this.kept[kind].map((heads) => heads.map(() => 1))]));
  }

  // Close the heads whose names, "cross.0.3", are in the set; open all others.
  close(names) {
    for (const kind of KINDS) {
      this.gates[kind] = this.kept[kind].map((heads, layer) =>
        heads.map((head) => (names.has(`${kind}.${layer}.${head}`) ? 0 : 1)),
      );
    }
  }

  // A module with weight and bias.
  module(name) {
    return { weight: this.tensors[`${name}.weight`], bias: this.tensors[`${name}.bias`] };
  }

  // Sqrt(D) · embedding + position, one row for each id.
  embed(side, ids, start = 0) {
    const { D } = this,
      table = this.tensors[`${side}_embedding.tokens.weight`],
      x = new Float32Array(ids.length * D);
    ids.forEach((id, t) => {
      for (let d = 0; d < D; d++) {
        const angle = (start + t) * Math.exp(((d - (d % 2)) * -Math.log(10000)) / D);
        x[t * D + d] = Math.sqrt(D) * table[id * D + d] + (d % 2 ? Math.cos(angle) : Math.sin(angle));
      }
    });
    return x;
  }

  // Queries, keys or values (part 0, 1, 2) of x (T, D): (T, H K).
  project(name, part, x) {
    const weight = this.tensors[`${name}.in_weight`],
      bias = this.tensors[`${name}.in_bias`],
      size = bias.length / 3;
    return linear(
      x,
      weight.subarray(part * size * this.D, (part + 1) * size * this.D),
      bias.subarray(part * size, (part + 1) * size),
      this.D,
    );
  }

  rows(x, size) {
    return size ? Array.from({ length: x.length / size }, (_, t) => x.subarray(t * size, (t + 1) * size)) : [];
  }

  // What W_O makes of what the heads say; of no head at all, its bias in each of the T rows.
  mixed(name, said, T) {
    const { weight, bias } = this.module(`${name}.out`);
    return said.length
      ? linear(said, weight, bias, said.length / T)
      : Float32Array.from({ length: T * bias.length }, (_, i) => bias[i % bias.length]);
  }

  feedForward(name, x) {
    const inner = this.module(`${name}.inner`),
      outer = this.module(`${name}.outer`);
    const neurons = linear(x, inner.weight, inner.bias, this.D).map((value) => Math.max(0, value));
    return linear(neurons, outer.weight, outer.bias, inner.bias.length);
  }

  // English ids -> what the decoder looks at: for each block keys and values of all source positions; and the maps.
  encode(ids) {
    const maps = [],
      x = this.embed("src", [...ids, EOS]),
      T = ids.length + 1;
    for (let layer = 0; layer < this.config.num_blocks; layer++) {
      const name = `encoder.${layer}`,
        attention = `${name}.self_attention`;
      const gates = this.gates.encoder[layer],
        size = gates.length * this.K;
      const seen = layerNorm(x, this.module(`${name}.norm_self`));
      const [query, key, value] = [0, 1, 2].map((part) => this.project(attention, part, seen));
      const heads = attend(query, this.rows(key, size), this.rows(value, size), gates, this.K);
      add(x, this.mixed(attention, heads.said, T));
      add(x, this.feedForward(`${name}.feed_forward`, layerNorm(x, this.module(`${name}.norm_feed`))));
      maps.push(heads.maps);
    }
    const memory = layerNorm(x, this.module("encoder_norm"));
    const blocks = this.gates.cross.map((gates, layer) =>
      [1, 2].map((part) =>
        this.rows(this.project(`decoder.${layer}.cross_attention`, part, memory), gates.length * this.K),
      ),
    );
    return { blocks, maps };
  }

  // One target token after those of `cache` (keys and values of each block): logits of the next one, the grown cache,
  // and the row that this step adds to each map.
  step(source, cache, token) {
    const x = this.embed("trg", [token], cache[0].length),
      grown = [],
      maps = { decoder: [], cross: [] };
    for (let layer = 0; layer < this.config.num_blocks; layer++) {
      const name = `decoder.${layer}`,
        own = `${name}.self_attention`,
        cross = `${name}.cross_attention`;
      let seen = layerNorm(x, this.module(`${name}.norm_self`));
      const [query, key, value] = [0, 1, 2].map((part) => this.project(own, part, seen));
      const past = {
        length: cache[layer].length + 1,
        keys: [...cache[layer].keys, key],
        values: [...cache[layer].values, value],
      };
      let heads = attend(query, past.keys, past.values, this.gates.decoder[layer], this.K, cache[layer].length);
      add(x, this.mixed(own, heads.said, 1));
      maps.decoder.push(heads.maps.map((map) => map[0]));
      seen = layerNorm(x, this.module(`${name}.norm_cross`));
      heads = attend(this.project(cross, 0, seen), ...source.blocks[layer], this.gates.cross[layer], this.K);
      add(x, this.mixed(cross, heads.said, 1));
      maps.cross.push(heads.maps.map((map) => map[0]));
      add(x, this.feedForward(`${name}.feed_forward`, layerNorm(x, this.module(`${name}.norm_feed`))));
      grown.push(past);
    }
    const state = layerNorm(x, this.module("decoder_norm"));
    const logits = linear(state, this.tensors["trg_embedding.tokens.weight"], this.tensors["generator.bias"], this.D);
    return { logits, cache: grown, maps };
  }

  emptyCache() {
    return this.gates.decoder.map(() => ({ length: 0, keys: [], values: [] }));
  }

  // The log-probabilities of all tokens after the given logits; PAD and BOS are no words, EOS may not come first.
  logProbs(logits, first) {
    let highest = -Infinity,
      total = 0;
    for (const logit of logits) highest = Math.max(highest, logit);
    for (const logit of logits) total += Math.exp(logit - highest);
    const all = logits.map((logit) => logit - highest - Math.log(total));
    all[PAD] = all[BOS] = -Infinity;
    if (first) all[EOS] = -Infinity;
    return all;
  }

  // Beam search as in nmt/decoding.py (Wu et al. 2016, equation 14): {ids, logProb, score}; a beam of 1 is greedy.
  search(ids, beam = 4, alpha = 0.6) {
    const source = this.encode(ids),
      limit = 2 * (ids.length + 1) + 10,
      penalty = (length) => ((5 + length) / 6) ** alpha;
    let living = [{ ids: [], logProb: 0, cache: this.emptyCache() }],
      best = null;
    for (let length = 1; length <= limit; length++) {
      const next = [];
      for (const parent of living) {
        const { logits, cache } = this.step(source, parent.cache, parent.ids.at(-1) ?? BOS);
        const all = this.logProbs(logits, length === 1);
        for (const token of highest(all, beam))
          next.push({ parent, token, logProb: parent.logProb + all[token], cache });
      }
      next.sort((a, b) => b.logProb - a.logProb);
      living = [];
      for (const { parent, token, logProb, cache } of next.slice(0, beam)) {
        const score = logProb / penalty(length);
        if (token !== EOS) living.push({ ids: [...parent.ids, token], logProb, score, cache });
        else if (!best || score > best.score) best = { ids: parent.ids, logProb, score };
      }
      // Nobody living can come first any more, even if all its further tokens were certain.
      if (!living.length || (best && living[0].logProb / penalty(limit) <= best.score)) break;
    }
    return best ?? living[0];
  }

  // Given target ids are read, as in training: the log-probability of all of them and EOS, and the maps of each head,
  // {kind: maps[layer][head][row][column]}; row t is the step that writes token t.
  read(ids, target) {
    const source = this.encode(ids),
      maps = { encoder: source.maps, decoder: [], cross: [] },
      logits = [];
    for (const kind of ["decoder", "cross"]) maps[kind] = this.gates[kind].map((gates) => gates.map(() => []));
    let cache = this.emptyCache(),
      logProb = 0;
    [BOS, ...target].forEach((token, t) => {
      const now = this.step(source, cache, token);
      for (const kind of ["decoder", "cross"]) {
        now.maps[kind].forEach(
          (heads, layer) => void heads.forEach((row, head) => void maps[kind][layer][head].push(row)),
        );
      }
      logProb += this.logProbs(now.logits, false)[target[t] ?? EOS];
      logits.push(now.logits);
      cache = now.cache;
    });
    return { logProb, maps, logits };
  }

  // A typed line -> {text, parts: [{pieces, ids, target}]}, one part for each sentence; two that stay together are
  // translated one by one where the translation of both is one sentence.
  translate(line, beam = 4) {
    const translated = (text) => {
      const { ids, pieces } = this.bpe[0].encode(text);
      const { ids: target, logProb } = ids.length ? this.search(ids, beam) : { ids: [], logProb: 0 };
      return { ids, pieces, target, logProb };
    };
    const parts = translatableParts(line).flatMap((text) => {
      const part = translated(text),
        sentences = splitSentences(text);
      const whole = splitSentences(this.bpe[1].decode(part.target)).length >= sentences.length;
      return whole ? [part] : sentences.map(translated);
    });
    return {
      text: parts
        .map((part) => this.bpe[1].decode(part.target))
        .filter(Boolean)
        .join(" "),
      parts,
    };
  }
}

// The indices of the `count` highest values, best first.
function highest(values, count) {
  const found = [];
  for (let i = 0; i < values.length; i++) {
    if (found.length === count && values[i] <= values[found.at(-1)]) continue;
    if (values[i] === -Infinity) continue;
    let place = found.length;
    while (place && values[found[place - 1]] < values[i]) place--;
    found.splice(place, 0, i);
    if (found.length > count) found.pop();
  }
  return found;
}

// ---- The weights, as page.py packs them ----

function float16(bits) {
  const sign = bits & 0x8000 ? -1 : 1,
    exponent = (bits >> 10) & 31,
    fraction = bits & 1023;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -14 * (fraction / 1024);
}

// Base 85 with the alphabet of Python's base64.b85encode, but [ for < and ] for &, which mean something in HTML.
function base85(text) {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%]()*+-;[=>?@^_`{|}~";
  const missing = (5 - (text.length % 5)) % 5; // characters that stand for no byte
  const whole = text + "~".repeat(missing);
  const value = new Uint8Array(128);
  for (let i = 0; i < 85; i++) value[alphabet.charCodeAt(i)] = i;
  const bytes = new Uint8Array((whole.length / 5) * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0, at = 0; i < whole.length; i += 5, at += 4) {
    let number = 0;
    for (let j = 0; j < 5; j++) number = number * 85 + value[whole.charCodeAt(i + j)];
    view.setUint32(at, number);
  }
  return bytes.subarray(0, bytes.length - missing);
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Text in base 85 -> {header, models: {name: Model}}. Each row of a matrix is whole numbers times a scale; the second
// model gives the difference of its whole numbers from those of the first, of the rows and columns that it still has.
async function unpack(text) {
  const data = await inflated(base85(text));
  const headerEnds = 4 + new DataView(data.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, headerEnds)));
  const bpe = header.bpe.map(({ characters, rules }) => new BPE(characters, rules));
  const models = {};
  let at = headerEnds;
  const halves = (count) => {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++, at += 2) values[i] = float16(data[at] | (data[at + 1] << 8));
    return values;
  };
  const wholes = (count) => {
    const values = new Int16Array(count);
    for (let i = 0; i < count; i++) {
      const folded = data[at + i] | (data[at + count + i] << 8); // 0 1 2 3 4 … for 0 -1 1 -2 2 …
      values[i] = folded & 1 ? -(folded + 1) / 2 : folded / 2;
    }
    at += 2 * count;
    return values;
  };
  const first = {};
  for (const { name, config, tensors } of header.models) {
    const floats = {};
    for (const { name: tensor, shape, rows, columns } of tensors) {
      if (shape.length === 1) {
        floats[tensor] = halves(shape[0]);
        continue;
      }
      const [R, C] = shape,
        values = wholes(R * C),
        weight = new Float32Array(R * C),
        later = tensor in first;
      if (!later) first[tensor] = { values, scales: halves(R), width: C };
      const { values: others, scales, width } = first[tensor];
      for (let r = 0; r < R; r++) {
        const row = rows?.[r] ?? r;
        for (let c = 0; c < C; c++) {
          const there = later ? others[row * width + (columns?.[c] ?? c)] : 0;
          weight[r * C + c] = (values[r * C + c] + there) * scales[row];
        }
      }
      floats[tensor] = weight;
    }
    models[name] = new Model(config, floats, bpe);
  }
  return { header, models };
}

if (typeof module !== "undefined") module.exports = { clean, translatableParts, unpack };
