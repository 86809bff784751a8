"""Detect tokens by what their vendors put in front of the random part, and random text beside a vendor's name.

vendors.py has the formats that need more than a prefix. Each line of the table has a kind, a prefix and the expression
that the rest must match. The prefix is spelled exactly, and stands at the beginning of a word.
"""

import re
from collections.abc import Iterator

from onrecall.redaction import heuristics as looks
from onrecall.redaction.pattern import Pattern
from onrecall.redaction.rules import pattern_detector
from onrecall.redaction.scanner import PatternDetector
from onrecall.redaction.vendors import START, is_no_identifier

FORMATS = """
llm-key csk- [a-z0-9]{40,60}
llm-key fc- [0-9a-f]{32}
llm-key jina_ [A-Za-z0-9]{40,80}
llm-key pa- (?=[\\w-]*\\d)(?=[\\w-]*[A-Z])[\\w-]{40,50}
llm-key sk_ (?:[a-z]{2,8}_){0,2}(?=\\w*\\d)[A-Za-z0-9_]{24,120}
llm-key tgp_v1_ [\\w-]{40,60}
llm-key llx- [A-Za-z0-9]{40,60}
llm-key esecret_ [A-Za-z0-9]{20,60}
llm-key cpk_ [A-Za-z0-9_.]{40,120}
llm-key ls__ [0-9a-f]{32}
llm-key e2b_ [0-9a-f]{40}
llm-key m0- [A-Za-z0-9]{36,48}
llm-key bb_live_ [\\w-]{20,60}
llm-key wandb_v1_ [\\w-]{40,100}
llm-key KGAT_ [0-9a-f]{32}
llm-key sk-or- [\\w-]{20,120}
gcp-key AQ. [A-Za-z0-9_-]{40,80}
cloud-token AVNS_ [\\w-]{15,40}
cloud-token CCDB1_ [A-Za-z0-9]{22}_[A-Za-z0-9]{40}
cloud-token npg_ [A-Za-z0-9]{12,40}
cloud-token nbp_ [A-Za-z0-9]{30,50}
cloud-token dose [0-9a-f]{32}
cloud-token dkea [0-9a-f]{32}
cloud-token cfk_ [A-Za-z0-9]{40,60}
cloud-token cfut_ [A-Za-z0-9]{40,60}
cloud-token cfat_ [A-Za-z0-9]{40,60}
cloud-token cflt [A-Za-z0-9+/]{56,62}={0,2}
cloud-token ucat_ [A-Z0-9]{20,40}
cloud-token nfo_ \\w{36,50}
cloud-token nfu_ \\w{36,50}
cloud-token nfb_ \\w{36,50}
cloud-token vci_ [A-Za-z0-9]{24,80}
cloud-token vca_ [A-Za-z0-9]{24,80}
cloud-token vcr_ [A-Za-z0-9]{24,80}
cloud-token vck_ [A-Za-z0-9]{24,80}
cloud-token standard_ [0-9a-f]{128,300}
cloud-token p.eyJ [\\w.-]{40,400}
cloud-token AstraCS: [A-Za-z0-9]{20,30}:[0-9a-f]{64}
cloud-token mzp_ [0-9a-f]{64}
cloud-token dbtc_ [\\w-]{30,60}
cloud-token dbtu_ [\\w-]{30,60}
cloud-token dbts_ [\\w-]{30,60}
cloud-token eyJwYXlsb2FkIjoi [\\w+/=-]{60,4000}
cloud-token eyJhIjoi [\\w+/=-]{80,400}
cloud-token ver:1-hint: \\d{1,20}-ETMs[\\w+/=%-]{60,400}
cloud-token Fe26.2** [\\w*+/=-]{60,4000}
cloud-token gAAAAAB [\\w-]{60,4000}={0,2}
cloud-token CfDJ8 [\\w-]{60,6000}
cloud-token xoxe- \\d-[\\w-]{40,300}
cloud-token xwfp- [\\w-]{20,300}
vault-token st. [0-9a-f]{24}\\.[0-9a-f]{32}\\.[0-9a-f]{32}
vault-token at_ [A-Za-z0-9]{10}_[A-Za-z0-9]{40,120}
vault-token 0. [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\\.[A-Za-z0-9]{30}:[A-Za-z0-9+/]{22}==
code-quality-token bkct_ [A-Za-z0-9]{30,60}
code-quality-token bkpt_ [A-Za-z0-9]{30,60}
code-quality-token bkaj_ [\\w.-]{30,600}
code-quality-token bkar_ [A-Za-z0-9]{30,60}
code-quality-token CCIPRJ_ \\w{20,90}
code-quality-token gitpod_pat_ [\\w.-]{30,200}
code-quality-token sqb_ [0-9a-f]{40}
code-quality-token sktsec_ [\\w-]{30,80}
code-quality-token slk_ [0-9a-f]{40,80}
code-quality-token chpt_ [0-9a-f]{12,40}
code-quality-token depot_org_ [0-9a-f]{40,80}
code-quality-token depot_project_ [0-9a-f]{40,80}
code-quality-token nsct_ [\\w.-]{40,400}
code-quality-token BBDC- [A-Za-z0-9+/@_-]{40,60}
code-quality-token pat. [\\w-]{20,24}\\.[0-9a-f]{24}\\.[A-Za-z0-9]{20}
code-quality-token sat. [\\w-]{20,24}\\.[0-9a-f]{24}\\.[A-Za-z0-9]{20}
code-quality-token lip_ [\\w-]{20,60}
gitlab-token glrtr- [\\w.-]{20,300}
gitlab-token glwt- [\\w.-]{20,300}
package-token cmVmdGtu [A-Za-z0-9]{50,64}
package-token jsrp_ [A-Za-z0-9]{30,60}
package-token jsrd_ [A-Za-z0-9]{30,60}
package-token NpmToken. [0-9a-f-]{36}
package-token NuGetKey. [0-9a-f-]{36}
package-token cldsmth_ [A-Za-z0-9]{30,60}
app-token 1000. [0-9a-f]{32}\\.[0-9a-f]{32}
app-token ATTA [0-9a-fA-F]{60,80}
app-token KEY0 [0-9A-F]{30}_[A-Za-z0-9]{22}
app-token sec-c- [A-Za-z0-9+/=]{40,60}
app-token os_v2_app_ [a-z0-9]{80,120}
app-token os_v2_org_ [a-z0-9]{80,120}
app-token ExponentPushToken [\\[][\\w-]{16,30}\\]
app-token unkey_ [A-Za-z0-9]{16,40}
app-token n8n_api_ [\\w.-]{30,120}
app-token retool_01 [a-z0-9]{20,40}
app-token signkey-prod- [0-9a-f]{32,80}
app-token signkey-test- [0-9a-f]{32,80}
app-token tr_prod_ [A-Za-z0-9]{16,40}
app-token tr_dev_ [A-Za-z0-9]{16,40}
app-token tr_pat_ [A-Za-z0-9]{30,60}
app-token wlu_ [A-Za-z0-9]{30,50}
app-token wlp_ [A-Za-z0-9]{30,50}
app-token cal_live_ [0-9a-f]{32}
app-token samsara_api_ [A-Za-z0-9]{24,40}
app-token BBFF- [A-Za-z0-9]{26,40}
app-token BBUS- [A-Za-z0-9]{26,40}
app-token db- (?=[A-Za-z]*\\d)(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{29}
app-token secret- (?:live-|test-)?(?=[\\w-]*\\d)(?=[\\w-]*[A-Z])[\\w-]{32,60}=?
app-token console- (?=[A-Za-z]*\\d)(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{32,60}
app-token service: [\\w.-]{1,60}:[\\w-]{22}
app-token WPL_AP1. [\\w.+/=-]{12,60}
app-token IGQV [\\w-]{80,400}
app-token IGAA [\\w-]{80,400}
app-token act. (?=[a-z]*\\d)[A-Za-z0-9]{40,120}(?:![\\w.]{1,10})?
app-token 00D [A-Za-z0-9]{12,15}![A-Za-z0-9._]{60,200}
app-token amzn1.oa2-cs.v1. [0-9a-f]{64}
app-token Atzr| [\\w-]{60,900}
app-token v^1.1 #[\\w^#+/=-]{60,3000}
app-token ory_apikey_ [A-Za-z0-9]{30,60}
app-token cpk_live_ [\\w-]{20,80}
app-token figo_ [\\w-]{40,60}
app-token secret_ (?=[A-Za-z]*\\d)(?=[a-z0-9_]*[A-Z])[A-Za-z0-9_]{30,80}
app-token sk- (?:live|test|prod|proj)-[\\w-]{16,200}
app-token MC5 [A-Za-z0-9]{10,30}\\.[\\w%+/=-]{60,200}
app-token dop_v1_ [0-9a-f]{64}
app-token dG9rO [A-Za-z0-9+/]{48,60}={0,2}
app-token inc_ [0-9a-f]{40,80}
app-token shptka_ [0-9a-fA-F]{32}
app-token shpit_ [0-9a-fA-F]{32}
app-token tvmz_ [A-Za-z0-9]{24,60}
mail-key mlsn. [0-9a-f]{64}
mail-key md- [\\w-]{22}
mail-key xsmtpsib- [0-9a-f]{64}-\\w{16}
mail-key api- [0-9A-F]{32}
mail-key pk_ [0-9a-f]{34}
payment-key rzp_live_ [A-Za-z0-9]{14}
payment-key sk_org_ (?:live_|test_)?[A-Za-z0-9]{20,250}
payment-key pdl_ (?:live|sdbx|ntfset)_\\w{40,90}
payment-key klarna_live_api_ [A-Za-z0-9+/=]{30,120}
payment-key klarna_test_api_ [A-Za-z0-9+/=]{30,120}
payment-key sk_sbox_ [a-z0-9]{20,40}
payment-key live_ (?=[a-z]*\\d)(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{24,34}
payment-key test_ (?=[a-z]*\\d)(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{24,34}
payment-key live_ [0-9a-f]{35}
payment-key test_ [0-9a-f]{35}
payment-key AQE [A-Za-z0-9+/=.-]{90,200}
monitoring-key hbp_ [A-Za-z0-9]{30,50}
monitoring-key sntryi_ [0-9a-f]{64}
monitoring-key cu_ [0-9a-f]{32}
monitoring-key hcw_ [A-Za-z0-9]{24,40}
monitoring-key hcr_ [A-Za-z0-9]{24,40}
monitoring-key xaat- [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}
monitoring-key xapt- [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}
monitoring-key sts_ [0-9a-f]{32}
monitoring-key cxtp_ [A-Za-z0-9]{24,40}
monitoring-key cxup_ [A-Za-z0-9]{24,40}
monitoring-key phs_ [A-Za-z0-9]{40,60}
monitoring-key ddapp_ [A-Za-z0-9]{32,60}
monitoring-key ddapi_ [A-Za-z0-9]{32,60}
monitoring-key ddpat_ [A-Za-z0-9]{32,60}
monitoring-key sdk- [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}
monitoring-key mob- [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}
monitoring-key ser. [A-Za-z0-9]{20,30}
monitoring-key et_ [\\w.-]{40,200}
"""
"""Kind, prefix, and the rest of the token."""


