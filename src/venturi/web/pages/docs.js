"use strict";
// Shows /openapi.json. Everything is put in as text, never as markup.
const all = document.getElementById("all");

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function nameOf(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map(nameOf).join(" | ");
  if (schema.type === "array") return nameOf(schema.items) + "[]";
  return (schema.enum ? schema.enum.join(" | ") : schema.format || schema.type) || "any";
}

function rows(heads, lines) {
  const table = element("table");
  const head = table.appendChild(element("tr"));
  heads.forEach((text) => head.appendChild(element("th", text)));
  lines.forEach((line) => {
    const row = table.appendChild(element("tr"));
    line.forEach((text) => row.appendChild(element("td", text)));
  });
  return table;
}

function shapeOf(schema, schemas) {
  const found = schema && schema.$ref ? schemas[nameOf(schema)] : schema;
  if (!found || !found.properties) return null;
  const needed = new Set(found.required || []);
  return Object.entries(found.properties)
    .map(([name, one]) => `${name}${needed.has(name) ? "" : "?"}: ${nameOf(one)}`)
    .join("\n");
}

function operation(path, method, told, schemas) {
  const made = element("details");
  const line = made.appendChild(element("summary"));
  line.append(element("span", method.toUpperCase(), "method"), element("code", path));
  made.dataset.words = `${method} ${path} ${told.description || ""}`.toLowerCase();
  made.addEventListener("toggle", () => {
    if (made.dataset.full) return;
    made.dataset.full = "yes";
    if (told.description) made.append(element("p", told.description));
    const given = (told.parameters || []).map((one) => [one.name, one.in, nameOf(one.schema), one.description || ""]);
    if (given.length) made.append(rows(["parameter", "in", "type", ""], given));
    const body = told.requestBody && told.requestBody.content["application/json"];
    if (body) made.append(element("p", `Body: ${nameOf(body.schema)}`), element("pre", shapeOf(body.schema, schemas) || ""));
    Object.entries(told.responses).forEach(([status, one]) => {
      const schema = one.content && one.content["application/json"] && one.content["application/json"].schema;
      made.append(element("p", `${status}: ${schema ? nameOf(schema) : one.description}`));
      const shape = status < "300" && shapeOf(schema, schemas);
      if (shape) made.append(element("pre", shape));
    });
  });
  return made;
}

async function show() {
  const told = await (await fetch("/openapi.json")).json();
  const byTag = new Map();
  Object.entries(told.paths).forEach(([path, methods]) =>
    Object.entries(methods).forEach(([method, one]) => {
      const tag = (one.tags || ["Other"])[0];
      if (!byTag.has(tag)) byTag.set(tag, []);
      byTag.get(tag).push(operation(path, method, one, told.components.schemas));
    })
  );
  all.textContent = "";
  byTag.forEach((several, tag) => all.append(element("h2", tag), ...several));
}

document.getElementById("find").addEventListener("input", (event) => {
  const word = event.target.value.toLowerCase();
  document.querySelectorAll("details").forEach((one) => {
    one.hidden = !one.dataset.words.includes(word);
  });
});

show().catch((error) => {
  all.textContent = `The description could not be read: ${error}`;
});
