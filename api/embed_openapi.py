"""Writes the contract into a source file: as JSON, and as a page for people without script or outside asset.

Usage: embed_openapi.py openapi.yaml openapi_embedded.cpp
"""

import html
import json
import sys

import yaml

LITERAL_BYTES_MAX = 8000

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;
max-width:62rem;margin:0 auto;padding:1rem;color:#1b1f24;background:#fff}
h1{font-size:1.6rem}
h2{margin-top:2.5rem;border-bottom:1px solid #ccc}h3{margin-bottom:.25rem}
code,pre{font:14px/1.45 ui-monospace,monospace}pre{background:#f4f5f7;padding:.75rem;overflow:auto}
.method{display:inline-block;min-width:3.5rem;font-weight:700}
.note{color:#555;margin:.25rem 0}
table{border-collapse:collapse;margin:.5rem 0}
td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}

nav a{margin-right:1rem}details summary{cursor:pointer}
@media (prefers-color-scheme:dark){body{color:#e6e6e6;background:#15181c}
pre{background:#22262b}.note{color:#aaa}}
"""


def resolve(document, schema):
    while isinstance(schema, dict) and "$ref" in schema:
        node = document
        for part in schema["$ref"].lstrip("#/").split("/"):
            node = node[part]
        schema = node
    return schema


def type_of(schema):
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[-1]
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return " or ".join(type_of(one) for one in schema[word])
    if "enum" in schema:
        return "one of " + ", ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    kind = schema.get("type", "any")
    kind = " or ".join(kind) if isinstance(kind, list) else kind
    if kind == "array":
        return "list of " + type_of(schema.get("items", {}))
    return kind


def field_rows(document, schema):
    schema = resolve(document, schema)
    required = set(schema.get("required", []))
    for name, field in schema.get("properties", {}).items():
        text = field.get("description") or resolve(document, field).get("description", "")
        yield name, type_of(field), "required" if name in required else "", text


def table(rows):
    cells = "".join(
        "<tr><td><code>%s</code></td><td>%s</td><td>%s</td><td>%s</td></tr>"
        % tuple(html.escape(one) for one in row)
        for row in rows
    )
    return "<table>%s</table>" % cells if cells else ""


def operation_html(document, method, path, operation):
    out = ['<h3 id="%s"><span class="method">%s</span> <code>%s</code></h3>'
           % (operation["operationId"], method.upper(), html.escape(path))]
    out.append("<p>%s</p>" % html.escape(operation.get("description") or operation["summary"]))
    roles = operation.get("x-roles")
    notes = ["roles: " + ", ".join(roles) if roles else "no key is asked for"]
    parameters = [resolve(document, one) for one in operation.get("parameters", [])]
    if any(one["name"] == "Idempotency-Key" for one in parameters):
        notes.append("needs Idempotency-Key")
    out.append('<p class="note">%s</p>' % html.escape("; ".join(notes)))
    out.append(table((one["name"], type_of(one["schema"]), "required" if one.get("required") else one["in"],
                      one.get("description", "")) for one in parameters if one["name"] != "Idempotency-Key"))
    body = operation.get("requestBody")
    if body:
        content = body["content"]["application/json"]
        fields = table(field_rows(document, content["schema"]))
        out.append("<details><summary>Body</summary>%s</details>" % fields)
        if "example" in content:
            example = json.dumps(content["example"], ensure_ascii=False, indent=1)
            out.append("<pre>%s</pre>" % html.escape(example))
    return "\n".join(out)


def page(document):
    out = ['<!doctype html><html lang="en"><head><meta charset="utf-8">'
           '<meta name="viewport" content="width=device-width">'
           "<title>%s</title><style>%s</style></head><body>"
           % (html.escape(document["info"]["title"]), STYLE)]
    info = document["info"]
    out.append("<h1>%s</h1><p>%s</p>" % (html.escape(info["title"]), html.escape(info["description"])))
    out.append('<p><a href="/openapi.json">openapi.json</a></p><nav>')
    tags = [one["name"] for one in document["tags"]]
    out.extend('<a href="#%s">%s</a>' % (tag.replace(" ", "-"), html.escape(tag)) for tag in tags)
    out.append("</nav>")
    for tag in document["tags"]:
        out.append('<h2 id="%s">%s</h2><p>%s</p>' % (tag["name"].replace(" ", "-"), html.escape(tag["name"]),
                                                    html.escape(tag.get("description", ""))))
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if tag["name"] in operation.get("tags", []):
                    out.append(operation_html(document, method, path, operation))
    out.append("</body></html>")
    return "\n".join(out)


def literal(text):
    """Adjacent raw strings, because compilers bound the length of one."""
    data = text.encode()
    pieces = []
    while data:
        size = min(LITERAL_BYTES_MAX, len(data))
        while size < len(data) and (data[size] & 0xC0) == 0x80:  # not inside a character
            size -= 1
        pieces.append('R"bailee~(%s)bailee~"' % data[:size].decode())
        data = data[size:]
    return "\n".join(pieces)


def main():
    source, into = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    compact = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    with open(into, "w", encoding="utf-8") as file:
        file.write("// Generated from api/openapi.yaml.\n#include \"api/openapi.hpp\"\n\nnamespace api {\n\n")
        file.write("std::string_view openapi_document() {\n    return %s;\n}\n\n" % literal(compact))
        file.write("std::string_view openapi_page() {\n    return %s;\n}\n\n" % literal(page(document)))
        file.write("}  // namespace api\n")


main()
