"""Detect keys and tokens with a vendor-specific format."""

import re

from onrecall.redaction.pattern import Match, Pattern
from onrecall.redaction.scanner import PatternDetector

START = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt])|(?<=%[23][0-9A-F]))"
"""Not within a word, except after an escaped line break or percent encoding."""


_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"


_REST = "(?:(?<=[A-Za-z0-9_-]{60})[A-Za-z0-9_-]+)?"
"""What a long token has beyond the longest of its format, up to the end of the word."""
_LONGEST_PART = 14
"""Letters and digits in a part of an identifier; the random part of a token has more."""
_IDENTIFIER_PART = re.compile(r"[A-Z]+\d{0,4}[A-Z]{0,8}\d?|[A-Z]?[a-z]+\d{0,4}[a-z]{0,12}\d?")

_VAULT = re.compile(r"role[_-]?id|approle|vault|consul|nomad|accessor", re.IGNORECASE)


def _is_identifier_part(part: str) -> bool:
    return len(part) <= _LONGEST_PART and _IDENTIFIER_PART.fullmatch(part) is not None


def is_no_identifier(match: Match) -> bool:
    """Return whether a match is a token, and not a function that begins like one, such as `sk_X509_new_null`."""
    parts = match[0].split("_")
    return len(parts) < 3 or not all(map(_is_identifier_part, parts))


def _token_detector(kind: str, anchors: str, *patterns: str, back: tuple[int, ...] = (0,)) -> PatternDetector:
    pattern = Pattern(f"{START}(?:{'|'.join(patterns)}){_REST}")
    return PatternDetector(kind, tuple(anchors.split()), pattern, is_no_identifier, back=back, exact=True)


def _detector_after(kind: str, anchor: str, pattern: str) -> PatternDetector:
    return PatternDetector(kind, (anchor.lower(),), Pattern(f"(?i:{re.escape(anchor)}){pattern}"))


def _is_in_url(match: Match) -> bool:
    """Return whether a scheme stands closely before a match."""
    return "://" in match.string[max(0, match.start() - 120) : match.start()]


