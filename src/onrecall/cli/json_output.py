"""What `--json` prints of an answer, an incident or a document. Loaded where it is printed, for schemas cost time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from onrecall.domain import markdown_page as page
from onrecall.domain.alert import AlertLink
from onrecall.domain.document import Document
from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.suggestion import Suggestion
from onrecall.schemas.documents import DocumentOut
from onrecall.schemas.evidence import RecallOut
from onrecall.schemas.incidents import IncidentOut
from onrecall.schemas.json_models import OutputModel
from onrecall.schemas.recommendations import RecommendationOut
from onrecall.schemas.suggestions import SuggestionOut

if TYPE_CHECKING:
    from onrecall.pipeline.second_opinion import SecondOpinion


def recommendation(answer: Recommendation, opinion: "SecondOpinion | None" = None) -> dict[str, Any]:
    """Return an answer beside a second opinion as JSON-ready data."""
    return RecommendationOut.model_validate(answer).beside(opinion).to_json()


def evidence(
    ranked: Sequence[Evidence], opinion: "SecondOpinion | None" = None, degraded: str | None = None
) -> dict[str, Any]:
    """Return evidence beside a second opinion as JSON-ready data; `degraded` is why less than all was searched."""
    body = {"evidence": ranked, "degraded": degraded, "second_opinion": opinion}
    return RecallOut.model_validate(body).to_json()


def page_to_json(record: Incident | Document | Suggestion, links: Sequence[AlertLink] = ()) -> dict[str, Any]:
    """Return a record and its page as JSON-ready data."""
    shapes: Mapping[type, type[OutputModel]] = {Incident: IncidentOut, Document: DocumentOut, Suggestion: SuggestionOut}
    plain = shapes[type(record)].model_validate(record).to_json()
    if isinstance(record, Incident):
        plain["alert_links"] = [{"url": link.url, "kind": link.kind} for link in links]
        plain["page_document_lines"] = {str(number): line for number, line in page.document_lines(record).items()}
    return plain | {"page": [line.text for line in page.numbered_lines(record)]}
