"""What the values of one incident look like, kind by kind; where two overlap the earlier in the list holds."""

import re

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_MONTH = r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
_SAFE = "bcdfghjklmnpqrstvwxz2456789"
"""The letters and digits Kubernetes makes random names of."""
_ROLE = (
    r"(?:web|www|app|db|api|cache|lb|proxy|redis|memcached?|mysql|mariadb|pg|postgres|postgresql|mongo|kafka|broker|zk|zookeeper|es|elastic"
    r"|srv|server|host|bastion|jump|vm|rack|edge|frontend|backend|fe|be|primary|replica|standby|shard|mq|rabbit|rabbitmq|mail|smtp|dns|ns|gw|gateway"
    r"|router|switch|build|ci|runner|jenkins|prod|prd|staging|stg|compute|storage|nas|san|esx|hv|kvm|ceph|osd|mon|haproxy|nginx|varnish|vault"
    r"|consul|etcd|nomad|agent|search|queue|auth|batch|cron|gpu|cass|cassandra|solr|ldap|ad|dc|fw|vpn|pay|payments|payment|checkout|log|logs|metrics|prom)"
)
_STATEFUL = (
    r"(?:[a-z0-9]+-)*(?:kafka|postgres|postgresql|pg|redis|mysql|mariadb|zookeeper|zk|elasticsearch|es|opensearch|cassandra|mongo|mongodb|rabbitmq|etcd"
    r"|consul|vault|prometheus|alertmanager|minio|clickhouse|cockroachdb|nats|pulsar|scylla|solr|loki|thanos|master|data|server|primary|replica)-\d{1,3}"
)
_ID_WORD = r"(?:[ _-]?(?:id|ID|Id|number|no\.?|#))"


def _compiled(*patterns: tuple[str, str, int]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern, flags)) for kind, pattern, flags in patterns)


