"""What the values of one incident look like, kind by kind; where two overlap the earlier in the list holds."""

import re

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)"
)
_CLOCK = r"[0-2]\d:[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?"
_SAFE = "bcdfghjklmnpqrstvwxz2456789"
"""The letters and digits Kubernetes makes random names of."""
_ROLE = (
    "(?:web|www|app|db|api|cache|lb|proxy|redis|memcached?|mysql|mariadb|pg|postgres|postgresql|mongo|kafka|broker|zk"
    "|zookeeper|es|elastic|srv|server|host|bastion|jump|vm|rack|edge|frontend|backend|fe|be|primary|replica|standby|shard"
    "|mq|rabbit|rabbitmq|mail|smtp|dns|ns|gw|gateway|router|switch|build|ci|runner|jenkins|prod|prd|staging|stg|compute"
    "|storage|nas|san|esx|hv|kvm|ceph|osd|mon|haproxy|nginx|varnish|vault|consul|etcd|nomad|agent|search|queue|auth|batch"
    "|cron|gpu|cass|cassandra|solr|ldap|ad|dc|fw|vpn|pay|payments|payment|checkout|log|logs|metrics|prom)"
)
_STATEFUL = (
    "(?<![a-z0-9-])(?:[a-z0-9]+-){0,12}(?:kafka|postgres|postgresql|pg|redis|mysql|mariadb|zookeeper|zk|elasticsearch|es|opensearch|cassandra"
    "|mongo|mongodb|rabbitmq|etcd|consul|vault|prometheus|alertmanager|minio|clickhouse|cockroachdb|nats|pulsar|scylla|solr"
    r"|loki|thanos)"
    r"(?:-(?:master|data|server|primary|replica|node|broker|controller|coordinator))?-\d{1,3}"
)
_DOMAINS = "(?:internal|local|lan|corp|com|net|org|io|cloud|dev|intra|example|prod|int|priv)"
_SOFTWARE = "TLS HTTP Java Python PostgreSQL MySQL Redis Kafka Node Kubernetes Linux kernel OpenSSL log4j"
_NO_SOFTWARE = "".join(f"(?<!{name} )" for name in _SOFTWARE.split(" "))
_IDENTIFIER = r"(?:[ _-]?(?:id|number|no\.?|#))"
_IS = r"[ =:#\"']+"
_MEASURED = r"(?! ?(?:%|ms|s\b|MB|GB|requests|connections|threads|errors|users|per))"
_TOOLS = "strace|gdb|perf|top|py-spy|lsof|renice|ltrace|pidstat|nsenter|taskset|pmap|jstack|jmap|jcmd|jinfo|jstat|pwdx"
_I = re.IGNORECASE


def _kind(kind: str, *patterns: str, flags: int = 0) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """A kind and its patterns; where a pattern has a named group, that is the value."""
    return tuple((kind, re.compile(pattern, flags)) for pattern in patterns)


PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    *_kind("arn", r"\barn:aws[\w-]*:[\w-]*:[\w-]*:\d{0,12}:[^\s'\"`,;)\]}]+"),
    *_kind("volume", rf"\bpvc-{_UUID}\b", r"\b(?:vol|snap)-[0-9a-f]{3,17}\b"),
    *_kind("uuid", rf"\b{_UUID}\b"),
    *_kind("digest", r"\bsha256:[0-9a-f]{8,64}\b"),
    *_kind("container", r"\b(?:containerd|docker|cri-o)://(?P<value>[0-9a-f]{12,64})\b"),
    *_kind(
        "date",
        rf"(?<![\d.])(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ]{_CLOCK}(?: ?(?:Z|UTC)\b|[+-]\d\d:?\d\d\b)?"
        r"|-[0-2]\d-[0-5]\d)?(?!\d)",
        rf"(?<![\d./])(?:19|20)\d\d[/.][01]\d(?:[/.][0-3]\d)?(?![\d.])(?:[T ]{_CLOCK})?",
        r"(?<!\d)20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[T_-]?[0-2]\d[0-5]\d(?:[0-6]\d)?Z?)?(?![\dA-Za-z])",
        rf"\b[0-3]?\d(?:st|nd|rd|th)? {_MONTH}\.?,?(?: (?:19|20)\d\d)?\b",
        rf"\b{_MONTH}\.? [0-3]?\d(?:st|nd|rd|th)?\b(?:,? (?:19|20)\d\d\b)?(?:,? {_CLOCK}\b)?",
        r"(?<![\w.])1[5-9]\d{8}(?:\d{3})?(?![\w.])",
    ),
    *_kind("time", rf"(?<![\d:.]){_CLOCK} ?(?:Z|UTC|GMT|CET|CEST|EST|PST)\b"),
    *_kind(
        "time",
        r"\b(?:at|since|from|until|till|around|by|between|and|~)[ =\"']+"
        r"(?P<value>[0-2]?\d:[0-5]\d(?::[0-6]\d)?)(?![\d:])",
        flags=_I,
    ),
    *_kind("mac", r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", flags=_I),
    *_kind("instance", r"\bi-[0-9a-f]{3,17}\b"),
    *_kind(
        "resource",
        r"\b(?:eni|subnet|vpc|sg|ami|igw|nat|rtb|eipalloc|eipassoc|tgw|lt|fs|acl|pcx|vpce|sgr|cgw|vgw)-[0-9a-f]{8,17}\b",
    ),
    *_kind(
        "node",
        r"\bip-\d{1,3}(?:-\d{1,3}){3}(?:\.[\w-]+)*(?:\.internal)?\b",
        r"\bgke-[a-z0-9-]{1,80}-[0-9a-f]{8}-[a-z0-9]{4}\b",
        r"\baks-[a-z0-9]+-\d{8}-vmss[0-9a-z]{6}\b",
    ),
    *_kind("ip", r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\w-]|\.\d)"),
    *_kind("ip", r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:.])", flags=_I),
    *_kind("account", r"(?<!\d)\d{12}(?=\.dkr\.ecr|:role/|:user/)"),
    *_kind("account", rf"\b(?:account|acct|owner)s?{_IDENTIFIER}?s?{_IS}(?P<value>\d{{12}})(?!\d)", flags=_I),
    *_kind("email", r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z]{2,12}\b(?!:)", flags=_I),
    *_kind(
        "host",
        r"(?<![\w.-])[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+){0,8}\.(?:rds|elb|elasticache|cache|es|redshift|docdb|compute)"
        r"(?:\.[a-z0-9-]+){0,8}\.amazonaws\.com\b",
        rf"(?<![\w.-])(?=[a-z-]*\d)[a-z][a-z0-9-]*(?:\.[a-z0-9-]+){{0,8}}\.{_DOMAINS}\b(?!\.cluster\.local)",
        r"(?<![\w.-])(?!kubernetes\b)[a-z][a-z0-9-]*(?:\.[a-z0-9-]+){0,8}\.(?:internal|lan|corp|intra|priv)\b",
        flags=_I,
    ),
    *_kind(
        "request",
        r"\b(?:req|trace|txn|span|sess|evt|msg|ch|pi|sub|tx|rid|corr)[_-](?=[A-Za-z]*\d)[A-Za-z0-9]{6,64}(?![\w-])",
    ),
    *_kind(
        "pod",
        rf"(?<![\w-])[a-z][a-z0-9]*(?:-[a-z0-9]+){{0,12}}?-(?=[a-z]*\d)(?:[a-f0-9]{{8,10}}|[{_SAFE}]{{8,10}})-[a-z0-9]{{5}}\b",
        rf"(?<![\w-])[a-z][a-z0-9]*(?:-[a-z0-9]+){{0,12}}?-(?=[a-z]+\d|\d+[a-z])(?:[a-f0-9]{{9,10}}|[{_SAFE}]{{9,10}})\b",
        rf"(?<![\w-])[a-z][a-z0-9]*(?:-[a-z0-9]+){{0,12}}?-(?=[a-z]*\d)(?=\d*[a-z])[{_SAFE}]{{5}}\b",
        r"\bpods?(?:/| +)(?:-[\w=-]+ +)*(?P<value>(?=[a-z-]*\d)[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*-[a-z0-9]+)\b",
    ),
    *_kind(
        "volume",
        r"\b(?:pvc|pv|persistentvolumeclaim|volume)(?:/| +)(?P<value>(?=[a-z-]*\d)[a-z][a-z0-9]*(?:-[a-z0-9]+)+)\b",
        r"/dev/(?:sd[a-z]\d*|nvme\d+n\d+(?:p\d+)?|xvd[a-z]+\d*|vd[a-z]\d*|dm-\d+)\b",
    ),
    *_kind(
        "node",
        r"(?<![\w.-])(?:[a-z0-9]+-){0,12}(?:node|worker|master|control-plane|minion|kubelet|nodepool[\w]*|osd|broker)"
        r"[-.]?\d{1,4}\b(?![.\w-]*/)",
        r"\bnodes?(?:/| +)(?P<value>(?=[a-z.-]*\d)[a-z][a-z0-9]*(?:[-.][a-z0-9]+)+)\b",
    ),
    *_kind("pod", rf"{_STATEFUL}\b"),
    *_kind(
        "host",
        rf"(?<![\w./-])(?:[a-z]+\d?-){{0,12}}{_ROLE}[a-z]*(?:-[a-z]+){{0,12}}-?\d{{1,4}}[a-z]?\b(?![\w./-]*:\d+\.)(?!\.\d)",
        r"(?<![\w./-])[a-z]+(?:-[a-z]+){0,12}-?0\d{1,3}\b",
        r"\b(?:ssh|scp|rsync|ping|mosh)\b(?: -\w+(?: [\w./]+)?){0,8}? +(?:[\w.-]+@)?"
        r"(?P<value>[a-z][\w.-]*\d[\w.-]*)(?=[:\s'\"]|$)",
        r"(?<=@)(?P<value>[a-z][a-z-]*\d[\w.-]*)",
    ),
    *_kind(
        "version",
        r"(?<=:)(?P<value>v?\d+(?:\.\d+){1,3}(?:[-+][\w.]+)?|[a-z]+-\d[\w.-]*|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}"
        r"|build-?\d+|v\d+)(?![\w:./-]|\d)",
        r"(?<![\w./-])v\d+\.\d+(?:\.\d+)*(?:[-+][\w.]*\w)?(?![\w/])",
        rf"(?<![\w./:-]){_NO_SOFTWARE}\d+\.\d+\.\d+(?:[-+][\w.]*\w)?(?![\w./%]|\.\d)",
    ),
    *_kind(
        "build",
        r"\b(?:PR|MR|build|deploy(?:ment)?|release|rollout|pipeline|run|job|revision|change|ticket)s? "
        r"(?:no\.? ?|number )?#?(?P<value>\d{3,})\b",
        flags=_I,
    ),
    *_kind("ticket", r"\b(?:INC|CHG|PRB|OPS|SRE|TICKET|RITM|TASK|CASE)-?\d{2,}\b"),
    *_kind(
        "pid",
        r"\bkill(?: -\w+| -s \w+)* (?P<value>\d{2,7}(?: \d{2,7})*)\b",
        rf"\b(?:pid|PID|tid|TID|process(?:es)?|backend|thread)(?: ?id)?[ =:#(\"']+(?P<value>\d{{2,7}})\b{_MEASURED}",
        rf"\b(?:{_TOOLS})\b[^\n|;&]{{0,200}}?(?: -p| --pid| -t|) ?=?(?<=[ p=])(?P<value>\d{{3,7}})\b",
        r"/proc/(?P<value>\d+)(?=/|\b)",
    ),
    *_kind(
        "pid",
        r"\b(?:pg_terminate_backend|pg_cancel_backend|killOp|rds_kill(?:_query)?)\s*\(\s*(?P<value>\d+)",
        r"\bKILL (?:QUERY |CONNECTION |HARD )?(?P<value>\d+)\b",
        flags=_I,
    ),
    *_kind(
        "request",
        rf"\b(?:request|req|trace|span|correlation|transaction|txn|session|message|x-request|traceparent|event|execution"
        rf"|operation){_IDENTIFIER}?{_IS}(?P<value>(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{{6,64}})\b",
        flags=_I,
    ),
    *_kind(
        "customer",
        rf"\b(?:customer|client|tenant|user|merchant|subscriber|member|org|organi[sz]ation|order|invoice|payment|shop|store)"
        rf"s?{_IDENTIFIER}?{_IS}(?P<value>(?:[A-Za-z]+[-_])?(?!\d00\b|\d\d% )\d{{3,18}})\b{_MEASURED}",
        flags=_I,
    ),
    *_kind("build", r"(?<=#)\d{2,}\b"),
    *_kind(
        "customer",
        r"\b(?:cus|cust|customer|usr|user|acct|tenant|org|ord|order|inv|merchant|mch)[_-]"
        r"(?=[A-Za-z]*\d)[A-Za-z0-9]{3,32}\b",
    ),
    *_kind(
        "account",
        rf"\b(?:account|acct|subscription|project){_IDENTIFIER}?s?{_IS}(?P<value>\d{{6,20}})\b",
        flags=_I,
    ),
    *_kind(
        "position", r"\b[0-9A-F]{1,8}/[0-9A-F]{6,8}\b", r"\b(?:mysql|mariadb|binlog|relay)-(?:bin|relay-bin)\.\d{6}\b"
    ),
    *_kind("address", r"\b0x[0-9a-f]{9,16}\b", flags=_I),
    *_kind(
        "container",
        r"\b(?:docker|container|crictl|podman|ctr)\b[^\n|;&]{0,200}?[ /](?P<value>[0-9a-f]{12}|[0-9a-f]{64})\b",
    ),
    *_kind("commit", r"(?<![\w.#/-])[0-9a-f]{40}(?![\w-])"),
    *_kind("trace", r"(?<![\w.#/-])(?:[0-9a-f]{32}|[0-9a-f]{16})(?![\w-])"),
    *_kind("container", r"(?<![\w.#/-])[0-9a-f]{64}(?![\w-])"),
    *_kind("commit", r"(?<![\w.#/-])(?<!0x)[0-9a-f]{7,15}(?![\w.-])"),
)

_COMPASS = "north|south|east|west|central|northeast|southeast|northwest|southwest"
_CONTINENTS = "us|eu|ap|sa|ca|me|af|cn|il|europe|asia|northamerica|southamerica|australia"
WELL_KNOWN = re.compile(
    rf"(?:{_CONTINENTS})-(?:gov-)?(?:{_COMPASS})\d?(?:-?\d)?(?:-?[a-z])?"
    r"|(?:http|utf|sha|md|oauth|ipv|tls|ssl|rsa|aes|base|x|log|p|route|s|ec|ext|iso|rfc|cve|layer|level|tier|phase|step|port"
    r"|error|code|exit|sev|http-|es|db|be)-?\d+"
    r"|kubernetes\.default.*|.*\.svc(?:\.cluster)?(?:\.local)?|.*\.cluster\.local|metadata\.google\.internal"
    r"|host\.docker\.internal|(?:[a-z]+\.)*(?:docker|example|amazonaws)\.(?:io|com)|api-?v?\d|(?:app|web)-?v\d|(?:db|es)-?\d"
    r"|ns\d|v\d|log4\w+|web[23]",
    re.IGNORECASE,
)
"""What looks like a host or a pod and is none: regions, protocols, algorithms, well-known names."""
