"""The simple commands of a shell text, what each writes, reads and is fed, and what is not understood."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from onrecall.recommendation.risk.shell.commands import (
    TERMINAL,
    UNSEEN,
    Command,
    Input,
    Redirect,
    file_input,
    known_output,
)
from onrecall.recommendation.risk.shell.loops import is_endless
from onrecall.recommendation.risk.shell.tree import here_text_cut_short, parse, text_of, to_ascii, unread_bytes
from onrecall.recommendation.risk.shell.words import ARITHMETIC, Words, opens_translation

_MAX_DEPTH = 60
"""Statements nested deeper than this are not read."""
_SEQUENCES = frozenset(
    [
        "program",
        "list",
        "subshell",
        "compound_statement",
        "do_group",
        "if_statement",
        "elif_clause",
        "else_clause",
        "while_statement",
        "case_item",
        "negated_command",
        "command_substitution",
        "process_substitution",
    ]
)
"""Nodes that run the statements inside them, one after the other."""
_SIMPLE = frozenset(
    ["command", "declaration_command", "unset_command", "variable_assignments", "variable_assignment", "test_command"]
)
"""Nodes that are one simple command."""
_NO_STATEMENTS = frozenset(["comment", "heredoc_start", "heredoc_body", "heredoc_end"])
_WORDS = frozenset(
    [
        "word",
        "variable_name",
        "extglob_pattern",
        "string",
        "raw_string",
        "ansi_c_string",
        "concatenation",
        "regex",
        "simple_expansion",
        "expansion",
        "translated_string",
        "brace_expression",
        "number",
    ]
)
"""Nodes that stand for a word: a pattern of `case`, the name of a function, an operand of a calculation."""
_WRITES = (">", ">>", ">|", "&>", "&>>", ">&")


@dataclass(slots=True)
class Script:
    """The commands of a text in their order, and what could not be understood."""

    commands: list[Command] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    variables: dict[str, list[str]] = field(default_factory=dict)
    """The literal values given to variables; a value that is not literal stands as it was written."""
    source: str = ""


def read_script(text: str, fed: Input = TERMINAL) -> Script:
    """All commands that a text would run, those in substitutions, loops and functions among them."""
    source = to_ascii(text.replace("\n\\", "\n \\"))  # the grammar takes a line break before a backslash for a letter
    script = Script(source=text)
    tree = parse(source)
    if tree is None:
        script.problems.append("the text is too long or too tangled to read")
        return script
    root = tree.root_node
    if root.has_error or unread_bytes(root, source):
        script.problems.append("the text is no complete shell command")
    _ScriptReader(script).gather_variables(root).run(root, fed, 0)
    return script


@dataclass(slots=True)
class _ScriptReader:
    """Walks a tree and fills a script."""

    script: Script

    def gather_variables(self, root: Node) -> "_ScriptReader":
        waiting = [root]
        while waiting:
            node = waiting.pop()
            waiting.extend(node.named_children)
            if node.type == "variable_assignment":
                self._add_value(node)
            elif node.type == "for_statement":
                self._add_loop_values(node)
        return self

    def _add_value(self, node: Node) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or any(child.type == "+=" for child in node.children):
            self.script.variables.setdefault(text_of(name) if name else "", []).extend(("\x00", "\x00 "))
            return
        words = Words({})
        text = words.text(value) if value is not None and value.type != "array" else ""
        self.script.variables.setdefault(text_of(name), []).append(text)

    def _add_loop_values(self, node: Node) -> None:
        name = node.child_by_field_name("variable")
        words = Words({})
        for value in node.children_by_field_name("value"):
            self.script.variables.setdefault(text_of(name) if name else "", []).extend(words.fields(value))

    def run(self, node: Node, fed: Input, depth: int) -> None:
        """Read one statement, whatever its kind."""
        if depth > _MAX_DEPTH:
            self.script.problems.append("nested too deeply to read")
        elif node.type in _SIMPLE:
            self._simple(node, fed, (), depth)
        elif node.type == "function_definition":
            self.script.problems.append("defines a function")
            self._statements(node, fed, depth)
        elif node.type in _SEQUENCES:
            if node.type == "while_statement" and is_endless(node):
                self.script.problems.append("a loop without an end or a pause")
            self._statements(node, fed, depth)
        elif node.type in _READERS:
            _READERS[node.type](self, node, fed, depth)
        elif node.is_named and node.type not in _NO_STATEMENTS:
            self._unknown_node(node, fed, depth)

    def _statements(self, node: Node, fed: Input, depth: int) -> None:
        for child in node.named_children:
            if child.type in _WORDS:
                self._words_only(child, depth)
            elif child.type in ARITHMETIC:
                self._arithmetic(child, depth)
            else:
                self.run(child, fed, depth + 1)

    def _unknown_node(self, node: Node, fed: Input, depth: int) -> None:
        """A node that is no statement. What runs inside still counts."""
        self.script.problems.append(f"`{text_of(node)[:40]}`")
        self._statements(node, fed, depth)
        if node.type == "ERROR":
            words = self._words_of(node.children, depth)
            if words:
                self.script.commands.append(Command(tuple(words), input=fed))

    def _words_of(self, nodes: Sequence[Node], depth: int) -> list[str]:
        words = Words(self.script.variables)
        fields: list[str] = []
        for node in nodes:
            if not _is_redirect(node):
                words.append_fields(fields, node)
        self._finish(words, depth)
        return fields

    def _words_only(self, node: Node | None, depth: int) -> None:
        """Read a word that is no command for what runs inside it."""
        if node is not None:
            self._words_of([node], depth)

    def _arithmetic(self, node: Node, depth: int) -> None:
        words = Words(self.script.variables)
        words.arithmetic(node)
        self._finish(words, depth)

    def _finish(self, words: Words, depth: int) -> None:
        self.script.problems += words.problems
        for node in words.substitutions:
            if text_of(node).startswith("`"):
                self._backticks(text_of(node)[1:-1])
            else:
                feeding = UNSEEN if text_of(node).startswith(">(") else TERMINAL
                self.run(node, feeding, depth + 1)
        for text in words.backticks:
            self._backticks(text)

    def _backticks(self, text: str) -> None:
        """Inside backticks a backslash escapes the next backtick: the text is read anew."""
        inner = read_script(re.sub(r"\\([`\\$])", r"\1", text))
        self.script.commands += inner.commands
        self.script.problems += inner.problems

    def _simple(self, node: Node, fed: Input, redirects: Sequence[Node], depth: int) -> None:
        own = [child for child in node.children if _is_redirect(child)]
        if node.type == "test_command":
            self._test(node, depth)
            self._append(Command(), [*own, *redirects], fed, depth)
            return
        words = Words(self.script.variables)
        fields: list[str] = []
        assignments: list[tuple[str, str]] = []
        is_one_word = _begins_longer_word(node)
        declares = node.type == "declaration_command" and not is_one_word
        for child in [node] if node.type == "variable_assignment" else node.children:
            if child.type == "variable_assignment":
                assignments.append(self._assignment(child, words))
                if declares:
                    fields.append(f"{assignments[-1][0]}={assignments[-1][1]}")
            elif not _is_redirect(child) and not opens_translation(child):
                words.append_fields(fields, child)
        if is_one_word:
            fields[:2] = ["".join(fields[:2])]
        command = Command(tuple(fields), () if declares else tuple(assignments))
        self._finish(words, depth)
        self._append(command, [*own, *redirects], fed, depth)

    def _assignment(self, node: Node, words: Words) -> tuple[str, str]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or name.type != "variable_name":
            self.script.problems.append(f"`{text_of(node)[:40]}`")
        if value is not None and value.type == "array":
            return text_of(name) if name else "", " ".join(
                word for child in value.named_children for word in words.fields(child)
            )
        return text_of(name) if name else "", words.text(value) if value is not None else ""

    def _test(self, node: Node, depth: int) -> None:
        """`[ … ]`, `[[ … ]]`: its words; a quoted word with a substitution may be evaluated."""
        words = Words(self.script.variables)
        waiting = list(node.named_children)
        while waiting:
            child = waiting.pop()
            if child.type in (
                "binary_expression",
                "unary_expression",
                "parenthesized_expression",
                "negation_expression",
                "ternary_expression",
            ):
                waiting.extend(child.named_children)
            elif child.type != "test_operator":
                if "$(" in (text := words.text(child)) or "`" in text:
                    self.script.problems.append("a test of quoted text that holds a command")
            elif text_of(child) == "-v":
                self.script.problems.append("`-v` evaluates its word")
        self._finish(words, depth)

    def _append(self, command: Command, redirects: Sequence[Node], fed: Input, depth: int) -> None:
        """Add a command with its redirections; further words of a redirection are words of the command."""
        writes: list[Redirect] = []
        reads = fed
        for node in redirects:
            if node.type == "heredoc_redirect":
                reads = self._here_document(node, command, depth)
            elif node.type == "herestring_redirect":
                reads = Input(
                    "text",
                    " ".join(
                        self._words_of(
                            [child for child in node.named_children if child.type != "file_descriptor"], depth
                        )
                    ),
                )
            else:
                operator, targets = self._file_redirect(node, depth)
                command = replace(command, words=(*command.words, *targets[1:]))
                if operator in _WRITES and targets and not (operator == ">&" and re.fullmatch(r"\d+|-", targets[0])):
                    writes.append(Redirect(operator, targets[0]))
                elif operator == "<":
                    reads = file_input(targets)
                elif operator == "<>":
                    self.script.problems.append("`<>` opens a file for writing")
        redirected = replace(command, redirects=(*command.redirects, *writes), input=reads)
        if redirected.words or redirected.assignments or redirected.redirects:
            self.script.commands.append(redirected)

    def _file_redirect(self, node: Node, depth: int) -> tuple[str, list[str]]:
        operator = next((text_of(child) for child in node.children if not child.is_named), "")
        targets = [child for child in node.named_children if child.type != "file_descriptor"]
        return operator, self._words_of(targets, depth)

    def _here_document(self, node: Node, command: Command, depth: int) -> Input:
        """The text of a here-document; what follows its mark on the same line is read as well."""
        start = next((text_of(child) for child in node.children if child.type == "heredoc_start"), "")
        body = next((child for child in node.children if child.type == "heredoc_body"), None)
        is_quoted = any(sign in start for sign in "'\"\\")
        text = "" if body is None else text_of(body) if is_quoted else self._here_text(body, depth)
        fed = Input("text", here_text_cut_short(node) or text)
        for child in node.named_children:
            if child.type in ("heredoc_start", "heredoc_body", "heredoc_end", "file_descriptor"):
                continue
            if child.type == "pipeline":
                self.read_stages(child, known_output(replace(command, input=fed)), depth)
            elif _is_redirect(child):
                self._append(Command(), [child], fed, depth)
            else:
                self.run(child, TERMINAL, depth + 1)
        return fed

    def _here_text(self, body: Node, depth: int) -> str:
        words = Words(self.script.variables)
        text = words.here_text(body)
        self._finish(words, depth)
        return text

    def read_redirected(self, node: Node, fed: Input, depth: int) -> None:
        redirects = [child for child in node.children if _is_redirect(child)]
        bodies = [child for child in node.named_children if not _is_redirect(child)]
        if not bodies:
            self._append(Command(), redirects, fed, depth)
        elif bodies[0].type == "command" and len(bodies) > 1:  # `xargs < file rm`: the words after a redirection
            words = self._words_of([*_command_words(bodies[0]), *bodies[1:]], depth)
            self._append(Command(tuple(words)), redirects, fed, depth)
        else:
            for body in bodies:
                self._redirect(body, redirects, fed, depth)

    def _redirect(self, body: Node, redirects: Sequence[Node], fed: Input, depth: int) -> None:
        """A statement with its redirections; in `a && b > file` and `a | b > file` they are those of the last one."""
        if body.type in _SIMPLE:
            self._simple(body, fed, redirects, depth)
        elif body.type in ("list", "pipeline") and body.named_children:
            *earlier, last = body.named_children
            before = len(self.script.commands)
            for stage in earlier:
                self.run(stage, fed, depth + 1)
            piped = body.type == "pipeline" and earlier
            self._redirect(last, redirects, self._printed(before, earlier[-1]) if piped else fed, depth + 1)
        elif body.type in ("redirected_statement", "negated_command"):
            inner = [child for child in body.children if _is_redirect(child)]
            for part in body.named_children:
                if not _is_redirect(part):
                    self._redirect(part, [*inner, *redirects], fed, depth)
        else:
            self.run(body, self._input_of(redirects, fed, depth), depth + 1)
            self._append(Command(), redirects, fed, depth)

    def _input_of(self, redirects: Sequence[Node], fed: Input, depth: int) -> Input:
        for node in redirects:
            if node.type == "heredoc_redirect":
                return self._here_document(node, Command(), depth)
            if node.type == "herestring_redirect":
                return UNSEEN
            operator, targets = self._file_redirect(node, depth)
            if operator == "<":
                return file_input(targets)
        return fed

    def read_stages(self, node: Node, fed: Input, depth: int) -> None:
        """The commands of a pipeline: each reads what the one before it prints."""
        for stage in node.named_children:
            before = len(self.script.commands)
            self.run(stage, fed, depth + 1)
            fed = self._printed(before, stage)

    def _printed(self, before: int, stage: Node) -> Input:
        """What a stage of a pipeline prints whose commands begin at this place."""
        last = self.script.commands[-1] if len(self.script.commands) > before else None
        return known_output(last) if last is not None and stage.type in ("command", "redirected_statement") else UNSEEN

    def read_loop(self, node: Node, fed: Input, depth: int) -> None:
        self._words_of(node.children_by_field_name("value"), depth)
        for child in node.named_children:
            if child.type == "do_group":
                self._statements(child, fed, depth)


_READERS: dict[str, Callable[[_ScriptReader, Node, Input, int], None]] = {
    "redirected_statement": _ScriptReader.read_redirected,
    "pipeline": _ScriptReader.read_stages,
    "for_statement": _ScriptReader.read_loop,
}


def _begins_longer_word(node: Node) -> bool:
    """Whether a keyword is only the beginning of a word, as in `export'fs'`: the grammar splits it."""
    if node.type not in ("declaration_command", "unset_command") or node.child_count < 2:
        return False
    keyword, following = node.children[:2]
    return keyword.end_byte == following.start_byte and not _is_redirect(following)


def _is_redirect(node: Node) -> bool:
    return node.type in ("file_redirect", "heredoc_redirect", "herestring_redirect")


def _command_words(node: Node) -> Iterator[Node]:
    yield from (child for child in node.children if not _is_redirect(child))