_I = re.IGNORECASE
PATTERNS = _compiled(
    ("arn", r"\barn:aws[\w-]*:[\w-]*:[\w-]*:\d{0,12}:[^\s'\"`,;)\]}]+", 0),
    ("volume", rf"\bpvc-{_UUID}\b|\b(?:vol|snap)-[0-9a-f]{{3,17}}\b", 0),
    ("uuid", rf"\b{_UUID}\b", 0),
    ("digest", r"\bsha256:[0-9a-f]{8,64}\b", 0),
    ("container", r"\b(?:containerd|docker|cri-o)://(?P<value>[0-9a-f]{12,64})\b", 0),
    ("date", r"(?<![\d.])(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?(?: ?(?:Z|UTC)\b|[+-]\d\d:?\d\d\b)?|-[0-2]\d-[0-5]\d)?(?!\d)", 0),
    ("date", r"(?<![\d./])(?:19|20)\d\d[/.][01]\d(?:[/.][0-3]\d)?(?![\d.])(?:[T ][0-2]\d:[0-5]\d(?::[0-6]\d)?)?", 0),
    ("date", r"(?<!\d)20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[T_-]?[0-2]\d[0-5]\d(?:[0-6]\d)?Z?)?(?![\dA-Za-z])", 0),
    ("date", rf"\b(?:[0-3]?\d(?:st|nd|rd|th)? {_MONTH}\.?,? (?:19|20)\d\d|{_MONTH}\.? [0-3]?\d(?:st|nd|rd|th)?,? (?:(?:19|20)\d\d\b)?(?: ?[0-2]?\d:[0-5]\d(?::[0-6]\d)?)?)", 0),
    ("date", r"(?<![\w.])1[5-9]\d{8}(?:\d{3})?(?![\w.])", 0),
    ("time", r"(?<![\d:.])[0-2]\d:[0-5]\d(?::[0-6]\d)?(?:[.,]\d+)? ?(?:Z|UTC|GMT|CET|CEST|EST|PST)\b", 0),
    ("time", r"\b(?:at|since|from|until|till|around|by|between|and|~)[ =\"']+(?P<value>[0-2]?\d:[0-5]\d(?::[0-6]\d)?)(?![\d:])", _I),
    ("mac", r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", _I),
    ("instance", r"\bi-[0-9a-f]{3,17}\b", 0),
    ("resource", r"\b(?:eni|subnet|vpc|sg|ami|igw|nat|rtb|eipalloc|eipassoc|tgw|lt|fs|acl|pcx|vpce|sgr|lt|cgw|vgw)-[0-9a-f]{8,17}\b", 0),
    ("node", r"\bip-\d{1,3}(?:-\d{1,3}){3}(?:\.[\w-]+)*(?:\.internal)?\b", 0),
    ("node", r"\bgke-[a-z0-9-]+-[0-9a-f]{8}-[a-z0-9]{4}\b|\baks-[a-z0-9]+-\d{8}-vmss[0-9a-z]{6}\b", 0),
    ("ip", r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\w-]|\.\d)", 0),
    ("ip", r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:.])", _I),
    ("account", r"(?<!\d)(?P<value>\d{12})(?=\.dkr\.ecr|:role/|:user/)|\b(?:account|acct|owner)s?" + _ID_WORD + r"?s?[ =:#\"']+(?P<other>\d{12})(?!\d)", _I),
    ("email", r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z]{2,12}\b(?!:)", _I),
    ("host", r"\b[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:rds|elb|elasticache|cache|es|redshift|docdb|compute)(?:\.[a-z0-9-]+)*\.amazonaws\.com\b", _I),
    ("host", r"\b(?=[a-z-]*\d)[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:internal|local|lan|corp|com|net|org|io|cloud|dev|intra|example|prod|int|priv)\b(?!\.cluster\.local)", _I),
    ("host", r"\b(?!kubernetes\b)[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:internal|lan|corp|intra|priv)\b", _I),
    ("pod", rf"\b[a-z][a-z0-9]*(?:-[a-z0-9]+)*?-(?=[a-z]*\d)(?:[a-f0-9]{{8,10}}|[{_SAFE}]{{8,10}})-[a-z0-9]{{5}}\b", 0),
    ("pod", rf"\b[a-z][a-z0-9]*(?:-[a-z0-9]+)*?-(?=[a-z]+\d|\d+[a-z])(?:[a-f0-9]{{9,10}}|[{_SAFE}]{{9,10}})\b", 0),
    ("pod", rf"\b[a-z][a-z0-9]*(?:-[a-z0-9]+)*?-(?=[a-z]*\d)(?=\d*[a-z])[{_SAFE}]{{5}}\b", 0),
    ("pod", r"\bpods?(?:/| +)(?:-[\w=-]+ +)*(?P<value>(?=[a-z-]*\d)[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*-[a-z0-9]+)\b", 0),
    ("volume", r"\b(?:pvc|pv|persistentvolumeclaim|volume)(?:/| +)(?P<value>(?=[a-z-]*\d)[a-z][a-z0-9]*(?:-[a-z0-9]+)+)\b", 0),
    ("volume", r"/dev/(?:sd[a-z]\d*|nvme\d+n\d+(?:p\d+)?|xvd[a-z]+\d*|vd[a-z]\d*|dm-\d+)\b", 0),
    ("node", r"(?<![\w.-])(?:[a-z0-9]+-)*(?:node|worker|master|control-plane|minion|kubelet|nodepool[\w]*|osd|broker)[-.]?\d{1,4}\b(?![.\w-]*/)", 0),
    ("node", r"\bnodes?(?:/| +)(?P<value>(?=[a-z.-]*\d)[a-z][a-z0-9]*(?:[-.][a-z0-9]+)+)\b", 0),
    ("pod", rf"\b{_STATEFUL}\b", 0),
    ("host", rf"(?<![\w./-])(?:[a-z]+\d?-)*{_ROLE}(?:-?[a-z]+)*-?\d{{1,4}}[a-z]?\b(?![\w./-]*:\d+\.)(?!\.\d)", 0),
    ("host", r"(?<![\w./-])[a-z]+(?:-[a-z]+)*-?0\d{1,3}\b", 0),
    ("host", r"\b(?:ssh|scp|rsync|ping|mosh)\b(?: -\w+(?: [\w./]+)?)*? +(?:[\w.-]+@)?(?P<value>[a-z][\w.-]*\d[\w.-]*)(?=[:\s'\"]|$)", 0),
    ("host", r"(?<=@)(?P<value>[a-z][a-z-]*\d[\w.-]*)", 0),
    ("version", r"(?<=:)(?P<value>v?\d+(?:\.\d+){1,3}(?:[-+][\w.]+)?|[a-z]+-\d[\w.-]*|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}|build-?\d+|v\d+)(?![\w:./-]|\d)", 0),
    ("version", r"(?<![\w./-])v\d+\.\d+(?:\.\d+)*(?:[-+][\w.]*\w)?(?![\w/])", 0),
    ("version", r"(?<![\w./:-])(?<!TLS )(?<!HTTP )(?<!Java )(?<!Python )(?<!PostgreSQL )(?<!MySQL )(?<!Redis )(?<!Kafka )(?<!Node )(?<!Kubernetes )(?<!Linux )(?<!kernel )(?<!OpenSSL )(?<!log4j )\d+\.\d+\.\d+(?:[-+][\w.]*\w)?(?![\w./%]|\.\d)", 0),
    ("build", r"\b(?:PR|MR|build|deploy(?:ment)?|release|rollout|pipeline|run|job|revision|change|ticket)s? (?:no\.? ?|number )?#?(?P<value>\d{3,})\b|(?<=#)(?P<other>\d{2,})\b", _I),
    ("ticket", r"\b(?:INC|CHG|PRB|OPS|SRE|TICKET|RITM|TASK|CASE)-?\d{2,}\b", 0),
    ("pid", r"\bkill(?: -\w+| -s \w+)* (?P<value>\d{2,7}(?: \d{2,7})*)\b", 0),
    ("pid", r"\b(?:pid|PID|tid|TID|process(?:es)?|backend|thread)(?: ?id)?[ =:#(\"']+(?P<value>\d{2,7})\b(?! ?(?:%|ms|s\b|MB|GB|requests|connections|threads|errors))", 0),
    ("pid", r"\b(?:pg_terminate_backend|pg_cancel_backend|killOp|rds_kill(?:_query)?)\s*\(\s*(?P<value>\d+)|\bKILL (?:QUERY |CONNECTION |HARD )?(?P<other>\d+)\b", _I),
    ("pid", r"\b(?:strace|gdb|perf|top|py-spy|lsof|renice|ltrace|pidstat|nsenter|taskset|pmap|jstack|jmap|jcmd|jinfo|jstat|pwdx)\b[^\n|;&]*?(?: -p| --pid| -t|) ?=?(?<=[ p=])(?P<value>\d{3,7})\b", 0),
    ("pid", r"/proc/(?P<value>\d+)(?=/|\b)", 0),
    ("request", rf"\b(?:request|req|trace|span|correlation|transaction|txn|session|message|x-request|traceparent|event|execution|operation){_ID_WORD}?[ =:#\"']+(?P<value>(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{{6,64}})\b", _I),
    ("customer", rf"\b(?:customer|client|tenant|user|merchant|subscriber|member|org|organi[sz]ation|order|invoice|payment|shop|store)s?{_ID_WORD}?[ =:#\"']+(?P<value>(?:[A-Za-z]+[-_])?(?!\d00\b|\d\d% )\d{{3,18}})\b(?! ?(?:%|ms|s\b|MB|GB|requests|connections|errors|users|per))", _I),
    ("customer", r"\b(?:cus|cust|customer|usr|user|acct|tenant|org|ord|order|inv|merchant|mch)[_-](?=[A-Za-z]*\d)[A-Za-z0-9]{3,32}\b", 0),
    ("request", r"\b(?:req|trace|txn|span|sess|evt|msg|ch|pi|sub|tx|rid|corr)[_-](?=[A-Za-z]*\d)[A-Za-z0-9]{6,64}\b", 0),
    ("account", r"\b(?:account|acct|subscription|project)" + _ID_WORD + r"?s?[ =:#\"']+(?P<value>\d{6,20})\b", _I),
    ("position", r"\b[0-9A-F]{1,8}/[0-9A-F]{6,8}\b|\b(?:mysql|mariadb|binlog|relay)-(?:bin|relay-bin)\.\d{6}\b", 0),
    ("address", r"\b0x[0-9a-f]{9,16}\b", _I),
    ("container", r"\b(?:docker|container|crictl|podman|ctr)\b[^\n|;&]*?[ /](?P<value>[0-9a-f]{12}|[0-9a-f]{64})\b", 0),
    ("commit", r"(?<![\w.#/-])[0-9a-f]{40}(?![\w-])", 0),
    ("trace", r"(?<![\w.#/-])(?:[0-9a-f]{32}|[0-9a-f]{16})(?![\w-])", 0),
    ("container", r"(?<![\w.#/-])[0-9a-f]{64}(?![\w-])", 0),
    ("commit", r"(?<![\w.#/-])(?<!0x)[0-9a-f]{7,15}(?![\w.-])", 0),
)  # fmt: skip

WELL_KNOWN = re.compile(
    r"(?:us|eu|ap|sa|ca|me|af|cn|il|europe|asia|northamerica|southamerica|australia)-(?:gov-)?(?:north|south|east|west|central|northeast|southeast|northwest"
    r"|southwest)\d?(?:-?\d)?(?:-?[a-z])?|(?:http|utf|sha|md|oauth|ipv|tls|ssl|rsa|aes|base|x|log|p|route|s|ec|ext|iso|rfc|cve|layer|level|tier|phase|step|port|error|code|exit|sev|http-|es|db|be)-?\d+"
    r"|kubernetes\.default.*|.*\.svc(?:\.cluster)?(?:\.local)?|.*\.cluster\.local|metadata\.google\.internal|host\.docker\.internal|(?:[a-z]+\.)*(?:docker|example|amazonaws)\.(?:io|com)"
    r"|api-?v?\d|app-?v\d|web-?v\d|(?:db|es)-?\d|ns\d|v\d",
    re.IGNORECASE,
)
"""What looks like a host or a pod and is none: regions, protocols, algorithms, well-known names."""
