"""Every answer of a whole small book is of the shape that the served contract promises."""
import re

import firm
import support
import test_verify

KNOWN = {"$ref", "type", "properties", "required", "additionalProperties", "items", "enum", "const", "pattern", "oneOf",
         "anyOf", "allOf", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "uniqueItems",
         "format", "default", "description", "example", "examples", "title", "deprecated", "readOnly"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int,
         "number": (int, float)}


class Contract:
    """As much of JSON Schema as the contract uses; a keyword it does not know is a fault of the test."""

    def __init__(self, document):
        self.document = document

    def resolve(self, thing):
        while "$ref" in thing:
            found = self.document
            for part in thing["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            thing = found
        return thing

    def faults(self, value, schema, at=""):
        schema = self.resolve(schema)
        unknown = [name for name in schema if name not in KNOWN and not name.startswith("x-")]
        found = [f"{at}: the test knows no {name}" for name in unknown]
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        if types and not any(self.is_a(value, name) for name in types):
            return [f"{at}: {value!r} is no {' or '.join(types)}"]
        if "const" in schema and value != schema["const"] or "enum" in schema and value not in schema["enum"]:
            found.append(f"{at}: {value!r} is not among those allowed")
        if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
            found.append(f"{at}: {value!r} does not match {schema['pattern']}")
        if isinstance(value, dict):
            found += self.object_faults(value, schema, at)
        if isinstance(value, list) and "items" in schema:
            for place, item in enumerate(value):
                found += self.faults(item, schema["items"], f"{at}/{place}")
        for word, count in (("oneOf", lambda n: n == 1), ("anyOf", lambda n: n >= 1)):
            if word in schema and not count(sum(not self.faults(value, way, at) for way in schema[word])):
                found.append(f"{at}: {word} does not hold for {value!r}")
        for way in schema.get("allOf", []):
            found += self.faults(value, way, at)
        return found

    @staticmethod
    def is_a(value, name):
        return isinstance(value, TYPES[name]) and not (isinstance(value, bool) and name in ("integer", "number"))

    def object_faults(self, value, schema, at):
        found = [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
        known = schema.get("properties", {})
        for name, inner in value.items():
            if name in known:
                found += self.faults(inner, known[name], f"{at}/{name}")
            elif schema.get("additionalProperties") is False:
                found.append(f"{at}: {name} is not in the contract")
        return found

    def operation(self, method, path):
        """The most literal pattern wins, as in the server."""
        path = path.partition("?")[0]
        fitting = [pattern for pattern in self.document["paths"] if method.lower() in self.document["paths"][pattern]
                   and re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/:]+", re.escape(pattern)), path)]
        return self.document["paths"][min(fitting, key=lambda one: one.count("{"))][method.lower()] if fitting else None

    def of_answer(self, method, path, answer):
        operation = self.operation(method, path)
        if operation is None:
            return [f"{method} {path} is not in the contract"]
        responses = operation["responses"]
        response = responses.get(str(answer.status)) or responses.get("default")
        if response is None:
            return [f"{method} {path} does not promise {answer.status}"]
        kind = answer.headers["Content-Type"].split(";")[0]
        content = self.resolve(response).get("content", {})
        if kind not in content:
            return [f"{method} {path} promises no {kind} with {answer.status}"]
        return self.faults(answer.json, content[kind]["schema"], f"{method} {path} {answer.status}")


class OpenApi(support.ServerTest):
    def test_every_answer_is_as_the_contract_says(self):
        contract = Contract(self.admin.get("/openapi.json").must(200).json)
        support.Client.seen = []
        test_verify.build_book(self.admin)
        lists = [path for path, item in contract.document["paths"].items()
                 if "get" in item and path.startswith("/v1/") and "{" not in path and path != "/v1/events"]
        self.assertGreater(len(lists), 9)
        for path in lists:
            for item in self.admin.get(path).must(200).json.get("items", []):
                one = f"{path}/{{id}}"
                if one in contract.document["paths"] and "id" in item:
                    self.admin.get(f"{path}/{item['id']}").must(200)
        for account in ("cust-1.fut", "bank-a.4d"):
            self.admin.get(f"/v1/accounts/{account}/balances")
            self.admin.get(f"/v1/accounts/{account}/journals")
        self.admin.get("/v1/accounts/none")
        self.admin.post("/v1/parties", {"id": "x"})
        self.server.client(None).get("/v1/accounts")
        self.admin.post("/v1/journals", firm.withdrawal("cust-1.fut", "bank-a.4d", "USD", "99999.00"))
        good = {**firm.withdrawal("cust-1.fut", "bank-a.4d", "USD", "0.01"), "idempotency_key": "batched"}
        bad = {**firm.withdrawal("cust-1.fut", "bank-a.4d", "USD", "99999.00"), "idempotency_key": "batched-too"}
        for _ in range(2):
            self.admin.post("/v1/journals:batch", {"mode": "independent", "journals": [good, bad, {}]}).must(200)
        self.admin.post("/v1/journals:batch", {"mode": "atomic", "journals": [{}]}).must(400)
        seen, support.Client.seen = support.Client.seen, None
        self.assertGreater(len(seen), 100)
        found = {fault for call in seen for fault in contract.of_answer(*call)}
        self.assertEqual(sorted(found)[:20], [])

    def test_the_validator_finds_what_is_not_as_promised(self):
        contract = Contract({"s": {"type": "object", "required": ["a"], "additionalProperties": False, "properties": {
            "a": {"type": "string", "pattern": "^[0-9.]+$"}, "b": {"type": ["integer", "null"]}}}})
        good, reference = {"a": "1.00", "b": None}, {"$ref": "#/s"}
        self.assertEqual(contract.faults(good, reference), [])
        for bad in ({}, {"a": 1}, {"a": "x"}, {**good, "b": True}, {**good, "c": 1}, []):
            self.assertEqual(len(contract.faults(bad, reference)), 1, bad)


if __name__ == "__main__":
    support.main()
