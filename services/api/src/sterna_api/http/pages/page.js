// Shows the OpenAPI document of this server. Everything is put in as text, nothing as HTML.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
let spec = null;

function el(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key === "class") made.className = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// Plain text in which `words` are code and *words* are emphasised.
function prose(text) {
  const parts = String(text).split(/(`[^`]+`|\*[^*\s][^*]*\*)/);
  return parts.map((part) => {
    if (part.startsWith("`") && part.endsWith("`") && part.length > 2) return el("code", {}, part.slice(1, -1));
    if (part.startsWith("*") && part.endsWith("*") && part.length > 2) return el("em", {}, part.slice(1, -1));
    return part;
  });
}

function resolve(thing) {
  let found = thing || {};
  for (let steps = 0; found.$ref && steps < 20; steps += 1) {
    found = found.$ref.replace("#/", "").split("/")
      .reduce((at, key) => (at || {})[key.replace(/~1/g, "/").replace(/~0/g, "~")], spec) || {};
  }
  return found;
}

function nameOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop().split(".").pop();
  const options = schema.anyOf || schema.oneOf;
  if (options) return options.map(nameOf).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const type = Array.isArray(schema.type) ? schema.type.join(" or ") : schema.type;
  if (type === "array") return "array of " + nameOf(schema.items || {});
  if (type === "string" && schema.format) return schema.format;
  return type || (schema.properties ? "object" : "anything");
}

function limits(schema) {
  const said = [];
  if (schema.default !== undefined) said.push("default " + JSON.stringify(schema.default));
  if (schema.minimum !== undefined) said.push("from " + schema.minimum);
  if (schema.maximum !== undefined) said.push("to " + schema.maximum);
  if (schema.minLength) said.push("at least " + schema.minLength + " characters");
  if (schema.maxLength !== undefined) said.push("at most " + schema.maxLength + " characters");
  if (schema.minItems) said.push("at least " + schema.minItems + " items");
  if (schema.maxItems !== undefined) said.push("at most " + schema.maxItems + " items");
  if (schema.pattern && !schema.pattern.includes("u0000") && !schema.pattern.includes("\0")) said.push(schema.pattern);
  return said.join(", ");
}

// The object that a schema is, or holds, if there is one.
function inner(schema) {
  const found = resolve(schema);
  if (found.properties) return found;
  if (found.items) return inner(found.items);
  for (const option of found.anyOf || found.oneOf || []) {
    const held = inner(option);
    if (held) return held;
  }
  return null;
}

function fields(schema, depth) {
  const object = inner(schema);
  if (!object) return el("p", { class: "type" }, nameOf(schema));
  const list = el("ul", { class: "fields" });
  const required = new Set(object.required || []);
  for (const [name, field] of Object.entries(object.properties)) {
    const item = el("li", {}, el("code", {}, name), " ", el("span", { class: "type" }, nameOf(field)));
    if (required.has(name)) item.append(" ", el("span", { class: "required" }, "required"));
    const told = limits(resolve(field).properties ? field : { ...resolve(field), ...field });
    if (told) item.append(" ", el("span", { class: "type" }, told));
    if (field.description) item.append(el("div", {}, ...prose(field.description)));
    if (inner(field) && depth < 6) item.append(lazily("fields", () => fields(field, depth + 1)));
    list.append(item);
  }
  return list;
}

function lazily(title, make) {
  const details = el("details", {}, el("summary", {}, title));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(make());
  });
  return details;
}

function example(schema, depth) {
  const found = resolve(schema);
  if (found.default !== undefined && found.default !== null) return found.default;
  if (found.const !== undefined) return found.const;
  if (found.enum) return found.enum[0];
  const options = found.anyOf || found.oneOf;
  if (options) return example(options.find((option) => option.type !== "null") || {}, depth);
  if (found.properties && depth < 6) {
    const required = new Set(found.required || []);
    return Object.fromEntries(Object.entries(found.properties)
      .filter(([name]) => required.has(name)).map(([name, field]) => [name, example(field, depth + 1)]));
  }
  if (found.type === "array") return [];
  if (found.type === "string") return found.format === "date-time" ? "2026-02-15T02:00:00Z" : "…";
  if (found.type === "integer" || found.type === "number") return found.minimum || 1;
  if (found.type === "boolean") return false;
  return {};
}

function curl(path, method, operation) {
  const lines = ["curl -X " + method.toUpperCase() + " '" + location.origin + path + "'"];
  if ((operation.security || []).length) lines.push("  -H 'Authorization: Bearer sk_live_…'");
  const body = ((operation.requestBody || {}).content || {})["application/json"];
  if (body) {
    lines.push("  -H 'Content-Type: application/json'");
    lines.push("  -d '" + JSON.stringify(example(body.schema, 0)).replace(/'/g, "'\\''") + "'");
  }
  return el("pre", {}, lines.join(" \\\n"));
}

function parameter(given) {
  const told = resolve(given);
  const schema = told.schema || {};
  const item = el("li", {}, el("code", {}, told.name), " ", el("span", { class: "type" }, told.in + ", " + nameOf(schema)));
  if (told.required) item.append(" ", el("span", { class: "required" }, "required"));
  if (limits(schema)) item.append(" ", el("span", { class: "type" }, limits(schema)));
  if (told.description) item.append(el("div", {}, ...prose(told.description)));
  return item;
}

function answer(status, given) {
  const told = resolve(given);
  const content = Object.entries(told.content || {});
  const title = el("span", {}, el("code", {}, status), " ", ...prose(told.description || ""));
  if (!content.length) return el("p", {}, title);
  const details = lazily("", () => el("div", {}, ...content.flatMap(([type, media]) => [
    el("p", { class: "type" }, type), fields(media.schema || {}, 0),
  ])));
  details.firstChild.append(title);
  return details;
}

function article(path, method, operation) {
  const made = el("article", { id: operation.operationId },
    el("h3", {}, el("span", { class: "method " + method }, method.toUpperCase()), " ", path),
    el("p", {}, ...prose(operation.summary || "")));
  if (operation.description) made.append(el("p", {}, ...prose(operation.description)));
  const scope = operation["x-required-scope"];
  made.append(el("p", { class: "scope" }, scope ? "Needs a key with the scope " : "Needs no key", scope ? el("code", {}, scope) : null));
  if ((operation.parameters || []).length) {
    made.append(el("h4", {}, "Parameters"), el("ul", { class: "fields" }, ...operation.parameters.map(parameter)));
  }
  const body = ((operation.requestBody || {}).content || {})["application/json"];
  if (body) made.append(el("h4", {}, "Body" + (operation.requestBody.required ? "" : " (may be left out)")), fields(body.schema, 0));
  made.append(el("h4", {}, "Answers"));
  for (const [status, given] of Object.entries(operation.responses || {})) made.append(answer(status, given));
  made.append(el("h4", {}, "Example"), curl(path, method, operation));
  return made;
}

function show() {
  const main = document.getElementById("main");
  const contents = document.getElementById("contents");
  const shown = [];
  main.replaceChildren(
    el("h2", {}, spec.info.title + " " + spec.info.version),
    el("p", {}, ...prose(spec.info.description || "")),
    el("p", {}, "For programs: ", el("a", { href: "/v1/openapi.json" }, "openapi.json"), " (OpenAPI " + spec.openapi + ")."));
  for (const tag of spec.tags || []) {
    const heading = el("h2", {}, tag.name);
    const title = el("h2", {}, tag.name);
    main.append(heading);
    contents.append(title);
    const group = [];
    for (const [path, methods] of Object.entries(spec.paths)) {
      for (const method of METHODS) {
        const operation = methods[method];
        if (!operation || !(operation.tags || []).includes(tag.name)) continue;
        const made = article(path, method, operation);
        const link = el("a", { href: "#" + operation.operationId, title: operation.summary || "" },
          el("span", { class: "method " + method }, method.toUpperCase()), " ", path.replace("/v1", ""));
        const text = [path, method, operation.summary, operation.description, operation["x-required-scope"]].join(" ").toLowerCase();
        main.append(made);
        contents.append(link);
        group.push({ made, link, text });
      }
    }
    shown.push({ heading, title, group });
  }
  const find = document.getElementById("find");
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { heading, title, group } of shown) {
      let any = false;
      for (const { made, link, text } of group) {
        const fits = words.every((word) => text.includes(word));
        made.hidden = link.hidden = !fits;
        any = any || fits;
      }
      heading.hidden = title.hidden = !any;
    }
  });
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

fetch("/v1/openapi.json", { headers: { Accept: "application/json" } })
  .then((reply) => { if (!reply.ok) throw new Error(String(reply.status)); return reply.json(); })
  .then((told) => { spec = told; show(); })
  .catch(() => { document.getElementById("state").textContent = "The description could not be loaded; load the page again."; });
