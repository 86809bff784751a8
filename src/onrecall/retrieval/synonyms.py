"""Names that operators use for the same thing: who asks about a PVC is also looking for persistent volume claims.

Plain knowledge of the trade, and only names: words that merely go together are what the sentence model is for. Looked
up when somebody asks, never when something is stored, so the table may grow without anything being made anew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onrecall.retrieval import tokenizer

SYNONYM_TABLE = """
k8s | kube | kubernetes
pvc | persistent volume claim
pv | persistent volume
hpa | horizontal pod autoscaler
vpa | vertical pod autoscaler
pdb | pod disruption budget
crd | custom resource definition
ns | namespace
sts | statefulset | stateful set
daemonset | daemon set
configmap | config map
replicaset | replica set
cronjob | cron job
crashloop | crash loop | crashloopbackoff
apiserver | api server
healthcheck | health check
svc | service
oom | out of memory | oomkilled
gc | garbage collection
jvm | java virtual machine
cpu | processor
mem | memory | ram
fs | filesystem | file system
nfs | network file system
fd | file descriptor
io | input output
db | database
pg | postgres | postgresql | psql
mongo | mongodb
elastic | elasticsearch
rmq | rabbitmq
wal | write ahead log
repl | replication
kv | key value
mq | message queue
dlq | dead letter queue
cdc | change data capture
auth | authentication
auth | authorization
authn | authentication
authz | authorization
rbac | role based access control
acl | access control list
sso | single sign on
mfa | multi factor authentication
cert | certificate
ca | certificate authority
tls | ssl
lb | loadbalancer | load balancer
dns | domain name system
cdn | content delivery network
vpn | virtual private network
waf | web application firewall
bgp | border gateway protocol
nic | network interface
iface | interface
tx | transmit
rx | receive
ntp | network time protocol
vm | virtual machine
asg | autoscaling group | auto scaling group
datacenter | data center | data centre
ha | high availability
dr | disaster recovery
slo | service level objective
sla | service level agreement
rca | root cause analysis
rps | requests per second
qps | queries per second
ttl | time to live
conn | connection
req | request
resp | response
err | error
msg | message
cfg | config | configuration
env | environment
prod | production
perf | performance
util | utilization | utilisation
max | maximum
avg | average
pkg | package
repo | repository
app | application
mgr | manager
timeout | time out
failover | fail over
rollback | roll back
rollout | roll out
hostname | host name
4xx | client error
5xx | server error
"""
"""A line for each thing: its names. A name on two lines may mean either."""


@dataclass(frozen=True, slots=True)
class Synonym:
    """Another name of something mentioned in a text."""

    original: str
    original_terms: tuple[str, ...]
    name: str
    terms: tuple[str, ...]


def find_synonyms(sequence: Sequence[str]) -> Iterator[Synonym]:
    """Yield the synonyms of names within a sequence of terms, each once."""
    yielded: set[tuple[str, str]] = set()
    for at, term in enumerate(sequence):
        for form, names in _BY_FIRST_TERM.get(term, ()):
            if tuple(sequence[at : at + len(form)]) != form:
                continue
            for synonym in names:
                if (synonym.original, synonym.name) not in yielded:
                    yielded.add((synonym.original, synonym.name))
                    yield synonym


def _index_by_first_term() -> dict[str, list[tuple[tuple[str, ...], list[Synonym]]]]:
    """By the first term of a name: all its terms, and the other names."""
    table: dict[str, list[tuple[tuple[str, ...], list[Synonym]]]] = {}
    for line in SYNONYM_TABLE.strip().splitlines():
        names = [name.strip() for name in line.split("|")]
        forms = {name: tuple(tokenizer.tokenize(name)) for name in names}
        for original, form in forms.items():
            synonyms = [
                Synonym(original, form, name, other_form) for name, other_form in forms.items() if other_form != form
            ]
            table.setdefault(form[0], []).append((form, synonyms))
    return table


_BY_FIRST_TERM = _index_by_first_term()
