"""Pieces for the MongoDB shell, read by tree-sitter's grammar of JavaScript: chains of known methods."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from onrecall.domain.recommendation import Risk
from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import (
    Assessment,
    destructive,
    from_table,
    not_understood,
    read_only,
    risk_named,
    worst,
)
from onrecall.recommendation.risk.sections import lines, words
from onrecall.recommendation.risk.shell.tree import MAX_LENGTH, text_of

_STARTS = re.compile(
    r"\s*(?:(?:db|rs|sh)\s*(?:\.|\[)|(?:show\s+(?:dbs|databases|collections|tables|users|roles|profile|logs?)|use\s+[\w$-]+)\s*;?\s*$|(?:show\s+(?:dbs|collections)|use\s+\w+)\s*[\n;])"
)
_HELPERS = re.compile(
    r"(?:show\s+(?:dbs|databases|collections|tables|users|roles|profile|logs?(?:\s+\w+)?)|use\s+[\w$-]+|it|exit|help)\s*"
)
_ROOTS = frozenset(["db", "rs", "sh"])
_MAX_NODES = 4_000
_MAX_DEPTH = 60


def is_mongo(text: str) -> bool:
    """Whether a text begins as one for the MongoDB shell does."""
    return _STARTS.match(text) is not None


def judge_mongo(text: str) -> Assessment:
    """The worst of its statements; what is not a chain of known methods on plain data is not understood."""
    lines = re.split(r"[;\n]", text)
    helpers = [line for line in lines if _HELPERS.fullmatch(line.strip())]
    for line in helpers:
        text = text.replace(line, "", 1)
    source = "".join(char if char.isascii() else "0" for char in text).encode()
    if len(source) > MAX_LENGTH:
        return evidence.suspect(text, "too long to judge", recognised=True)
    root = Parser(_grammar()).parse(source).root_node
    if root.has_error or root.descendant_count > _MAX_NODES:
        return evidence.suspect(text, "the text is no complete JavaScript", recognised=True)
    assessments = list(_MongoReader().statements(root))
    result = worst(assessments) or read_only("only looks around")
    if result.understood or result.risk == "destructive":
        return result
    return worst([result, evidence.suspect(text, result.reason, recognised=True)]) or result


@cache
def _grammar() -> Language:
    return Language(tree_sitter_javascript.language())


_OF_DOCUMENTS = re.compile(
    r"(?:find|count|distinct|aggregate|insert|update|replace|delete|remove|bulkWrite)(?:One|Many|Documents|And\w+)?"
)
"""Methods in whose arguments `force` and `expireAfterSeconds` are fields of documents, not options."""


@dataclass(slots=True)
class _MongoReader:
    """Walks the tree of a piece of JavaScript."""

    depth: int = 0
    in_documents: bool = False
    """Whether keys are those of documents and filters rather than of commands."""
    names: set[str] = field(default_factory=set)
    """Names of parameters and variables: what they stand for is judged where it is called."""

    def statements(self, node: Node) -> Iterator[Assessment]:
        for statement in node.named_children:
            if statement.type == "comment":
                continue
            if statement.type in ("expression_statement", "return_statement"):
                for expression in statement.named_children:
                    yield from self.expression(expression)
            elif statement.type in ("lexical_declaration", "variable_declaration"):
                for declared in statement.named_children:
                    self._enter_names(declared.child_by_field_name("name"))
                    value = declared.child_by_field_name("value")
                    if value is not None:
                        yield from self.expression(value)
                        yield from _method_handed_on(value)
            else:
                yield not_understood(f"`{text_of(statement)[:40]}`")
                yield from self.every_call(statement)

    def every_call(self, node: Node) -> Iterator[Assessment]:
        """The methods that are called anywhere inside of what is not understood."""
        pending = [node]
        while pending:
            inner = pending.pop()
            pending.extend(inner.named_children)
            if (
                inner.type == "property_identifier"
                and (risk := _methods().get(text_of(inner).lower()))
                and risk != "read_only"
            ):
                yield from_table(risk, text_of(inner))

    def expression(self, node: Node) -> Iterator[Assessment]:
        """What an expression does."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            yield not_understood("nested too deeply to judge")
        elif node.type == "call_expression":
            yield from self._call(node)
        elif node.type in ("member_expression", "subscript_expression"):
            yield from self._member(node)
        elif node.type == "new_expression":
            name = node.child_by_field_name("constructor")
            yield from self._named_function(text_of(name) if name is not None else "")
            yield from self._inside(node.child_by_field_name("arguments"))
        elif node.type in words("programs/kinds.txt", "plain javascript"):
            yield from self._inside(node)
        elif node.type == "identifier":
            if not self._is_known(text_of(node)):
                yield not_understood(f"`{text_of(node)[:40]}`")
        elif node.type in ("arrow_function", "function_expression"):
            yield from self._function(node)
        else:
            yield not_understood(f"`{text_of(node)[:40]}`")
            yield from self.every_call(node)
        self.depth -= 1

    def _inside(self, node: Node | None) -> Iterator[Assessment]:
        for child in node.named_children if node is not None else ():
            if child.type in (
                "property_identifier",
                "string_fragment",
                "escape_sequence",
                "regex_pattern",
                "regex_flags",
                "comment",
            ):
                yield from self._key(child)
            else:
                yield from self.expression(child)

    def _key(self, node: Node) -> Iterator[Assessment]:
        """A name in data: stages and operators that write, or that run code."""
        name = text_of(node)
        if name == "expireAfterSeconds" and not self.in_documents:
            yield destructive("documents expire")
        elif name == "force" and not self.in_documents:
            yield destructive("forces what the members have not agreed on")
        elif name in ("$out", "$merge"):
            yield destructive(f"`{name}` overwrites a collection")
        elif name in ("$where", "$function", "$accumulator", "mapReduce", "mapreduce"):
            yield not_understood(f"code in `{name}`")

    def _function(self, node: Node) -> Iterator[Assessment]:
        """`d => print(d.x)`, `function(d) { … }`: its parameters are data, its body is judged as it stands."""
        body = node.child_by_field_name("body")
        self._enter_names(node.child_by_field_name("parameter"))
        parameters = node.child_by_field_name("parameters")
        for parameter in parameters.named_children if parameters is not None else ():
            self._enter_names(parameter)
        if body is not None:
            yield from self.statements(body) if body.type == "statement_block" else self.expression(body)

    def _enter_names(self, node: Node | None) -> None:
        """Enter the name that a parameter or a declaration gives, or those of a pattern."""
        if node is not None and node.type == "identifier":
            self.names.add(text_of(node))
        elif node is not None and node.type in ("array_pattern", "object_pattern"):
            self.names.update(text_of(child) for child in node.named_children if "identifier" in child.type)

    def _is_known(self, name: str) -> bool:
        return name in _ROOTS or name in self.names or name in words("languages/mongo.txt", "objects")

    def _call(self, node: Node) -> Iterator[Assessment]:
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or arguments is None:
            yield not_understood(f"`{text_of(node)[:40]}`")
            return
        if function.type == "identifier":
            yield from self._named_function(text_of(function))
        elif function.type in ("member_expression", "subscript_expression"):
            name = _member_name(function)
            if name is None:
                yield not_understood(f"which method `{text_of(function)[:40]}` is", "destructive")
            elif name.lower() in ("runcommand", "admincommand"):
                yield self._database_command(arguments)
            else:
                yield self._method(name)
            target = function.child_by_field_name("object")
            yield from self.expression(target) if target is not None else ()
        else:
            yield not_understood(f"`{text_of(function)[:40]}`")
        outside = self.in_documents
        self.in_documents = outside or _OF_DOCUMENTS.fullmatch(_member_name(function) or "") is not None
        for argument in arguments.named_children:
            is_printer = argument.type == "identifier" and text_of(argument) in ("printjson", "print")
            yield from () if is_printer else self.expression(argument)
            if function.type == "member_expression":
                yield from _method_handed_on(argument)
        self.in_documents = outside

    def _named_function(self, name: str) -> Iterator[Assessment]:
        if name not in words("languages/mongo.txt", "functions"):
            yield not_understood(f"the function `{name[:40]}`", "destructive")

    def _method(self, name: str) -> Assessment:
        risk = _methods().get(name.lower())
        return from_table(risk, f"{name}()") if risk is not None else not_understood(f"the method `{name[:40]}`")

    def _database_command(self, arguments: Node) -> Assessment:
        """`runCommand({name: …})`, or `runCommand("name")`: the first key names the command."""
        first = next(iter(arguments.named_children), None)
        if first is not None and first.type == "object":
            pair = next((child for child in first.named_children if child.type == "pair"), None)
            first = pair.child_by_field_name("key") if pair is not None else None
        name = text_of(first).strip("\"'") if first is not None else ""
        risk = _commands().get(name.lower())
        return from_table(risk, name) if risk is not None else not_understood(f"the database command `{name[:40]}`")

    def _member(self, node: Node) -> Iterator[Assessment]:
        index = node.child_by_field_name("index")
        is_name = index is not None and index.type == "identifier" and text_of(index) in self.names
        if _member_name(node) is None and not is_name:
            yield not_understood(f"`{text_of(node)[:40]}`")
        target = node.child_by_field_name("object")
        yield from self.expression(target) if target is not None else ()


def _method_handed_on(node: Node) -> Iterator[Assessment]:
    """A method that is named without being called, where others call it: `ids.forEach(db.orders.remove)`."""
    name = _member_name(node) if node.type in ("member_expression", "subscript_expression") else None
    risk = _methods().get((name or "").lower(), "read_only")
    if risk != "read_only":
        yield from_table(risk, f"{name}()")


def _member_name(node: Node) -> str | None:
    """The name of a member, written after a dot or as a string in brackets; None when it is computed."""
    name = node.child_by_field_name("property") or node.child_by_field_name("index")
    if name is None:
        return None
    if name.type in ("property_identifier", "number"):
        return text_of(name)
    if name.type == "string" and "\\" not in text_of(name):
        return text_of(name)[1:-1]
    return None


def _risks_by_name(section: str) -> dict[str, Risk]:
    rows = [line.partition(": ") for line in lines("languages/mongo.txt", section)]
    return {name.lower(): risk_named(label) for label, _, names in rows for name in names.split()}


@cache
def _methods() -> dict[str, Risk]:
    return _risks_by_name("methods")


@cache
def _commands() -> dict[str, Risk]:
    return _risks_by_name("commands")