VENDORS: tuple[PatternDetector, ...] = (
    _token_detector(
        "aws-key",
        "AKIA ASIA ABIA ACCA",
        r"A(?:KI|SI|BI|CC)A[A-Z0-9]{16}(?:[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])|(?![A-Z0-9]))",
    ),
    _token_detector("app-token", "sk.eyJ tk.eyJ pk.eyJ", r"[spt]k\.eyJ[\w-]{20,400}\.[\w-]{10,60}"),
    _token_detector("gcp-key", "AIza", r"AIza[\w-]{35}"),
    _token_detector(
        "gcp-token", "ya29. GOCSPX- 1//0", r"ya29\.[\w.-]{20,}", r"GOCSPX-[\w-]{20,40}", r"1//0[\w-]{40,200}"
    ),
    _detector_after("azure-key", "AccountKey=", r"(?P<s>[A-Za-z0-9+/=%]{30,120})"),
    _detector_after("azure-key", "SharedAccessKey=", r"(?P<s>[A-Za-z0-9+/=%]{30,120})"),
    _detector_after("azure-key", "&sig=", r"(?P<s>[A-Za-z0-9%+/=]{20,200})"),
    _detector_after("azure-key", "?sig=", r"(?P<s>[A-Za-z0-9%+/=]{20,200})"),
    _token_detector("azure-key", "Q~", r"[\w.~-]{3}\dQ~[\w.~-]{31,34}", back=(4,)),
    _token_detector(
        "github-token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"gh[pousr]_[A-Za-z0-9]{20,255}",
        r"github_pat_[A-Za-z0-9_]{22,255}",
    ),
    _token_detector(
        "gitlab-token",
        "glpat- glptt- gldt- glrt- glcbt- glft- glimt- glagent- gloas- glsoat- glffct- GR1348941",
        r"gl(?:pat|ptt|dt|rt|cbt|ft|imt|agent|oas|soat|ffct)-[\w.-]{20,300}",
        r"GR1348941[\w-]{20,}",
    ),
    _token_detector("slack-token", "xox xapp-", r"xox[a-z](?:\.xox[a-z])?-[\w-]{10,250}", r"xapp-\d-[\w-]{10,200}"),
    _detector_after("webhook-url", "hooks.slack.com/", r"(?:services|workflows|triggers)/(?P<s>[\w/-]{10,200})"),
    _detector_after("webhook-url", "discord.com/api/webhooks/", r"(?P<s>[\w/-]{10,200})"),
    _detector_after("webhook-url", "discordapp.com/api/webhooks/", r"(?P<s>[\w/-]{10,200})"),
    _detector_after("webhook-url", "outlook.office.com/webhook/", r"(?P<s>[\w/@-]{10,400})"),
    _detector_after("webhook-url", "outlook.office365.com/webhook/", r"(?P<s>[\w/@-]{10,400})"),
    _detector_after("webhook-url", ".webhook.office.com/", r"(?P<s>[\w/@-]{10,400})"),
    _token_detector(
        "stripe-key",
        "sk_live_ sk_test_ rk_live_ rk_test_ pk_live_ pk_test_ whsec_",
        r"[srp]k_(?:live|test)_[A-Za-z0-9]{10,250}",
        r"whsec_[A-Za-z0-9+/=]{20,100}",
    ),
    _token_detector(
        "llm-key",
        "sk- gsk_ hf_ r8_ pplx- xai- nvapi- fw_ tvly-",
        r"sk-(?:[a-z]{2,8}\d{0,2}-){0,3}(?=[A-Za-z_-]{0,200}\d)[\w-]{20,250}",
        r"(?:gsk|hf|r8|pplx|xai|nvapi|fw|tvly)[_-][A-Za-z0-9_-]{30,120}",
    ),
    _token_detector("onrecall-key", "onr_", r"onr_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}"),
    _token_detector("npm-token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _token_detector("pypi-token", "pypi-", r"pypi-[\w-]{40,250}"),
    _token_detector(
        "package-token",
        "rubygems_ dckr_ cio oy2 AKCp",
        r"rubygems_[0-9a-f]{48}",
        r"dckr_(?:pat|oat)_[\w-]{20,60}",
        r"cio[A-Za-z0-9]{32}(?!\w)",
        r"oy2[a-z0-9]{43}",
        r"AKCp[A-Za-z0-9]{40,80}",
    ),
    _token_detector("twilio-key", "SK AC", r"(?:SK|AC)[0-9a-f]{32}(?![0-9a-zA-Z])"),
    PatternDetector(
        "twilio-key",
        ("AC",),
        Pattern(rf"{START}AC[0-9a-f]{{32}}[\"'\s:,=|;]{{1,10}}(?P<s>[0-9a-f]{{32}})(?!\w)"),
        exact=True,
    ),
    _token_detector("sendgrid-key", "SG.", r"SG\.[\w-]{16,32}\.[\w-]{16,64}"),
    _token_detector(
        "mail-key",
        "key- xkeysib- re_",
        r"key-[0-9a-f]{32}(?!\w)",
        r"xkeysib-[0-9a-f]{64}-\w{16}",
        r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,32}(?!\w)",
    ),
    _token_detector("mail-key", "-us", r"[0-9a-f]{32}-us\d{1,2}(?!\w)", back=(32,)),
    _token_detector("datadog-key", "ddapi_ dd_pat_ ddog_ pub", r"(?:ddapi_|dd_pat_|ddog_|pub)[0-9a-f]{32}(?!\w)"),
    _token_detector(
        "monitoring-key",
        "NRAK- NRJS- NRAA- NRII- NRIQ- NRRA- glsa_ glc_ sntry dt0c01. hcaik_ phc_",
        r"NR(?:AK|JS|AA|II|IQ|RA)-[\w-]{19,40}",
        r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}",
        r"glc_[A-Za-z0-9+/=]{32,400}",
        r"sntry[su]_[\w+/=-]{30,400}",
        r"dt0c01\.[A-Z0-9]{24}\.[A-Z0-9]{64}",
        r"hcaik_[\w]{30,80}",
        r"phc_[A-Za-z0-9]{40,50}",
    ),
    _token_detector("monitoring-key", "NRAL", r"[0-9a-f]{36}NRAL", back=(36,)),
    _token_detector(
        "pagerduty-key", "pdus+ pdeu+ u+", r"pd(?:us|eu)\+_[\w-]{18,40}", r"(?<![+/=])u\+[\w-]{18,20}(?![\w+/=-])"
    ),
    _token_detector(
        "vault-token",
        "hvs. hvb. hvr. s. b.AAAAAQ",
        r"hv[sbr]\.[\w-]{20,300}",
        r"s\.[A-Za-z0-9]{24}(?![\w.])",
        r"b\.AAAAAQ[\w.-]{20,300}",
    ),
    _token_detector(
        "cloud-token",
        "dop_v1_ doo_v1_ dor_v1_ dp. dapi HRKU- pscale_ sbp_ fm1_ fm2_ FlyV1 LTAI AKID tskey- ops_eyJ EAAAE",
        r"do[opr]_v1_[0-9a-f]{64}",
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,80}",
        r"dapi[0-9a-f]{32}(?:-\d)?",
        r"HRKU-[\w-]{30,70}",
        r"pscale_(?:tkn|pw|oauth)_[\w.=-]{32,64}",
        r"sbp_[0-9a-f]{40}",
        r"(?:fm[12]_|FlyV1 )[\w+/=,-]{40,600}",
        r"LTAI[A-Za-z0-9]{16,24}",
        r"AKID[A-Za-z0-9]{32}",
        r"tskey-[a-z]+-[\w-]{20,80}",
        r"ops_eyJ[\w+/=-]{50,900}",
        r"EAAAE[\w-]{50,80}",
    ),
    _token_detector("cloud-token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,80}", back=(14,)),
    _token_detector(
        "app-token",
        "shpat_ shpca_ shppa_ shpss_ sq0 lin_ ntn_ secret_ ATATT3x ATCTT3x figd_ pat CCIPAT_ bkua_ AGE-SECRET-KEY-1 "
        "EAACEdEose0cBA PMAK- sgp_ rnd_ v1.0-",
        r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
        r"sq0(?:atp|csp|idp)-[\w-]{22,43}",
        r"lin_(?:api|oauth)_[A-Za-z0-9]{32,64}",
        r"ntn_[A-Za-z0-9]{40,50}",
        r"secret_[A-Za-z0-9]{43}",
        r"AT[AC]TT3x[\w=-]{50,300}",
        r"figd_[\w-]{40,60}",
        r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}",
        r"CCIPAT_[\w]{20,90}",
        r"bkua_[0-9a-f]{40}",
        r"AGE-SECRET-KEY-1[0-9A-Z]{58}",
        r"EAACEdEose0cBA[A-Za-z0-9]{10,300}",
        r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
        r"sgp_[0-9a-f_]{40,80}",
        r"rnd_[A-Za-z0-9]{28,36}(?!\w)",
        r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}",
    ),
    PatternDetector(
        "app-token",
        (":AA",),
        Pattern(rf"(?:{START}|(?<=bot))\d{{8,10}}:AA[\w-]{{32,34}}"),
        back=(8, 9, 10),
        exact=True,
    ),
    _token_detector(
        "app-token",
        "MT MD MJ MZ ND NT NZ NJ OD OT Mz Nj Nz Nd Mj Mt Od Ot",
        r"[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,40}",
    ),
    _token_detector(
        "code-quality-token",
        "squ_ sqp_ sqa_ snyk_ dsp_ CLOJARS_ ATBB p8e- API- perm: perm-",
        r"sq[upa]_[0-9a-f]{40}",
        r"snyk_[a-z]{3}\.[\w.-]{20,200}",
        r"dsp_[0-9a-f]{30,60}",
        r"CLOJARS_[0-9a-f]{60}",
        r"ATBB[A-Za-z0-9]{28,40}",
        r"p8e-[a-z0-9]{32}",
        r"API-[A-Z0-9]{26,32}(?![A-Z0-9])",
        r"perm[:-][A-Za-z0-9+/=]{8,80}\.[A-Za-z0-9+/=]{4,80}\.[A-Za-z0-9]{20,80}",
    ),
    _token_detector(
        "monitoring-key",
        "eyJrIjoi dt0 hcamk_ hcbik_ phx_ rootly_ fhb- aio_ aivenv1 kpat_ essu_",
        r"eyJrIjoi[\w+/=-]{40,200}",
        r"dt0[a-z]\d{2}\.[A-Z0-9]{8,24}\.[A-Z0-9]{64}",
        r"hc[a-z]{2,3}k_[\w]{30,80}",
        r"phx_[A-Za-z0-9]{40,60}",
        r"rootly_[0-9a-f]{64}",
        r"fhb-[0-9a-f]{30,60}",
        r"aio_[A-Za-z0-9]{28}",
        r"(?:aivenv1|kpat_|essu_)[\w+/=-]{30,400}",
    ),
    _token_detector("wallet-key", "xprv yprv zprv tprv", r"[xyzt]prv[1-9A-Za-z][A-Za-z0-9]{80,120}"),
    _token_detector(
        "payment-key",
        "shippo_ access-sandbox- access-production- access-development- EZAK EZTK FLWSECK duffel_ access_token$"
        " amzn.mws. Atza| EAAA live_ test_",
        r"shippo_(?:live|test)_[0-9a-fA-F]{40}",
        rf"access-(?:sandbox|production|development)-{_UUID}",
        r"EZ[AT]K[A-Za-z0-9]{54}",
        r"FLWSECK(?:_TEST|_LIVE)?-[0-9a-zA-Z]{12,32}-X",
        r"duffel_(?:test|live)_[\w=-]{40,50}",
        r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}",
        rf"amzn\.mws\.{_UUID}",
        r"Atza\|[\w-]{60,600}",
        r"EAAA[\w-]{56,64}(?![\w-])",
        r"(?:live|test)_(?=[A-Za-z_-]{0,49}\d)(?=[a-z0-9-]{0,49}[A-Z])[A-Za-z0-9-]{35,50}(?![\w-])",
    ),
    _token_detector(
        "app-token",
        "pat-na pat-eu nfp_ nfc_ pul- pnu_ pnb_ rdme_ sm_aat_ sm_pat_ sm_sat_ tfp_ dnkey- fio-u- ico- api_org_"
        " sl. A3- sb_secret_ lsv2_ "
        "tk-us- CFPAT- sk.eyJ waka_ sk_prod_ pk_prod_ apify_api_ pcsk_ zpka_ gb_api_ ory_ napi_ vcp_"
        " vercel_blob_rw_ dls_ vat_ "
        "mdb_sa_sk_ bkpt_ fo1_ s-s4t2 ATSTT ddp_ ddw_ bce-v3/ AKLT SCW EXO ABSK",
        rf"pat-(?:na|eu)\d-{_UUID}",
        r"nf[pc]_[A-Za-z0-9_]{36,50}",
        r"pul-[0-9a-f]{40}",
        r"pn[ub]_[a-zA-Z0-9]{36}",
        r"rdme_[a-z0-9]{70}",
        r"sm_[aps]at_[A-Za-z0-9]{16}",
        r"tfp_[\w.=-]{44,60}",
        r"dnkey-[a-z0-9A-Z=_-]{26}-[a-zA-Z0-9=_-]{52}",
        r"fio-u-[\w=-]{64}",
        r"ico-[A-Za-z0-9]{32}",
        r"api_org_[A-Za-z]{1}[A-Za-z0-9]{30,40}",
        r"api_org_[A-Za-z0-9]{34}",
        r"sl\.(?:u\.)?[\w-]{100,1500}",
        r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}",
        r"sb_secret_[\w-]{20,60}",
        r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
        r"tk-us-[\w-]{48}",
        r"CFPAT-[\w-]{43}",
        r"sk\.eyJ[\w-]{20,200}\.[\w-]{20,60}",
        rf"waka_{_UUID}",
        r"[ps]k_prod_[A-Za-z0-9]{24,60}",
        r"apify_api_[A-Za-z0-9]{30,50}",
        r"pcsk_[\w]{40,90}",
        r"zpka_[\w]{32,60}",
        r"gb_api_[A-Za-z0-9]{30,60}",
        r"ory_(?:pat|at|rt|st)_[\w.-]{30,100}",
        r"(?:napi|vcp|vercel_blob_rw|dls|vat)_[\w]{24,120}",
        r"mdb_sa_sk_[\w-]{30,60}",
        r"bkpt_[0-9a-f]{40}",
        r"fo1_[\w-]{43}",
        r"s-s4t2(?:ud|af)-[0-9a-f]{64}",
        r"ATSTT[\w=-]{50,300}",
        r"dd[pw]_[A-Za-z0-9]{36}",
        r"bce-v3/ALTAK-[\w/-]{30,100}",
        r"AKLT[\w-]{40,60}",
        r"SCW[A-Z0-9]{17}(?![A-Z0-9])",
        r"EXO[a-f0-9]{24}(?![a-z0-9])",
        r"ABSK[A-Za-z0-9+/=]{80,200}",
    ),
    PatternDetector(
        "app-token", ("_mmk",), Pattern(rf"{START}[A-Za-z0-9]{{6}}_[A-Za-z0-9]{{29}}_mmk"), back=(36,), exact=True
    ),
    _token_detector("cloud-token", "sha256~", r"sha256~[\w-]{43,46}"),
    _token_detector(
        "cloud-token",
        "AQVN AQVM YCA t1.",
        r"AQV[A-Z][\w-]{35,40}",
        r"YCA[\w-]{35,40}",
        r"t1\.[\w=-]{40,1000}\.[\w=-]{60,100}",
    ),
    _token_detector("cloud-token", ":APA91b", r"AAAA[\w-]{7}:APA91b[\w-]{100,160}", back=(11,)),
    _token_detector("azure-key", "AZDO", r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}", back=(76,)),
    _token_detector("azure-key", "JQQJ99", r"[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}", back=(52,)),
    _token_detector(
        "azure-key",
        "AzFu AzSe AzCa +ASt +ACR",
        r"[A-Za-z0-9+/=_-]{36,90}(?:AzFu|AzSe|AzCa|\+ASt|\+ACR)[A-Za-z0-9+/=]{4,20}",
        back=(76, 52, 44, 42),
    ),
    _token_detector("app-token", "AAAAAAAAA", r"A{20,24}(?!A)[A-Za-z0-9%]{60,120}"),
    _detector_after("webhook-url", "hooks.zapier.com/hooks/catch/", r"(?P<s>\d{1,12}/\w{5,20})"),
    _detector_after("webhook-url", "maker.ifttt.com/trigger/", r"[\w-]{1,80}/(?:json/)?with/key/(?P<s>[\w-]{10,60})"),
    _detector_after("webhook-url", "hc-ping.com/", rf"(?P<s>{_UUID})"),
    _detector_after("webhook-url", "events.pagerduty.com/integration/", r"(?P<s>[0-9a-f]{32})"),
    _detector_after("webhook-url", "webhook.site/", rf"(?P<s>{_UUID})"),
    _detector_after("webhook-url", "/hooks/", r"(?P<s>(?=[a-z0-9]{0,25}\d)[a-z0-9]{26})(?![\w-])"),
    _detector_after("webhook-url", "/api/webhooks/", r"(?P<s>\d{17,20}/[\w-]{40,100})"),
    # A path or a query of a hook, whoever offers it: what is random in it is the key.
    PatternDetector(
        "webhook-url",
        ("hook", "/alert/", "/notify/", "/integration/", "/integrations/", "/incoming/", "/ping/", "/heartbeat/"),
        Pattern(
            r"(?i:hook[\w.-]{0,60}|/alert|/notify|/integrations?|/incoming|/ping|/heartbeat)/(?:[\w.%-]{1,40}/){0,5}?"
            rf"(?P<s>(?:{_UUID}|[0-9a-f]{{32,64}}|(?=[\w-]{{0,60}}\d)(?=[\w-]{{0,60}}[A-Z])(?=[\w-]{{0,60}}[a-z])[\w-]{{24,120}}|(?=[a-z]{{0,12}}\d)[a-z0-9]{{26,64}})(?![\w-])(?:/[\w-]{{16,120}}(?![\w-]))?)"
        ),
        _is_in_url,
    ),
    PatternDetector(
        "webhook-url",
        ("hook", "robot/", "bot/"),
        Pattern(
            rf"[\w-]{{1,20}}(?:/[\w.-]{{1,40}}){{0,4}}\?(?:key|token|access_token|id)=(?P<s>{_UUID}|[\w-]{{24,128}})"
        ),
        _is_in_url,
    ),
    _token_detector("app-token", "v1. v2. v3. v4.", r"v[1-4]\.(?:local|public)\.[\w-]{20,4000}(?:\.[\w-]{1,400})?"),
    _token_detector(
        "app-token", "MDAx MDAy MDAz AgEE AgEU AgEI", r"MDA[xyz][\w+/=-]{50,2000}", r"AgE[EUI][\w+/=-]{60,2000}"
    ),
    _token_detector("app-token", "EAA", r"EAA[A-Z][A-Za-z0-9]{80,300}(?!\w)"),
    PatternDetector(
        "cloud-token",
        ("::server:", "::node:"),
        Pattern(r"(?:[0-9a-f]{64})?::\w{4,6}:[0-9a-f]{32,64}(?!\w)"),
        back=(64, 0),
    ),
    _token_detector("cloud-token", "K10", r"K10[0-9a-f]{64}::(?:\w{1,20}:)?[\w.-]{8,128}"),
    _token_detector("cloud-token", "token-", r"token-[a-z0-9]{5}:[a-z0-9]{50,60}(?![a-z0-9])"),
    _token_detector("app-token", "pk_", r"pk_\d{6,10}_[A-Z0-9]{32}(?![A-Z0-9])"),
    PatternDetector("app-token", (":",), Pattern(rf"{_UUID}:[0-9a-f]{{32}}(?![0-9a-f])"), back=(36,)),
    PatternDetector(
        "monitoring-key",
        (
            "genie",
            "api key",
            "integration key",
            "routing key",
            "service key",
            "license key",
            "licence key",
            "subscription key",
        ),
        Pattern(
            rf"(?i:[\w ]{{0,20}}key)(?: is| was|:|=|[ ])?[ ]?[\"'`]?"
            rf"(?P<s>{_UUID}|[0-9a-f]{{32}}(?:[0-9a-f]{{8}})?(?!\w))"
        ),
    ),
    _token_detector("app-token", "0/1 1/1 2/1", r"[012]/\d{16}(?:/\d{16})?:[0-9a-f]{32}(?!\w)"),
    _detector_after("azure-key", "InstrumentationKey=", rf"(?P<s>{_UUID})"),
    PatternDetector(
        "vault-token",
        ("secret_id", "secret-id", "secretid", "secret id"),
        Pattern(rf"(?i:secret[ _-]?id(?:_accessor)?)[\"']?(?:\s{{0,5}}[:=]\s{{0,20}}|\s{{1,20}})[\"']?(?P<s>{_UUID})"),
        lambda match: _VAULT.search(match.string[max(0, match.start() - 300) : match.end() + 300]) is not None,
    ),
    PatternDetector(
        "cloud-token",
        ("ltai",),
        Pattern(
            r"(?i:LTAI)[A-Za-z0-9]{16,24}[\"'\s:,=|;/]{1,10}(?:\w{0,30}[\"'\s:,=|]{1,10})?(?P<s>[A-Za-z0-9]{30})(?![A-Za-z0-9])"
        ),
    ),
    _token_detector(
        "jwt",
        "eyJ",
        r"eyJ[\w-]{8,}\.(?:eyJ|[\w-])[\w-]{4,}\.[\w-]*(?:\.[\w-]+\.[\w-]+)?",
        r"eyJ[\w-]{8,}\.\s{1,20}eyJ[\w-]{4,}\.\s{0,20}[\w-]{20,}",
    ),
)
