"""A page of the documentation from a JSON schema: every key with its type, limits, default and meaning."""

import json


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def code(value):
    return "`" + json.dumps(value, ensure_ascii=False) + "`"


class SchemaPage:
    def __init__(self, schema):
        self.schema = schema
        self.sections = []

    def resolved(self, node):
        """A node with what it refers to; what stands beside the reference wins."""
        if "$ref" not in node:
            return node
        name = node["$ref"].rsplit("/", 1)[1]
        return {**self.resolved(self.schema["definitions"][name]), **{k: v for k, v in node.items() if k != "$ref"}}

    def alternatives(self, node):
        return [self.resolved(one) for one in node.get("oneOf", node.get("anyOf", [])) if set(one) != {"required"}]

    def meanings(self, node):
        """One for each thing that a key means: a setting of several strategies has a row for each."""
        node = self.resolved(node)
        others = [self.resolved(one) for one in node.get("anyOf", [])]
        return others if others and all("description" in one for one in others) else [node]

    def kind_of(self, node):
        """What a value may be, in words."""
        node = self.resolved(node)
        if "const" in node:
            return code(node["const"])
        if "enum" in node:
            return ", ".join(code(value) for value in node["enum"])
        others = self.alternatives(node)
        if others and "properties" not in node:
            words = dict.fromkeys(self.kind_of(one) for one in others)
            return " or ".join(words)
        kind = node.get("type", "object" if self.is_object(node) else "any")
        if kind == "array":
            return "list of: " + self.kind_of(node.get("items", {}))
        limits = [f"≥ {node['minimum']}" if "minimum" in node else "", f"> {node['exclusiveMinimum']}" if "exclusiveMinimum" in node else "",
                  f"≤ {node['maximum']}" if "maximum" in node else "", f"< {node['exclusiveMaximum']}" if "exclusiveMaximum" in node else ""]
        examples = " such as " + ", ".join(code(one) for one in node["examples"]) if "examples" in node else ""
        names = {"string": "text", "boolean": "true or false", "integer": "whole number"}
        kinds = kind if isinstance(kind, list) else [kind]
        kind = " or ".join(names.get(one, one) for one in kinds)
        return " ".join([kind, *filter(None, limits)]) + examples

    def is_object(self, node):
        return "properties" in node or any("properties" in self.resolved(one) for one in node.get("oneOf", []))

    def objects_in(self, node):
        """The objects a value can be: itself, one of its alternatives, or what its list holds."""
        node = self.resolved(node)
        if "properties" in node:
            yield node
        for one in self.alternatives(node):
            yield from self.objects_in(one)
        for condition in node.get("allOf", []):
            if "then" in condition:
                yield from self.objects_in(condition["then"])
        if isinstance(node.get("items"), dict):
            yield from self.objects_in(node["items"])

    def title_of(self, pointer, node):
        kind = node["properties"].get("kind", {})
        only = kind.get("const", kind["enum"] if len(kind.get("enum", [])) == 1 else None)
        return f"{pointer or '/'}" + (f", kind {only if isinstance(only, str) else only[0]}" if only else "")

    def add(self, pointer, node):
        required = node.get("required", [])
        lines = [f"## `{self.title_of(pointer, node)}`", ""]
        if pointer and node.get("description"):
            lines += [cell(node["description"]), ""]
        lines += ["| key | value | if not given | meaning |", "|---|---|---|---|"]
        inside = []
        for key, value in node["properties"].items():
            for one in self.meanings(value):
                fallback = code(one["default"]) if "default" in one else "required" if key in required else ""
                lines.append(f"| `{key}` | {cell(self.kind_of(one))} | {cell(fallback)} | {cell(one.get('description', ''))} |")
            inside += [(f"{pointer}/{key}", one) for one in self.objects_in(value)]
        section = "\n".join(lines)
        if section not in self.sections:
            self.sections.append(section)
        for one in inside:
            self.add(*one)

    def text(self, title, introduction):
        for node in self.objects_in(self.schema):
            self.add("", node)
        return f"# {title}\n\n{introduction}\n\n{self.schema['description']}\n\n" + "\n\n".join(self.sections) + "\n"
