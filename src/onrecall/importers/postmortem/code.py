"""Find the commands of steps, in code spans and code blocks."""

import re
from collections.abc import Sequence

from onrecall.domain import command_shapes, markdown
from onrecall.domain.commands import bare_command, read_commands, without_prompt
from onrecall.importers.postmortem.rows import DocumentRow

_STATEMENT = re.compile(
    r"(?:ALTER|ANALYZE|CALL|CREATE|DELETE|DETACH|DROP|EXPLAIN|GRANT|INSERT|KILL|LOCK|OPTIMIZE|REINDEX|RESET"
    r"|REVOKE|SELECT|SET|SHOW|STOP|START|SYSTEM"
    r"|TRUNCATE|UPDATE|VACUUM|CONFIG|CLIENT|CLUSTER|FAILOVER|REPLICAOF|SLAVEOF|FLUSHALL|FLUSHDB|DEL|EXPIRE"
    r"|XTRIM)\b(?:\s+\S.*)?|(?:GET|POST|PUT|PATCH|DELETE)\s+/\S+",
    re.DOTALL,
)
_OWN_SCRIPT = re.compile(r"[\w.-]+(?:/[\w.-]+)+\s+(?:--?[A-Za-z]|\w+\s+--?[A-Za-z])")
"""A custom script: a path followed by an option."""
_AFTER_COLON = re.compile(r"\w[\w)\"']*:\s+(?P<code>[a-z./~$][^`\n]*?)(?:\s+(?:->|=>|→|⇒|–|—)\s.*)?\s*$")
"""What follows the only colon of a line, up to an arrow that points to the result."""
_IN_BRACKETS = re.compile(r"\((?P<code>[a-z./~$][\w./~$-]* [^`()\n]+)\)")
"""What stands alone in brackets, of at least two words."""
_AFTER_WITH = re.compile(
    r"\b(?:with|via|using|running|ran|mit|avec|con|com|met)\s+(?:the command\s+)?"
    r"(?P<code>[a-z][\w.-]*(?=[^\n]*\s(?:--?[A-Za-z]|[\w.-]*/))[^`\n]+?)[.\s]*$"
)
"""What a line ends with behind such a word, with an option or a path among its words."""
_PROSE_WORD = re.compile(r"\s(?:on|for|in|at|by|and|then|with|was|were|which|until|because|but|so|from|into)\s")
"""Words of a sentence that goes on behind the command: where it ends is not marked."""
_RUNS_WORDS = r"\b(?:ran|run|running|executed|executing|with|via|using|by)"
_TOOL_CALL = re.compile(
    r"(?=[^\n]*[\d@/.=:_-]|[a-z]\w*(?:ctl|cli|adm|tool)\b|[a-z][\w.-]* (?:on|off|start|stop|restart"
    r"|reset|reload|clear|flush|purge|renew|sync|restore|rollback"
    r"|enable|disable|set|remove|delete|add|apply|rebuild|drain|resume|pause|unlock|lock|promote|retry|replay)\b)"
    r"[a-z][\w.-]*(?: [^\s`]+){1,12}"
)
_LONE_CALL = re.compile(r"[a-z][\w.-]*(?: [^\s`]+){1,12}")
_SENTENCE_WORDS = re.compile(
    r"\b(?:the|is|was|were|are|has|have|not|refused|denied|failed|timed|error|exceeded|expired|reached|invalid|unknown)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\s[<>]=?\s*\d|\s[=!]=\s")
"""What an alert compares: `checkout 5xx > 5%`."""
_WIKI_SPAN = re.compile(r"\{\{(?P<code>[^{}\n]+)\}\}")


def command_spans(text: str) -> list[str]:
    """Return the code spans of a text that are commands, as written, each once."""
    written = (*markdown.code_spans(text), *(span["code"].strip() for span in _WIKI_SPAN.finditer(text)))
    spans = list(dict.fromkeys(written))
    commands = [without_prompt(span) for span in spans if is_command(without_prompt(span)) or _is_own_tool(text, span)]
    return commands or _lone_call(text, spans) or _unmarked_command(text)


def _lone_call(text: str, spans: Sequence[str]) -> list[str]:
    """Return the only code of a text that holds nothing else, if it reads as a call: `cupsenable floor3`."""
    if len(spans) != 1 or text.strip(" .") != f"`{spans[0]}`":
        return []
    call = without_prompt(spans[0])
    return [call] if _LONE_CALL.fullmatch(call) and _reads_as_call(call) else []


def _is_own_tool(text: str, span: str) -> bool:
    """Return whether a span calls a tool of the team's own, told from other code by the words in front of it."""
    call = without_prompt(span)
    return (
        _TOOL_CALL.fullmatch(call) is not None
        and _reads_as_call(call)
        and re.search(
            rf"(?:{_RUNS_WORDS}|:|\()\s*`{re.escape(span)}`(?=\s*(?:\)|[.,;!]|$|and\b|then\b|again\b|by\b|from\b|on\b|in\b|at\b))",
            text,
            re.IGNORECASE,
        )
        is not None
    )


def _reads_as_call(span: str) -> bool:
    """Return whether a span is neither output nor a sentence."""
    is_prose = _SENTENCE_WORDS.search(span) or _CONDITION.search(span)
    return not command_shapes.looks_like_output(span) and not is_prose


def _unmarked_command(text: str) -> list[str]:
    """Return the command that a line gives without marking it as code.

    It stands behind a colon (`Set the clock: chronyc makestep`), in brackets (`flushed it (postqueue -f)`), or behind
    `with`, if an option or the like shows that it is one (`reloaded with pg_restore -t tax feb.dump`).
    """
    if "`" in text:
        return []
    colon, behind = _AFTER_COLON.search(text), _AFTER_WITH.search(text)
    written = [colon["code"]] if colon else []
    written += [match["code"] for match in _IN_BRACKETS.finditer(text)]
    written += [behind["code"]] if behind else []
    commands = [bare_command(code) for code in written if not _PROSE_WORD.search(code)]
    return [command for command in dict.fromkeys(commands) if command]


def is_command(code: str) -> bool:
    """Return whether a code span is a shell command or a database statement."""
    if command_shapes.is_command(code) or _OWN_SCRIPT.match(code):
        return True
    return _STATEMENT.fullmatch(code) is not None and code not in (
        "SELECT",
        "SET",
        "UPDATE",
        "SHOW",
        "START",
        "STOP",
        "DELETE",
    )


def block_commands(block: Sequence[DocumentRow]) -> list[str]:
    """Return the commands in the rows of one code block; none if it is output, a log or configuration."""
    commands = read_commands("\n".join(row.text for row in block), block[0].language, block[0].number)
    return [command.text for command in commands]
