"""Keys and tokens that tell by their own form whose they are."""

import re

from onrecall.redaction.rule import Rule

_START = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt])|(?<=%[23][0-9A-F]))"
"""Not in the middle of a word, unless that is an escaped line break or a percent sign's code."""


def _token(kind: str, anchors: str, *patterns: str, back: tuple[int, ...] = (0,)) -> Rule:
    pattern = "|".join(patterns)
    return Rule(kind, tuple(anchors.split()), re.compile(f"{_START}(?:{pattern})"), back=back, exact=True)


def _after(kind: str, anchor: str, pattern: str) -> Rule:
    return Rule(kind, (anchor.lower(),), re.compile(f"(?i:{re.escape(anchor)}){pattern}"))


VENDORS: tuple[Rule, ...] = (
    _token("aws-key", "AKIA ASIA ABIA ACCA", r"A(?:KI|SI|BI|CC)A[A-Z0-9]{16}(?![A-Z0-9])"),
    _token("gcp-key", "AIza", r"AIza[\w-]{35}"),
    _token("gcp-token", "ya29. GOCSPX- 1//0", r"ya29\.[\w.-]{20,}", r"GOCSPX-[\w-]{20,40}", r"1//0[\w-]{40,200}"),
    _after("azure-key", "AccountKey=", r"(?P<s>[A-Za-z0-9+/=%]{30,120})"),
    _after("azure-key", "SharedAccessKey=", r"(?P<s>[A-Za-z0-9+/=%]{30,120})"),
    _after("azure-key", "&sig=", r"(?P<s>[A-Za-z0-9%+/=]{20,200})"),
    _after("azure-key", "?sig=", r"(?P<s>[A-Za-z0-9%+/=]{20,200})"),
    _token("azure-key", "Q~", r"[\w.~-]{3}\dQ~[\w.~-]{31,34}", back=(4,)),
    _token(
        "github-token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"gh[pousr]_[A-Za-z0-9]{20,255}",
        r"github_pat_[A-Za-z0-9_]{22,255}",
    ),
    _token(
        "gitlab-token",
        "glpat- glptt- gldt- glrt- glcbt- glft- glimt- glagent- gloas- glsoat- glffct- GR1348941",
        r"gl(?:pat|ptt|dt|rt|cbt|ft|imt|agent|oas|soat|ffct)-[\w.-]{20,300}",
        r"GR1348941[\w-]{20,}",
    ),
    _token("slack-token", "xox xapp-", r"xox[a-z](?:\.xox[a-z])?-[\w-]{10,250}", r"xapp-\d-[\w-]{10,200}"),
    _after("webhook-url", "hooks.slack.com/", r"(?:services|workflows|triggers)/(?P<s>[\w/-]{10,200})"),
    _after("webhook-url", "discord.com/api/webhooks/", r"(?P<s>[\w/-]{10,200})"),
    _after("webhook-url", "discordapp.com/api/webhooks/", r"(?P<s>[\w/-]{10,200})"),
    _after("webhook-url", ".webhook.office.com/", r"(?P<s>[\w/@-]{10,400})"),
    _token(
        "stripe-key",
        "sk_live_ sk_test_ rk_live_ rk_test_ pk_live_ pk_test_ whsec_",
        r"[srp]k_(?:live|test)_[A-Za-z0-9]{10,250}",
        r"whsec_[A-Za-z0-9+/=]{20,100}",
    ),
    _token(
        "llm-key",
        "sk- gsk_ hf_ r8_ pplx- xai- nvapi- fw_ tvly-",
        r"sk-(?:[a-z]{2,8}\d{0,2}-){0,3}(?=[A-Za-z_-]{0,200}\d)[\w-]{20,250}",
        r"(?:gsk|hf|r8|pplx|xai|nvapi|fw|tvly)[_-][A-Za-z0-9_-]{30,120}",
    ),
    _token("onrecall-key", "onr_", r"onr_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}"),
    _token("npm-token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _token("pypi-token", "pypi-", r"pypi-[\w-]{40,250}"),
    _token(
        "package-token",
        "rubygems_ dckr_ cio oy2 AKCp",
        r"rubygems_[0-9a-f]{48}",
        r"dckr_(?:pat|oat)_[\w-]{20,60}",
        r"cio[A-Za-z0-9]{32}(?!\w)",
        r"oy2[a-z0-9]{43}",
        r"AKCp[A-Za-z0-9]{40,80}",
    ),
    _token("twilio-key", "SK AC", r"(?:SK|AC)[0-9a-f]{32}(?![0-9a-zA-Z])"),
    _token("sendgrid-key", "SG.", r"SG\.[\w-]{16,32}\.[\w-]{16,64}"),
    _token(
        "mail-key",
        "key- xkeysib- re_",
        r"key-[0-9a-f]{32}(?!\w)",
        r"xkeysib-[0-9a-f]{64}-\w{16}",
        r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,32}(?!\w)",
    ),
    _token("mail-key", "-us", r"[0-9a-f]{32}-us\d{1,2}(?!\w)", back=(32,)),
    _token("datadog-key", "ddapi_ dd_pat_ ddog_ pub", r"(?:ddapi_|dd_pat_|ddog_|pub)[0-9a-f]{32}(?!\w)"),
    _token(
        "monitoring-key",
        "NRAK- NRJS- NRAA- NRII- NRIQ- NRRA- glsa_ glc_ sntry dt0c01. hcaik_ phc_",
        r"NR(?:AK|JS|AA|II|IQ|RA)-[\w-]{20,40}",
        r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}",
        r"glc_[A-Za-z0-9+/=]{32,400}",
        r"sntry[su]_[\w+/=-]{30,400}",
        r"dt0c01\.[A-Z0-9]{24}\.[A-Z0-9]{64}",
        r"hcaik_[\w]{30,80}",
        r"phc_[A-Za-z0-9]{40,50}",
    ),
    _token("monitoring-key", "NRAL", r"[0-9a-f]{36}NRAL", back=(36,)),
    _token("pagerduty-key", "pdus+ pdeu+ u+", r"(?:pdus\+_|pdeu\+_|u\+)[\w-]{18,40}"),
    _token("vault-token", "hvs. hvb. hvr. s.", r"hv[sbr]\.[\w-]{20,300}", r"s\.[A-Za-z0-9]{24}(?![\w.])"),
    _token(
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
    _token("cloud-token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,80}", back=(14,)),
    _token(
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
    _token("app-token", ":AA", r"\d{8,10}:AA[\w-]{32,34}", back=(8, 9, 10)),
    _token(
        "app-token",
        "MT MD MJ MZ ND NT NZ NJ OD OT Mz Nj Nz Nd Mj Mt Od Ot",
        r"[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,40}",
    ),
    _token("jwt", "eyJ", r"eyJ[\w-]{8,}\.(?:eyJ|[\w-])[\w-]{4,}\.[\w-]*(?:\.[\w-]+\.[\w-]+)?"),
)
