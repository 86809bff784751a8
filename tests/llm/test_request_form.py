"""Where a model is asked, and what is left of a request when everything is refused."""

import pytest

from onrecall.recommendation.llm.providers import api_url
from onrecall.recommendation.llm.request_form import RequestForm


@pytest.mark.parametrize(
    ("provider", "url", "address"),
    [
        ("groq", "https://gateway.example", "https://gateway.example/openai/v1"),
        ("groq", "https://gateway.example/openai/v1/", "https://gateway.example/openai/v1"),
        ("openai", "http://127.0.0.1:4000", "http://127.0.0.1:4000/v1"),
        ("openai", "http://127.0.0.1:4000/proxy/v1", "http://127.0.0.1:4000/proxy/v1"),
        ("anthropic", "https://gateway.example/v1", "https://gateway.example"),
        ("openai-compatible", "http://localhost:11434/", "http://localhost:11434/v1"),
    ],
)
def test_a_base_url_may_name_the_host_or_the_api(provider, url, address):
    assert api_url(provider, url) == address


def test_a_form_that_has_nothing_left_sends_text_alone():
    form = RequestForm()
    while form.sent:
        form = form.without(min(form.sent))
    assert (form.answer_format, form.token_limit, form.temperature, form.system) == ("text", None, False, False)