def _format_detectors() -> Iterator[PatternDetector]:
    """Yield one detector for each kind in the table."""
    rows = [row.split(maxsplit=2) for row in FORMATS.strip().splitlines()]
    for kind in sorted({row[0] for row in rows}):
        own = [(prefix, tail) for of_kind, prefix, tail in rows if of_kind == kind]
        alternatives = "|".join(f"{re.escape(prefix)}{tail}" for prefix, tail in own)
        anchors = tuple(dict.fromkeys(prefix for prefix, _ in own))
        pattern = Pattern(rf"{START}(?:{alternatives})(?![A-Za-z0-9])")
        yield PatternDetector(kind, anchors, pattern, is_no_identifier, exact=True)


VENDOR_NAMES = """
airtable algolia amplitude anthropic anyscale artifactory asana assemblyai atlassian auth0 bitbucket bitly braintree
brevo browserstack bugsnag buildkite cerebras circleci clearbit cloudflare cloudinary codacy cohere coinbase
contentful coralogix crowdin databricks deepgram deepl deepseek digitalocean discord docusign doppler dropbox duffel
dynatrace easypost elevenlabs fastly figma finnhub firecrawl fireworks flutterwave freshdesk gitea gitee gocardless
groq helicone heroku hetzner honeybadger honeycomb hubspot huggingface infracost infura intercom ipinfo jfrog jina
klaviyo langfuse langsmith launchdarkly linode logtail logzio lokalise mailchimp mailgun mailjet mailtrap mandrill
mapbox messagebird mistral mixpanel mollie netlify ngrok nylas openai openrouter openweather opsgenie paystack
perplexity pinecone pingdom pipedrive plaid planetscale plivo posthog postmark pulumi pushover quay rapidapi
razorpay replicate resend rollbar rubygems saucelabs scaleway segment sendbird sendgrid serpapi serper shippo shodan
shopify snyk sonarcloud sonarqube sourcegraph sparkpost spotify squadcast statsig stripe stytch supabase tailscale
tavily telnyx todoist trello twilio twitch typeform unsplash upstash uptimerobot vercel virustotal voyage vonage
vultr wakatime wandb webflow xai zapier zendesk zoho zoom
"""
_LABEL = (
    r"api|access|auth|personal|private|secret|bearer|bot|service|account|admin|app|master|org|workspace|team|user|deploy|prod"
    r"|live|server|sending|write|read|key|token|pat|is|was|now|old|new|creds?|credentials?|io|com|ai"
)
_LONG_HEX = re.compile(
    r"(?=\d*[a-f])(?=[a-f]*\d)(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{48}|[0-9a-f]{64}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8})"
)


