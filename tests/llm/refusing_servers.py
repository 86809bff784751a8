"""What real servers refuse, and in which words: each function is one server's look at a request."""

from typing import Any

Answer = tuple[int, Any] | None


def _format(body: dict[str, Any]) -> str:
    return body.get("response_format", {}).get("type", "text")


def lm_studio(body: dict[str, Any]) -> Answer:
    """Knows schemas and text, and no `json_object`."""
    if _format(body) == "json_object":
        return 400, {"error": "'response_format.type' must be 'json_schema' or 'text'"}
    return None


def old_lm_studio(body: dict[str, Any]) -> Answer:
    """Takes no format at all but text."""
    if _format(body) != "text":
        return 400, {"error": "'response_format.type' must be 'text'"}
    return None


def groq(body: dict[str, Any]) -> Answer:
    """Most of its models know `json_object` alone."""
    if _format(body) == "json_schema":
        message = "This model does not support response format `json_schema`. See supported models in the documentation"
        return 400, {"error": {"message": message, "type": "invalid_request_error", "param": "response_format"}}
    return None


def groq_not_strict(body: dict[str, Any]) -> Answer:
    """Some take a schema, and do not promise to keep to it."""
    if "strict" in body.get("response_format", {}).get("json_schema", {}):
        message = "'response_format.json_schema.strict' : property 'strict' is unsupported"
        return 400, {"error": {"message": message, "type": "invalid_request_error"}}
    return None


def ollama(body: dict[str, Any]) -> Answer:
    """An old one does not know schemas, and says it in its own words."""
    if _format(body) == "json_schema":
        return 400, {
            "error": {"message": "invalid format: json_schema", "type": "invalid_request_error", "param": None}
        }
    return None


def vllm(body: dict[str, Any]) -> Answer:
    """An old one forbids what it does not know, and repeats the value."""
    for name in ("max_completion_tokens", "temperature"):
        if name in body:
            fault = (
                f"[{{'type': 'extra_forbidden', 'loc': ('body', '{name}'), "
                f"'msg': 'Extra inputs are not permitted', 'input': {body[name]}}}]"
            )
            return 400, {"object": "error", "message": fault, "type": "BadRequestError", "param": None, "code": 400}
    return None


def vllm_grammar(body: dict[str, Any]) -> Answer:
    """Its grammar engine can't do every schema."""
    if _format(body) == "json_schema":
        message = "The provided JSON schema contains features not supported by xgrammar."
        return 400, {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": 400}
    return None


def llama_cpp(body: dict[str, Any]) -> Answer:
    """A fork of it answers 500 to a schema."""
    if _format(body) == "json_schema":
        message = 'response_format type must be one of "text" or "json_object", but got: json_schema'
        return 500, {"error": {"code": 500, "message": message, "type": "server_error"}}
    return None


def gemma_template(body: dict[str, Any]) -> Answer:
    """Some models' templates know no system message."""
    if body["messages"][0]["role"] == "system":
        return 400, {"object": "error", "message": "System role not supported", "type": "BadRequestError", "code": 400}
    return None


def fast_api(body: dict[str, Any]) -> Answer:
    """A server on FastAPI with a closed form."""
    if strange := next((name for name in ("temperature", "response_format", "max_tokens") if name in body), None):
        fault = {"type": "extra_forbidden", "loc": ["body", strange], "msg": "Extra inputs are not permitted"}
        return 422, {"detail": [fault | {"input": body[strange]}]}
    return None


def reasoning(body: dict[str, Any]) -> Answer:
    """OpenAI's models that think take another limit, and no temperature."""
    if "max_tokens" in body:
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return 400, {"error": {"message": message, "param": "max_tokens", "code": "unsupported_parameter"}}
    if "temperature" in body:
        message = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported."
        return 400, {"error": {"message": message, "param": "temperature", "code": "unsupported_value"}}
    return None


def wordless(body: dict[str, Any]) -> Answer:
    """Says nothing of what is wrong."""
    return (400, "") if _format(body) != "text" or "temperature" in body else None


def everything(body: dict[str, Any]) -> Answer:
    """Takes a model's name and messages, and names one thing after the other."""
    if strange := next((name for name in body if name not in {"model", "messages"}), None):
        return 400, {"error": {"message": f"Unrecognized request argument supplied: {strange}"}}
    return gemma_template(body)
