import assert from "node:assert/strict";
import { html, jsonForScript, scriptText, trusted } from "./html.ts";

Deno.test("interpolated text cannot become markup, in content or in attributes", () => {
  const hostile = `"><img src=x onerror='alert(1)'>&`;
  const text = html`<p title="${hostile}">${hostile}</p>`.text;
  assert.equal(text.match(/</g)?.length, 2, text);
  assert.equal(text.match(/"/g)?.length, 2, text);
  assert.ok(!text.includes("'"));
});

Deno.test("markup made by html and lists of it are kept, null is left out", () => {
  const items = [1, 2].map((n) => html`<li>${n}</li>`);
  assert.equal(html`<ul>${items}${null}</ul>`.text, "<ul><li>1</li><li>2</li></ul>");
  assert.equal(html`${trusted("<b>")}${"<i>"}`.text, "<b>&#60;i&#62;");
});

Deno.test("JSON inside a script element cannot end it and reads back equal", () => {
  const value = { name: "</script><!--<script>", other: "\u2028" };
  const text = jsonForScript(value);
  assert.ok(!text.includes("<"));
  assert.deepEqual(JSON.parse(text), value);
});

Deno.test("script text cannot end its element and means the same", () => {
  const text = scriptText(`return "</SCRIPT>" + "<!--" + (1 < 2);`);
  assert.ok(!/<\/script|<!--/i.test(text));
  assert.equal(new Function(text)(), "</SCRIPT><!--true");
});
