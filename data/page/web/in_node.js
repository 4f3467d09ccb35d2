// node in_node.js PAGE, questions as JSON on stdin, answers on stdout: the models of the page without a browser.
const fs = require("node:fs");

const html = fs.readFileSync(process.argv[2], "utf8");
const data = html.match(/<script id="data" type="text\/plain">([^<]*)<\/script>/)[1].trim();
const code = html.match(/<script>\s*(\/\/ The Transformer[\s\S]*?)<\/script>/)[1];
const exported = {};
new Function("module", code)(exported);
const { clean, translatableParts, unpack } = exported.exports;

function answer(models, { model: name, closed = [], text, pair, clean: dirty, encode }) {
  const model = models[name];
  model.close(new Set(closed));
  if (dirty !== undefined) return { text: clean(dirty), parts: translatableParts(dirty) };
  if (encode !== undefined) return model.bpe[0].encode(encode);
  if (pair) {
    const { logits, logProb, maps } = model.read(...pair);
    const plain = (values) => (values instanceof Float32Array ? [...values] : (values.map?.(plain) ?? values));
    return { logProb, logits: plain(logits), cross: plain(maps.cross) };
  }
  return { text: model.translate(text).text, greedy: model.translate(text, 1).text };
}

unpack(data).then(({ models }) => {
  const questions = JSON.parse(fs.readFileSync(0, "utf8"));
  fs.writeFileSync(1, JSON.stringify(questions.map((question) => answer(models, question))));
});