def _is_vendor_key(value: str) -> bool:
    return looks.is_key(value) or _LONG_HEX.fullmatch(value) is not None


NAMED_VENDORS: tuple[PatternDetector, ...] = (
    pattern_detector(
        "token",
        "|".join(VENDOR_NAMES.split()),
        rf"[a-z0-9]{{3,16}}(?:[ ._-]{{1,2}}(?i:{_LABEL})(?![\w])){{0,4}}(?:[ ]?[:=(→]|[ ]->)?[ ]{{1,2}}[\"'`]?"
        r"(?P<s>[A-Za-z0-9_+/.~-]{20,200}={0,2})(?![\w/@:-])",
        _is_vendor_key,
    ),
    pattern_detector(
        "token",
        "|".join(VENDOR_NAMES.split()),
        rf"[a-z0-9]{{3,16}}(?:[ ._-]{{1,2}}(?i:{_LABEL})(?![\w])){{0,3}}[ ._-](?i:key|token|secret|pat)"
        rf"(?:[ ]?[:=(→]|[ ]->| is)?[ ]{{1,2}}"
        r"[\"'`]?(?P<s>[0-9a-fA-F-]{36})(?![\w-])",
        looks.is_uuid,
    ),
)
"""A key directly behind the name of its vendor, as people tell it: `trello X`, `deepgram api key X`."""
TOKEN_FORMATS: tuple[PatternDetector, ...] = (*_format_detectors(), *NAMED_VENDORS)
