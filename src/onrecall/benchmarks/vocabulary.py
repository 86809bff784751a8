"""The words that made-up incidents are told in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutageKind:
    """A kind of outage: how alerts name it, how people tell it, its codes, and its causes with what fixed each."""

    alert: str
    title: str
    symptom: str
    question: str
    codes: tuple[str, ...]
    causes: tuple[tuple[str, str], ...]


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


FAULTS = (
    OutageKind(
        "HighErrorRate", "error rate above threshold on", "clients see failed requests and retries pile up",
        "we are getting a lot of failing calls from", ("HTTP 500", "HTTP 502", "E5021"),
        (("a bad deploy shipped a null check that always fails", "rolled back to the previous release"),
         ("a feature flag enabled an unfinished code path", "turned the flag off and purged the cache")),
    ),
    OutageKind(
        "LatencyP99High", "p99 latency degraded on", "responses take several seconds and timeouts follow",
        "everything is very slow in", ("HTTP 504", "ETIMEDOUT"),
        (("a missing index made the query scan the whole table", "added the index concurrently"),
         ("a noisy neighbour saturated the disk", "moved the volume to dedicated storage")),
    ),
    OutageKind(
        "ConnectionPoolExhausted", "connection pool exhausted in",
        "threads wait for a free connection until they give up",
        "no free database connections left in", ("53300", "E0417"),
        (("connections leaked after an exception in the retry loop",
          "closed connections in a finally block and restarted"),
         ("pool size was lowered by a configuration change", "restored the pool size and reloaded")),
    ),
    OutageKind(
        "PodCrashLooping", "pods crash looping for", "containers restart every few seconds and never become ready",
        "containers keep dying and restarting in", ("CrashLoopBackOff", "exit code 1"),
        (("a secret was rotated and the mount still had the old one",
          "re-created the secret and restarted the rollout"),
         ("the startup probe was too short for the migration", "raised the probe's failure threshold")),
    ),
    OutageKind(
        "ContainerOOMKilled",
        "out of memory kills on", "the kernel kills the process when the heap grows past its limit",
        "process is being killed for using too much memory in", ("OOMKilled", "exit code 137"),
        (("an unbounded cache kept every session", "bounded the cache and raised the limit"),
         ("a report loaded the whole result set at once", "streamed the rows in batches")),
    ),
    OutageKind(
        "DiskAlmostFull", "disk almost full on", "writes fail and the node stops taking work",
        "running out of space on the volume of", ("ENOSPC", "E1420"),
        (("debug logging was left on and rotation was off", "deleted old logs and turned rotation on"),
         ("orphaned snapshots were never removed", "removed the snapshots and scheduled a cleanup")),
    ),
    OutageKind(
        "CertificateExpired", "TLS certificate expired for", "handshakes fail and callers report untrusted peers",
        "clients reject the certificate presented by", ("E0495", "SSL-1042"),
        (("automatic renewal had been failing on a DNS challenge", "fixed the challenge record and renewed by hand"),
         ("the chain lacked the new intermediate", "deployed the full chain")),
    ),
    OutageKind(
        "ConsumerLagHigh", "consumer lag growing on", "messages wait for hours and dashboards show stale data",
        "the queue is backing up behind", ("REBALANCE-1003", "E2207"),
        (("one poisoned message was retried without end", "moved the message to the dead letter topic"),
         ("a rebalance storm followed a short session timeout", "raised the session timeout and added partitions")),
    ),
    OutageKind(
        "ReplicationLag", "replication lag on", "reads from the replica return old rows",
        "replicas are far behind the primary of", ("40001", "MYSQL-1205"),
        (("a long transaction blocked the apply process", "ended the transaction and let the replica catch up"),
         ("a bulk backfill outran the replica", "throttled the backfill")),
    ),
    OutageKind(
        "DeadlockDetected", "deadlocks in", "transactions abort each other and orders stay half written",
        "transactions are aborting each other in", ("40P01", "ORA-00060"),
        (("two jobs updated the same rows in opposite order", "made both take their locks in one order"),
         ("a trigger touched a parent row", "moved the trigger's work to a queue")),
    ),
    OutageKind(
        "DNSFailures", "name resolution failing in", "lookups time out now and then and calls fail at random",
        "hosts cannot be resolved from", ("EAI_AGAIN", "ENOTFOUND", "DNS-4012"),
        (("the resolver's cache overflowed its limit", "scaled the resolver and raised the limit"),
         ("a search domain multiplied every lookup", "set ndots to one")),
    ),
    OutageKind(
        "ConnectionRefused", "upstream refuses connections from", "every call ends at once without an answer",
        "cannot connect to the backend used by", ("ECONNREFUSED", "HTTP 503"),
        (("the listener bound to localhost after an upgrade", "set the bind address and restarted"),
         ("a network policy dropped the traffic", "allowed the namespace in the policy")),
    ),
    OutageKind(
        "RateLimited", "requests throttled by upstream of", "calls are rejected with too many requests",
        "we are being rate limited in", ("HTTP 429", "E4290"),
        (("a retry without backoff multiplied the traffic", "added backoff with jitter"),
         ("the quota was not raised after the launch", "asked for a higher quota and queued the rest")),
    ),
    OutageKind(
        "NodeNotReady", "nodes not ready under", "the kubelet stops reporting and pods are evicted",
        "machines dropped out of the cluster that runs", ("NodeNotReady", "Evicted"),
        (("the runtime hung on a stuck mount", "drained and rebooted the node"),
         ("clock skew broke the client certificates", "restarted time synchronisation")),
    ),
    OutageKind(
        "AuthFailures", "logins failing on", "users are asked to sign in again and again",
        "nobody can log in to", ("HTTP 401", "28P01", "E0310"),
        (("the signing key was rotated without a grace period", "published both keys for a day"),
         ("the identity provider changed its issuer", "updated the issuer in the configuration")),
    ),
    OutageKind(
        "CacheMissStorm", "cache miss storm on", "the database takes all traffic when the cache is cold",
        "cache stopped helping and the database is hammered by", ("E6379", "REDIS-1101"),
        (("all keys had been written with the same expiry", "spread the expiry and warmed the cache"),
         ("a failover emptied the cache", "turned persistence on and warmed the cache")),
    ),
    OutageKind(
        "JobFailed", "scheduled job failing in", "the nightly run ends early and reports are missing",
        "the batch run did not finish in", ("exit code 2", "JOB-2044"),
        (("an upstream file came with another header", "mapped the new column and ran the job again"),
         ("the job overlapped with the backup window", "moved the schedule by two hours")),
    ),
    OutageKind(
        "ImagePullFailed", "image cannot be pulled for", "new pods stay pending while old ones go",
        "rollout is stuck because images do not arrive for", ("ImagePullBackOff", "ErrImagePull"),
        (("the registry token had expired", "renewed the pull secret"),
         ("the tag was removed by the retention policy", "pushed the tag again and pinned the digest")),
    ),
    OutageKind(
        "CPUThrottling", "CPU throttling on", "the scheduler holds the process back at every burst",
        "not enough processor time for", ("E7001", "CFS-0099"),
        (("the limit was set to the average use", "removed the limit and kept the request"),
         ("a regular expression backtracked on long input", "replaced the expression by a parser")),
    ),
    OutageKind(
        "DataCorruption", "checksum mismatch found in", "records read back differ from what was written",
        "data read back looks damaged in", ("ORA-00600", "XX001", "CRC-5005"),
        (("a controller lied about its write cache", "replaced the controller and restored from backup"),
         ("two writers shared a file without a lock", "restored the file and took a lock")),
    ),
)  # fmt: skip

FIRST = _words(
    "checkout payment ledger invoice cart catalog search pricing inventory shipping order refund fraud "
    "identity session profile notification email sms push billing subscription tax report audit export "
    "import ingest stream media image video upload download archive recommendation ranking feed timeline "
    "chat presence location routing dispatch driver booking calendar survey review loyalty coupon gift "
    "wallet payout settlement risk consent document signature"
)
SECOND = _words(
    "api worker gateway service proxy cache scheduler consumer producer indexer store broker sync webhook "
    "router loader aggregator validator monitor adapter"
)
PARTS = _words(
    "Connection Pool Session Request Response Token Message Batch Stream Cache Lock Retry Circuit Payment "
    "Order Ledger Partition Offset Schema Query Index Cursor Socket Channel Worker Thread Buffer Header "
    "Payload Config Secret Quota"
)
ENDS = _words("Exception Error Handler Manager Client Factory Provider Listener Processor Repository")
VERBS = _words("create update list refund search confirm cancel export sync validate publish replay")
KEYS = _words(
    "max_size idle_timeout_ms retry_limit batch_bytes ttl_seconds queue_depth heap_mb lease_ms backlog fanout"
)
ZONES = _words("eu-west-1a eu-west-1b us-east-1c us-east-1d ap-south-1a eu-central-1b us-west-2a sa-east-1b")
SYLLABLES = _words("ka lo mi ren ta vor su ne dal qui bra fen go hel ix jun ler mon or pra")
FILLERS = (
    "The on-call engineer saw it first on the dashboard",
    "Support got tickets from several customers",
    "It began shortly after the maintenance window",
    "Traffic was at its daily peak",
    "No deploy had happened that day",
    "The canary had looked healthy for an hour",
    "A restart helped only for some minutes",
    "The same graph had shown a smaller bump a week before",
    "Failover to the other zone did not change anything",
    "The error budget for the month was spent by noon",
)
