"""The tracker's form for new issues, as configured."""

from onrecall.domain.issue_form import IssueForm
from onrecall.notifications.links import Links
from onrecall.pipeline.action_items import IssueLinks
from onrecall.settings import Settings


def issue_links(settings: Settings) -> IssueLinks:
    """Return what builds links to the form; it builds none where no form is configured."""
    form = IssueForm(settings.issue_form_url) if settings.issue_form_url else None
    return IssueLinks(form, Links(settings.public_url))
