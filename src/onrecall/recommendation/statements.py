"""How dangerous a statement sent to a database is: SQL, Redis commands, and the MongoDB shell."""

import re
from collections.abc import Iterator

from sqlglot.dialects.mysql import MySQL
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from onrecall.incident import Risk
from onrecall.recommendation.assessment import (
    Assessment,
    destructive,
    disruptive,
    read_only,
    reversible,
    unknown,
    worst,
)

LOOKS_LIKE_SQL = re.compile(
    r"""(?: select\b(?!\s+\w+\s+in\b) | with\s+(?:recursive\s+)?[\w"]+\s*(?:\([^)]*\)\s*)?as\b | insert\s+(?:into|ignore)\b
    | update\s+[\w."`<‹]+\S*\s+(?:\w+\s+)?set\b | delete\s+(?:\w+\s+)?from\b | truncate\s+(?:table\s+|only\s+)?[\w"`]
    | drop\s+(?:table|index|database|schema|view|materialized|user|role|extension|function|sequence|trigger|type|column
      |publication|subscription|procedure|policy|constraint|owned|tablespace|event|keyspace|server|collection)\b
    | alter\s+(?:table|system|role|user|database|index|sequence|instance|session|schema|view|type|default|extension
      |subscription|publication|function|server|login|event)\b
    | create\s+(?:or\s+replace\s+|unique\s+|temp\w*\s+|materialized\s+|if\s+)?(?:table|index|database|schema|view|user|role
      |extension|function|sequence|trigger|type|publication|subscription|procedure|policy|materialized|event|login)\b
    | explain\s+(?:\(|analy[sz]e\b|verbose\b|select\b|update\b|delete\b|insert\b|format\b|with\b|extended\b) | vacuum\b
    | analy[sz]e\s+(?:table\s+|verbose\s+)?[\w"]+\s*;?\s*$ | reindex\b | grant\s+.*\bto\b | revoke\s+.*\bfrom\b
    | show\s+(?:\w+\s+)*\w+\s*(?:like\b.*|where\b.*|from\b.*|\\G)?;?\s*$
    | set\s+(?:global|session|local|persist|@@|\w[\w.]*\s*(?:=|\bto\b))
    | kill\s+(?:query|connection|hard|soft)\b | flush\s+(?:tables|privileges|logs|hosts|status|binary)\b
    | (?:start|stop|reset|change)\s+(?:slave|replica|master|replication|group_replication)\b | purge\s+(?:binary|master)\b
    | lock\s+tables?\b | unlock\s+tables\b | optimize\s+(?:local\s+)?table\b | repair\s+table\b | check\s+table\b
    | refresh\s+materialized\b | cluster\s+\w+\s+using\b | checkpoint\s*; | merge\s+into\b | replace\s+into\b
    | rename\s+table\b | copy\s+[\w."(]+.*\b(?:from|to)\b | call\s+[\w.]+\s*\( | begin\s*; | begin\s*$ | begin\s+transaction
    | start\s+transaction | commit\s*; | rollback\s*; | do\s+\$\$ | comment\s+on\b | load\s+data\b | describe\s+\w+\s*;
    | desc\s+\w+\s*; | use\s+\w+\s*; | execute\s+\w+ | notify\s+\w+ | listen\s+\w+ | table\s+\w+\s*; | reassign\s+owned | cancel\s+query
    | prepare\s+\w+\s+as | discard\s+all | reset\s+all | lock\s+\w+\s+in )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_COMMENTS = re.compile(r"^\s*(?:--[^\n]*\n\s*|/\*(?!!).*?\*/\s*|\(\s*(?=select|with))+", re.DOTALL | re.IGNORECASE)

_FUNCTIONS: dict[Risk, frozenset[str]] = {
    "destructive": frozenset(
        [
            "PG_DROP_REPLICATION_SLOT",
            "PG_STAT_RESET",
            "PG_STAT_RESET_SHARED",
            "PG_STAT_STATEMENTS_RESET",
            "PG_REPLICATION_SLOT_ADVANCE",
            "PG_STAT_RESET_SINGLE_TABLE_COUNTERS",
            "LO_UNLINK",
            "PG_LOGICAL_SLOT_GET_CHANGES",
            "PG_LOGICAL_SLOT_GET_BINARY_CHANGES",
            "PG_REPLICATION_ORIGIN_DROP",
            "PG_FILE_UNLINK",
            "DROP_CHUNKS",
            "PG_RESETWAL",
            "PG_FILE_WRITE",
            "RDS_DROP_REPLICATION_SLOT",
        ]
    ),
    "disruptive": frozenset(
        [
            "PG_TERMINATE_BACKEND",
            "PG_CANCEL_BACKEND",
            "PG_PROMOTE",
            "PG_WAL_REPLAY_PAUSE",
            "PG_ADVISORY_LOCK",
            "PG_ADVISORY_XACT_LOCK",
            "SETVAL",
            "DBLINK_EXEC",
            "PG_REPLICATION_SLOT_COPY",
            "LO_IMPORT",
            "GET_LOCK",
            "RELEASE_ALL_LOCKS",
            "BENCHMARK",
            "PG_XLOG_REPLAY_PAUSE",
        ]
    ),
    "reversible": frozenset(
        [
            "PG_RELOAD_CONF",
            "PG_ROTATE_LOGFILE",
            "PG_SWITCH_WAL",
            "SET_CONFIG",
            "NEXTVAL",
            "PG_CREATE_PHYSICAL_REPLICATION_SLOT",
            "PG_BACKUP_START",
            "PG_CREATE_LOGICAL_REPLICATION_SLOT",
            "PG_WAL_REPLAY_RESUME",
            "PG_START_BACKUP",
            "PG_STOP_BACKUP",
            "PG_BACKUP_STOP",
            "PG_NOTIFY",
            "PG_CREATE_RESTORE_POINT",
            "PG_ADVISORY_UNLOCK",
            "PG_ADVISORY_UNLOCK_ALL",
            "PG_LOG_BACKEND_MEMORY_CONTEXTS",
            "PG_PREWARM",
            "PG_TRY_ADVISORY_LOCK",
            "RELEASE_LOCK",
            "PG_XLOG_REPLAY_RESUME",
        ]
    ),
}
_SUSPECT = re.compile(
    r"(?:^|_)(?:DELETE|DROP|PURGE|TERMINATE|KILL|TRUNCATE|REMOVE|RESET|UPDATE|DISABLE|FAILOVER|CLEANUP|STOP|DESTROY|WIPE|EXEC|SHELL)(?:_|$)"
)
_CHANGING = ("DELETE", "UPDATE", "INSERT", "MERGE", "TRUNCATE", "DROP", "ALTER")


def looks_like_sql(text: str) -> bool:
    """Whether the text begins as an SQL statement does."""
    return LOOKS_LIKE_SQL.match(_COMMENTS.sub("", text).lstrip()) is not None


def sql(text: str) -> Assessment:
    """The worst of the statements; psql's own backslash commands are understood too."""
    found: list[Assessment] = []
    lines = [line for line in text.splitlines() if line.strip()]
    statements = [line for line in lines if not line.lstrip().startswith("\\")]
    found += [_meta(line.strip()) for line in lines if line.lstrip().startswith("\\")]
    if statements:
        found += _statements("\n".join(statements))
    return worst(found) or read_only("no statement")


def _meta(line: str) -> Assessment:
    name = line.split(maxsplit=1)[0]
    if name in ("\\!", "\\i", "\\ir", "\\include", "\\gexec", "\\copy", "\\o", "\\w", "\\source", "\\."):
        return unknown(f"`{name}` runs or writes what is not seen here")
    if name == "\\password":
        return disruptive("`\\password` changes a password")
    return read_only(f"`{name}` only reads")


def _statements(text: str) -> list[Assessment]:
    try:
        tokens = _tokens(text)
    except SqlglotError:
        lost = re.search(r"\b(drop|truncate|delete|update|purge|replace)\b", text, re.IGNORECASE)
        return [
            destructive("SQL that could not be read and speaks of losing data")
            if lost
            else unknown("SQL that could not be read")
        ]
    return [_statement(_opened(part)) for part in _split(tokens)]


def _tokens(text: str) -> list[Token]:
    text = re.sub(r"\\[gG]\w*\s*$", ";", text)
    dialect = MySQL() if "`" in text or re.match(r"\s*/\*!", text) else Postgres()
    return dialect.tokenize(text)


def _split(tokens: list[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            if part:
                yield part
            part = []
        else:
            part.append(token)
    if part:
        yield part


def _opened(tokens: list[Token]) -> list[Token]:
    """The tokenizer leaves what follows EXPLAIN, SHOW, CALL and the like as one string: take it apart as well."""
    if len(tokens) == 2 and tokens[1].token_type == TokenType.STRING:
        return [tokens[0], *_tokens(tokens[1].text)]
    return tokens


def _words(tokens: list[Token]) -> list[str]:
    """The words outside of strings and quoted names, in capitals."""
    quoted = (TokenType.STRING, TokenType.IDENTIFIER, TokenType.NATIONAL_STRING, TokenType.HEREDOC_STRING)
    return ["" if t.token_type in quoted else w for t in tokens for w in (t.text.upper().split() or [""])]


def _statement(tokens: list[Token]) -> Assessment:
    words = _words(tokens)
    while words and words[0] in ("(", "{"):
        words = words[1:]
    first = words[0] if words else ""
    if first == "EXPLAIN":
        return _explain(words)
    if first == "DO" or (first == "DECLARE" and "BEGIN" in words):
        body = " ".join(t.text for t in tokens[1:])
        inner = worst(_statements(body.replace("$$", " ").replace("BEGIN", ";").replace("begin", ";")))
        return worst([unknown("a block of code"), *([inner] if inner else [])]) or unknown("a block of code")
    if first == "WITH":
        return _with(words)
    if first in ("SELECT", "VALUES", "TABLE", "PERFORM"):
        return _select(words)
    return _plain(first, words)


def _explain(words: list[str]) -> Assessment:
    """EXPLAIN only plans; EXPLAIN ANALYZE runs the statement."""
    begins = [
        n
        for n, w in enumerate(words)
        if w in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "MERGE", "CREATE", "REFRESH")
    ]
    head = words[: begins[0]] if begins else words
    if not begins or not {"ANALYZE", "ANALYSE"} & set(head):
        return read_only("EXPLAIN only plans")
    inner = words[begins[0] :]
    found = _with(inner) if inner[0] == "WITH" else _select(inner) if inner[0] == "SELECT" else _plain(inner[0], inner)
    return (
        found
        if found.risk == "read_only"
        else Assessment(found.risk, f"EXPLAIN ANALYZE runs the statement: {found.reason}")
    )


def _with(words: list[str]) -> Assessment:
    for verb in _CHANGING:
        if any(
            w == verb and words[n - 1] not in ("FOR", "DO", ".", "NO", "KEY") and words[n + 1 : n + 2] != ["("]
            for n, w in enumerate(words)
        ):
            return _plain(verb, words[words.index(verb) :])
    return _select(words)


def _select(words: list[str]) -> Assessment:
    found = [read_only("SELECT only reads")]
    for name, following in zip(words, words[1:], strict=False):
        if following == "(":
            found += _function(name)
    said = " ".join(words)
    if re.search(r"\bFOR (?:UPDATE|NO KEY UPDATE|SHARE|KEY SHARE)\b|\bLOCK IN SHARE MODE\b", said):
        found.append(disruptive("holds row locks that block other sessions"))
    if re.search(r"\bINTO (?:OUTFILE|DUMPFILE|TEMP|TEMPORARY|TABLE|\w+ FROM)\b", said):
        found.append(reversible("SELECT … INTO creates a table or file"))
    return worst(found) or found[0]


def _function(name: str) -> list[Assessment]:
    for risk, names in _FUNCTIONS.items():
        if name in names:
            return [Assessment(risk, f"{name.lower()}() {_EFFECTS[risk]}")]
    if name.startswith(("RDS_KILL", "RDS_SKIP")) or _SUSPECT.search(name):
        return [unknown(f"{name.lower()}() sounds as if it changes something")]
    return []


_EFFECTS: dict[Risk, str] = {
    "destructive": "loses data or resources",
    "disruptive": "interrupts sessions or blocks them",
    "reversible": "changes something that can be undone",
}


def _plain(first: str, words: list[str]) -> Assessment:
    said = " ".join(w for w in words if w)
    for pattern, risk, reason in _STATEMENTS:
        if re.match(pattern, said):
            return Assessment(risk, reason)
    return unknown(f"the statement `{first.lower()}` is not known")


_STATEMENTS: tuple[tuple[str, Risk, str], ...] = (
    (r"(SHOW|DESCRIBE|DESC|USE|HELP|CHECK|CHECKSUM|LISTEN|UNLISTEN|FETCH|DECLARE|BEGIN|START TRANSACTION|ROLLBACK|ABORT|END|CLOSE|DEALLOCATE|DELIMITER|SOURCE /DEV/NULL)\b",
     "read_only", "only reads"),
    (r"(COMMIT|SAVEPOINT|RELEASE|PREPARE|UNLOCK|COMMENT|NOTIFY|DISCARD)\b", "reversible", "changes nothing that cannot be undone"),
    (r"(DROP|TRUNCATE|PURGE|UNDO)\b", "destructive", "the object or its rows are lost"),
    (r"DELETE\b", "destructive", "rows are lost"),
    (r"UPDATE\b", "destructive", "rows are overwritten; their old values are lost"),
    (r"(MERGE|REPLACE)\b", "destructive", "rows may be overwritten or deleted"),
    (r"INSERT\b.*\b(ON CONFLICT .*DO UPDATE|ON DUPLICATE KEY|OVERWRITE)\b", "destructive", "existing rows may be overwritten"),
    (r"INSERT\b", "reversible", "rows are added"),
    (r"ALTER TABLE\b.*\bDROP\b(?! (?:CONSTRAINT|NOT NULL|DEFAULT|EXPRESSION|IDENTITY|FOREIGN|INDEX|KEY|PRIMARY|CHECK))", "destructive", "a column or partition and its data are lost"),
    (r"ALTER TABLE\b.*\b(TRUNCATE|DISCARD|EXCHANGE) ", "destructive", "data of the table are lost"),
    (r"ALTER (SYSTEM|DATABASE|INSTANCE|SESSION) (SET|RESET|\S+ SET|\S+ RESET|RELOAD)\b", "reversible", "a setting that can be set back"),
    (r"ALTER (ROLE|USER) (\S+ )?(SET|RESET|IN DATABASE|CONNECTION LIMIT|WITH CONNECTION LIMIT)\b", "reversible", "a setting that can be set back"),
    (r"ALTER TABLE \S+ (\. \S+ )?(SET|RESET) \(", "reversible", "a storage setting that can be set back"),
    (r"ALTER\b", "disruptive", "takes a lock or changes what sessions rely on"),
    (r"CREATE (UNIQUE )?INDEX CONCURRENTLY\b", "reversible", "an index is added without blocking writes"),
    (r"CREATE (UNIQUE |FULLTEXT )?INDEX\b", "disruptive", "building the index blocks writes"),
    (r"CREATE OR REPLACE\b", "disruptive", "replaces what is there"),
    (r"CREATE (DEFINER .*)?TRIGGER\b", "disruptive", "every later write runs it"),
    (r"CREATE\b", "reversible", "something new is added"),
    (r"SET (GLOBAL |@@GLOBAL ?\. ?|PERSIST )(READ_ONLY|SUPER_READ_ONLY|OFFLINE_MODE|SQL_SLAVE_SKIP_COUNTER|GTID_PURGED)\b", "disruptive", "switches whether the server takes writes or copies them"),
    (r"SET PASSWORD\b", "disruptive", "changes a password"),
    (r"(SET|RESET)\b(?! (MASTER|SLAVE|REPLICA|BINARY))", "reversible", "a setting that can be set back"),
    (r"RESET (MASTER|BINARY)\b", "destructive", "the binary logs are lost"),
    (r"RESET (SLAVE|REPLICA)\b", "destructive", "the replication position is lost"),
    (r"VACUUM( \(.*)? ?\(? ?FULL\b|VACUUM \([^)]*FULL", "disruptive", "takes an exclusive lock on the table"),
    (r"(VACUUM|ANALYZE|ANALYSE|CHECKPOINT)\b", "reversible", "maintenance that blocks nobody"),
    (r"REINDEX\b.*\bCONCURRENTLY\b", "reversible", "rebuilds without blocking writes"),
    (r"REFRESH MATERIALIZED VIEW CONCURRENTLY\b", "reversible", "refreshes without blocking readers"),
    (r"(REINDEX|CLUSTER|REFRESH|OPTIMIZE|REPAIR|LOCK|RENAME)\b", "disruptive", "takes locks that block others"),
    (r"(GRANT)\b", "reversible", "a right that can be revoked"),
    (r"(REVOKE)\b", "disruptive", "takes away a right somebody may be using"),
    (r"REASSIGN\b", "disruptive", "changes owners"),
    (r"FLUSH (PRIVILEGES|LOGS|HOSTS|STATUS|BINARY|SLOW|ERROR|GENERAL|LOCAL)\b", "reversible", "harmless to sessions"),
    (r"FLUSH\b", "disruptive", "closes or locks tables"),
    (r"START\b", "reversible", "can be stopped again"),
    (r"(KILL|STOP|CHANGE|SHUTDOWN|RESTART|CANCEL|ROTATE)\b", "disruptive", "interrupts sessions, replication or the server"),
    (r"COPY\b.*\bTO\b(?! PROGRAM)", "read_only", "copies out"),
    (r"COPY\b.*\bFROM\b(?! PROGRAM)", "reversible", "rows are added"),
    (r"LOAD DATA\b.*\bREPLACE\b", "destructive", "rows may be overwritten"),
    (r"LOAD DATA\b", "reversible", "rows are added"),
)  # fmt: skip
_REDIS: dict[str, str] = {
    "read_only": "PING ECHO GET MGET GETRANGE STRLEN EXISTS TYPE TTL PTTL SCAN SSCAN HSCAN ZSCAN HGET HGETALL HKEYS HVALS HLEN HMGET LLEN "
    "LRANGE LINDEX SMEMBERS SCARD SISMEMBER ZRANGE ZCARD ZCOUNT ZSCORE ZRANK ZREVRANGE ZRANGEBYSCORE XLEN XINFO XRANGE XREVRANGE XPENDING XREAD INFO "
    "DBSIZE TIME ROLE LASTSAVE RANDOMKEY OBJECT COMMAND MONITOR SELECT AUTH HELLO READONLY DUMP BITCOUNT PFCOUNT WAIT LOLWUT "
    "SUBSCRIBE PSUBSCRIBE PUBSUB EXPIRETIME QUIT",
    "reversible": "BGSAVE BGREWRITEAOF PERSIST SETNX HSETNX INCR DECR INCRBY SADD ZADD LPUSH RPUSH XADD PUBLISH MULTI EXEC WATCH ASKING "
    "APPEND TOUCH ZINCRBY HINCRBY PFADD GEOADD COPY DISCARD UNWATCH",
    "disruptive": "KEYS SAVE SHUTDOWN FAILOVER SWAPDB RENAME RENAMENX MOVE MIGRATE RESTORE EVAL EVALSHA SET SETEX MSET GETSET HSET HMSET "
    "LSET SORT FUNCTION FCALL PSYNC SYNC REPLICAOF SLAVEOF SETRANGE SETBIT XACK XCLAIM XAUTOCLAIM LMOVE RPOPLPUSH",
    "destructive": "FLUSHALL FLUSHDB DEL UNLINK GETDEL EXPIRE PEXPIRE EXPIREAT PEXPIREAT LPOP RPOP SPOP LTRIM LREM SREM HDEL ZREM "
    "ZREMRANGEBYSCORE ZREMRANGEBYRANK ZREMRANGEBYLEX XDEL XTRIM BLPOP BRPOP ZPOPMIN ZPOPMAX SDIFFSTORE SINTERSTORE",
}
_REDIS_RISK: dict[str, Risk] = {
    name: risk
    for risk in ("read_only", "reversible", "disruptive", "destructive")
    for name in _REDIS[risk].split()
}  # fmt: skip
_REDIS_SUB: tuple[tuple[str, Risk], ...] = (
    (r"CONFIG GET|CLIENT (LIST|INFO|GETNAME|ID|TRACKINGINFO|HELP)|SLOWLOG (GET|LEN|HELP)|MEMORY (USAGE|STATS|DOCTOR|MALLOC-STATS)|MODULE LIST", "read_only"),
    (r"LATENCY (?!RESET)|DEBUG OBJECT|ACL (LIST|WHOAMI|USERS|GETUSER|CAT|LOG$)|SCRIPT (EXISTS|HELP)|CLUSTER (NODES|INFO|SLOTS|SHARDS|MYID|KEYSLOT|COUNTKEYSINSLOT"
     r"|GETKEYSINSLOT|LINKS|REPLICAS|SLAVES|COUNT-FAILURE)|SENTINEL (MASTER|REPLICA|SLAVE|SENTINELS|GET-|CKQUORUM|INFO|PENDING|IS-MASTER)", "read_only"),
    (r"CONFIG SET (SAVE\b\s*$|APPENDONLY NO|REQUIREPASS|MASTERAUTH|DIR|DBFILENAME|MAXMEMORY-POLICY (?!NOEVICTION)\S)", "disruptive"),
    (r"CONFIG (SET|REWRITE)|CLIENT (SETNAME|UNPAUSE|NO-EVICT|REPLY)|MEMORY PURGE|CLUSTER MEET|ACL (SAVE|LOAD|LOG RESET)|SCRIPT LOAD|XGROUP CREATE|MODULE LOAD\b", "reversible"),
    (r"(REPLICAOF|SLAVEOF) NO ONE|CLIENT (KILL|PAUSE)|DEBUG|CLUSTER|SENTINEL|SCRIPT (FLUSH|KILL)|ACL SETUSER|XGROUP|MODULE UNLOAD", "disruptive"),
    (r"(REPLICAOF|SLAVEOF) \S+|SHUTDOWN NOSAVE|CLUSTER (RESET|FLUSHSLOTS|DELSLOTS|FORGET)|XGROUP (DESTROY|DELCONSUMER)|ACL DELUSER|SENTINEL (REMOVE|RESET)", "destructive"),
    (r"CONFIG RESETSTAT|SLOWLOG RESET|LATENCY RESET|FUNCTION (FLUSH|DELETE)|DEBUG (FLUSHALL|RELOAD NOSAVE)", "destructive"),
)  # fmt: skip


def is_redis(name: str) -> bool:
    """Whether the word, in capitals, is a Redis command of its own."""
    return name.isupper() and (name in _REDIS_RISK or name in ("CONFIG", "CLIENT", "SLOWLOG", "SENTINEL", "MEMORY"))


def redis(words: list[str]) -> Assessment:
    """How dangerous a Redis command is."""
    said = " ".join(words).upper()
    name = said.split(" ", 1)[0]
    fitting = [risk for pattern, risk in _REDIS_SUB if re.match(pattern, said)]
    if "read_only" in fitting:
        return read_only(f"`{name}` only reads")
    if name in ("EVAL", "FCALL") and re.search(r"['\"](DEL|UNLINK|FLUSH\w+)['\"]", said):
        return destructive("the script deletes keys")
    risk = _strongest(said, fitting) if fitting else _REDIS_RISK.get(name)
    if risk is None:
        return unknown(f"the Redis command `{name}` is not known")
    reason = {
        "read_only": "only reads",
        "reversible": "can be undone",
        "disruptive": "blocks, overwrites or interrupts clients",
        "destructive": "loses keys, records or counters",
    }
    return Assessment(risk, f"`{name}` {reason[risk]}")


def _strongest(said: str, fitting: list[Risk]) -> Risk:
    if said.startswith(("REPLICAOF NO ONE", "SLAVEOF NO ONE")):
        return "disruptive"
    if said.startswith("CONFIG SET") and "disruptive" not in fitting:
        return "reversible"
    order: tuple[Risk, ...] = ("destructive", "disruptive", "reversible")
    return next(risk for risk in order if risk in fitting)


_MONGO: tuple[tuple[str, Risk, str], ...] = (
    (r"\.(?:drop|dropDatabase|dropIndex\w*|remove|delete\w*|findOneAndDelete|findAndModify|update\w*|replaceOne|findOneAndUpdate|findOneAndReplace"
     r"|bulkWrite|dropUser|dropRole|convertToCapped|renameCollection)\s*\(|\$out\b|\$merge\b|rs\.remove\s*\(|sh\.removeShard", "destructive", "documents, indexes or members are lost or overwritten"),
    (r"\.(?:killOp|killCursors|shutdownServer|fsyncLock|stepDown|reconfig|freeze|createIndex\w*|ensureIndex|compact|setProfilingLevel\(2|changeUserPassword|adminCommand"
     r"|runCommand|syncFrom|repairDatabase|moveChunk|enableSharding|shardCollection|killSession\w*|eval)\s*\(?", "disruptive", "interrupts operations or the replica set"),
    (r"\.(?:insert\w*|save|createUser|createCollection|grantRoles\w*|setProfilingLevel|setLogLevel|fsyncUnlock|startBalancer|stopBalancer|setBalancerState|hideIndex|unhideIndex"
     r"|createRole|rs\.add|add|initiate|use)\s*\(", "reversible", "adds something or sets what can be set back"),
)  # fmt: skip
_MONGO_READS = re.compile(
    r"\b(?:serverStatus|replSetGetStatus|currentOp|collStats|dbStats|hostInfo|ping|isMaster|hello|buildInfo|listDatabases|getParameter|connPoolStats|top|getLog|connectionStatus)\b"
)


def mongo(text: str) -> Assessment:
    """How dangerous a piece for the MongoDB shell is."""
    command = re.search(r"\.(?:adminCommand|runCommand)\s*\(", text)
    if command and _MONGO_READS.search(text) and not re.search(r"\.(?:drop|remove|delete|update)", text):
        return read_only("a command that only reports")
    for pattern, risk, reason in _MONGO:
        if re.search(pattern, text):
            return Assessment(risk, reason)
    return read_only("only reads")
