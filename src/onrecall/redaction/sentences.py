"""Detect secrets in messages between people, where no name is next to them."""

import re

from onrecall.redaction import heuristics as looks
from onrecall.redaction import lexicon
from onrecall.redaction.joints import is_prefixed_hex
from onrecall.redaction.pattern import Pattern
from onrecall.redaction.rules import ANYTHING, accept_all, pattern_detector
from onrecall.redaction.scanner import PatternDetector

_BETWEEN = r"[ ]?(?://?|:|\||,|;|[ ]and[ ]|[ ]–[ ])[ ]?"
_CREDENTIALS = (
    r"(?<!\w)(?i:cred(?:ential)?s?|log-?in|log-?on|sign-?on|zugangsdaten|anmeldedaten|identifiants|credenciales"
    r"|credenziali|user(?:name)?/pass"
    r"(?:word)?|accounts?(?!\w)|wifi|wlan|vpn|konto|compte)"
)


def _is_chosen(value: str) -> bool:
    """Return whether a value that nothing names is a password: capitals, small letters and digits or signs in turn."""
    return looks.has_three_kinds(value) and looks.is_password_like(value)


def _is_comment_password(value: str) -> bool:
    """Return whether a comment in code is a password, and not the name of something, such as `llvm.hexagon.M2.s1`."""
    return _is_chosen(value) and re.fullmatch(r"[a-z]+(?:\.\w+){2,}", value) is None


def _is_no_address(value: str) -> bool:
    """Return whether a value is a password, and not the address that stands in for one."""
    value = value.replace("\\_", "_")
    return re.fullmatch(r"[\w.-]*@[\w.-]*", value) is None and (
        looks.is_no_word(value) or looks.stands_out(value) or looks.is_spelled(value)
    )


def _is_code(value: str) -> bool:
    return 6 <= len(re.sub(r"\D", "", value)) <= 8


def _is_mnemonic(value: str) -> bool:
    return len(value.split()) >= 11


_PLAIN_ACCOUNTS = ("root", "admin", "administrator", "ops", "sa", "postgres", "deploy")
_PLACES = ("on", "at", "for", "auf", "von", "sur", "en", "su")
_CODE_PURPOSES = (
    "verification security confirmation time login access authentication auth 2fa mfa sms otp unlock activation pairing"
    " backup tan door alarm"
)
_CODE_PATTERN = "|".join(rf"(?<={purpose}[ -])code" for purpose in _CODE_PURPOSES.split())
_RESET = (
    r"(?:re-?set|set|chang(?:e|ed|ing)|rotat(?:e|ed|ing)|updat(?:e|ed|ing)|put|made) "
    r"(?:it|them|that|this|his|hers?|yours?|mine|ours|theirs)(?: back| now| again)? (?:to|into|:|=)"
    r"|(?:es|ihn|sie|das) (?:jetzt |wieder |nun )?auf|lo (?:he |hemos )?(?:cambi|pus|puest|reset)\w{0,6} (?:a|en)"
    r"|l'(?:ai|a|avons) (?:chang|mis|réinitialis)\w{0,3} (?:en|à|a)|l'ho (?:cambiat|impostat|mess)[oa] (?:a|in)"
)
_ANY_ACCOUNT = "|".join(re.escape(account) for account in lexicon.ACCOUNTS.split())
SENTENCES: tuple[PatternDetector, ...] = (
    pattern_detector(
        "password",
        "log in as|log on as|logon as|login as|logged in as|logged on as|sign in as|anmelden als",
        rf"(?i:log(?:ged)?[ -]?(?:in|on)|sign in|anmelden) (?i:as|als) [\w.@\\-]{{1,64}} "
        rf"(?i:with|using|mit) {ANYTHING}(?![\w/])",
        looks.is_two_words,
    ),
    pattern_detector(
        "password",
        "sudo: |sudo pw: ",
        r"(?i:sudo)(?: pw)?: (?P<s>[^\s\"'`,;:]{6,64})(?=[.,;)]?[ \t]*(?:\(|\r?\n|\Z))",
        looks.is_spelled,
    ),
    pattern_detector(
        "one-time-code",
        "combination |combo |code of |code for |code to ",
        r"(?i:combination|combo|code) (?:(?:of|for|to) )?(?:the )?(?:[\w-]{1,20} )?"
        r"(?i:key ?box|box|safe|locker|cabinet|lock|padlock|door|gate"
        r"|cage|cupboard|drawer)(?: is|:|=){1,2} ?(?P<s>\d{4,8})(?!\w|[.-]\d)",
        accept_all,
    ),
    pattern_detector(
        "password",
        "ssid ",
        r"(?i:ssid) [\"'`]?[\w.-]{1,32}[\"'`]?[,;]? (?i:key|psk|pw|pass(?:word|phrase)?)[ :=]{1,3}"
        r"[\"'`]?(?P<s>[^\s\"'`,;]{8,63})",
        lambda value: looks.is_spelled(value) or looks.is_password_like(value),
    ),
    pattern_detector(
        "key",
        "\nkey: ",
        r"\n(?i:key): (?P<s>[A-Za-z0-9+/_-]{16,64})[ \t]*\r?\n(?=(?i:secret): )",
        looks.is_key,
    ),
    pattern_detector(
        "password",
        "cryptsetup |kinit |luksopen ",
        r"(?i:cryptsetup|kinit|luksopen) [^\n|;<]{0,120}<<< ?(?P<q>[\"'])(?P<s>[^\"'\n]{4,255})(?P=q)",
    ),
    pattern_detector(
        "password",
        'send "|send -- "',
        r"send(?: --)? \"(?P<s>[^\"\s\\]{6,64})\\[rn]",
        lambda value: looks.is_spelled(value) or looks.is_password_like(value),
    ),
    pattern_detector(
        "password",
        "try |use |as |mit |avec |con |com |met |med |nimm |probier |essaie |prueba |usa |utilise |gebruik ",
        rf"(?<!\w)\w{{2,8}} (?i:{_ANY_ACCOUNT}) (?i:with|mit|avec|con|com|met|med|and|und|et|y|e|en) {ANYTHING}"
        rf"(?![\w/])",
        looks.is_password_like,
    ),
    pattern_detector(
        "password",
        "new one|neues|neue|nouveau|nouvelle|nuevo|nueva|nuova|nuovo|nova|novo",
        r"(?<!\w)(?i:new one|neues?|nouveau|nouvelle|nuev[oa]|nuov[oa]|nov[oa])(?: is| ist| est| es| è"
        r"| é)?[ ]?[:=→]{1,2} ?"
        rf"{ANYTHING}(?![\w/])",
        lambda value: len(value) >= 8 and looks.stands_out(value),
    ),
    pattern_detector(
        "password",
        "set |change|changing |rotat|updat|put |made |es |ihn |sie |das |lo |l'",
        rf"(?i:{_RESET}) {ANYTHING}(?![\w/])",
        _is_chosen,
    ),
    pattern_detector(
        "password",
        "set |change|changing |rotat|updat|put |made |es |ihn |sie |das |lo |l'",
        rf"(?i:{_RESET}) {ANYTHING}(?=[^\n()]{{0,60}}\([^\n()]{{0,24}}"
        r"(?i:password|passwort|passphrase|passwd|pwd?|pass|mdp|contraseña|kennwort)\))",
        lambda value: looks.is_no_word(value) or looks.stands_out(value),
    ),
    pattern_detector(
        "token",
        "_token to |_secret to |_key to ",
        r"_(?:TOKEN|SECRET|KEY) to [\"'`]?(?P<s>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?![\w-])",
        accept_all,
    ),
    pattern_detector(
        "password", " // ", r" // [\"'`]?(?P<s>[^\s\"'`,;/]{8,64})(?=[\"'`]?[.,)]?\s*(?:\n|\Z))", _is_comment_password
    ),
    pattern_detector(
        "password",
        "root / |admin / |administrator / |root/|admin/|administrator/",
        r"(?i:root|admin(?:istrator)?) ?/ ?[\"'`]?(?P<s>[a-z0-9]{8,20})(?=[\"'`]?[.,)]?\s*(?:\n|\Z))",
        looks.is_scrambled,
    ),
    pattern_detector(
        "password",
        "user |username |login |account |benutzer |usuario |utilisateur ",
        r"(?<!\w)(?i:user(?:name)?|login|account|benutzer|usuario|utilisateur) [\"'`]?[\w.@\\-]{1,64}[\"'`]?,? "
        r"(?i:and (?:the )?|und (?:das )?|with |mit |y |et )?"
        rf"(?i:pw|pwd|pass|password|passwort|mdp|contraseña) (?:is |: ?)?{ANYTHING}",
        _is_no_address,
    ),
    pattern_detector(
        "one-time-code",
        " pin | puk ",
        r"(?<=[\w,]) (?i:pin|puk)(?i: code)?:? (?P<s>\d{4,8})(?=#|[\s.,;)]|\Z)",
        accept_all,
    ),
    pattern_detector(
        "key",
        "old key|new key|current key|previous key|leaked key|compromised key|wrong key|right key|correct key",
        r"\w{3,12} key(?: is| was|:|=){0,2} [\"'`]?(?P<s>[A-Za-z0-9+/_-]{20,128}={0,2})(?![\w/+=.-])",
        looks.is_key,
    ),
    pattern_detector(
        "wallet-key",
        "private key|privkey|priv key",
        r"(?i:priv(?:ate )? ?key)(?![^\n]{0,30}(?i:sha|fingerprint|hash|digest))[^\n]{0,30}?(?<![\w:])(?P<s>"
        r"(?:0x)?[0-9a-fA-F]{64})(?!\w)",
    ),
    pattern_detector(
        "one-time-code",
        "totp|mfa|2fa|otp|authenticator",
        r"(?<!\w)(?i:totp|mfa|2fa|otp|authenticator)(?!\w)[^\n]{0,30}?(?<![\w+/])(?P<s>"
        r"(?=[A-Z]{0,60}[2-7])[A-Z2-7]{16,64}|(?:[A-Za-z2-7]{4} ){3,15}[A-Za-z2-7]{4})(?![\w=+/])",
        lambda value: len({*value}) > 7,
    ),
    PatternDetector("recovery-code", ("-",), Pattern(r"(?<![\d-])\d{6}(?:-\d{6}){7}(?![\d-])"), back=(6,)),
    pattern_detector(
        "password",
        "log in|login|log into|sign in|logged in|ssh |connect|authenticate|use ",
        r"(?i:log ?in|log into|sign in|logged in|ssh|connect(?:ed)?|authenticated?)(?: [\w@./:-]{1,60}){0,5} "
        r"(?:with|using|via|pw|pass|/)"
        rf" (?:[\"'`]?[\w.@\\-]{{1,64}}[\"'`]?{_BETWEEN})?{ANYTHING}(?![\w/])",
        looks.is_password_like,
    ),
    pattern_detector(
        "password",
        "log in|login|log into|sign in|logged in|ssh |connect|authenticate",
        r"(?i:log ?in|log into|sign in|logged in|ssh|connect(?:ed)?|authenticated?)(?: [\w@./:-]{1,60}){0,5} "
        rf"(?:with|using|via|pw|pass) {ANYTHING}(?![\w/])",
        looks.is_unmistakable,
    ),
    pattern_detector(
        "password",
        " / ",
        r" / [\"'`]?(?P<s>[^\s\"'`,;/-]{8,64})(?=[\"'`]?[.,;)]{0,2}(?:\s|\Z))",
        looks.is_unmistakable,
    ),
    pattern_detector(
        "password",
        "root / |admin / |administrator / ",
        r"\w+ / [\"'`]?(?P<s>(?=(?:\d*[A-Z]){2})(?=(?:[A-Z]*\d){2})[A-Z0-9]{8})(?=[\"'`]?[.,;)]{0,2}(?:\s|\Z))",
        accept_all,
    ),
    pattern_detector(
        "password",
        "|".join(f"{verb} {account}:" for verb in ("is", "use", "are", "try", "with") for account in _PLAIN_ACCOUNTS),
        r"\w+ \w+:(?P<s>[^\s:@/\"'`,;]{6,64})(?![\w:@/])",
        looks.is_spelled,
    ),
    pattern_detector(
        "password",
        "password|passwort|passwd|pwd|pw |pw?|pw,|mdp|contraseña",
        r"(?i:password|passwort|passwd|pwd|pw|mdp|contraseña)(?!\w)[^\n?]{0,60}\?[ \t]*\r?\n"
        r"(?:\[?\d\d?:\d\d(?::\d\d)?\]? )?[<@]?[\w. -]{1,32}[>:]{1,2} (?P<s>[^\s\"'`]{6,64})[ \t]*(?=\r?\n|\Z)",
        lambda value: looks.is_spelled(value) or looks.is_password_like(value),
    ),
    pattern_detector(
        "password",
        "|".join(
            f"{account} {sign} " for account in ("root", "admin", "administrator", "postgres", "sa") for sign in "/+"
        ),
        r"\w+ [/+] [\"'`]?(?P<s>[a-zA-Z]{4,}\d{2,6}[!?*]?)(?=[\"'`]?[.,;)]{0,2}(?:\s|\Z))",
        accept_all,
    ),
    pattern_detector(
        "password",
        "|".join(f"{account} {place} " for account in _PLAIN_ACCOUNTS for place in _PLACES),
        rf"(?<!\w)\w+ (?:{'|'.join(_PLACES)}) [\w.@-]{{1,64}}:? ?[:=-] ?{ANYTHING}(?![\w/])",
        looks.is_unmistakable,
    ),
    pattern_detector(
        "password",
        "with |mit |avec |con |com |med |met |als |as ",
        rf"(?<!\w)(?i:with|mit|avec|con|com|med|met|als|as) (?i:{'|'.join(_PLAIN_ACCOUNTS)})[ ]?"
        rf"(?:/|:|,|and|und|et|y|e|en|og|och|with|mit)[ ]?{ANYTHING}(?![\w/])",
        looks.is_unmistakable,
    ),
    pattern_detector(
        "password",
        "wifi|wi-fi|wlan",
        rf"(?i:wifi|wi-fi|wlan)[^\n]{{0,60}}?[ ,;](?i:key|pw|pass|psk)(?: is|:|=) ?{ANYTHING}",
        lambda value: looks.stands_out(value) or looks.is_no_word(value),
    ),
    pattern_detector(
        "password",
        "wifi |wi-fi |wlan ",
        r"(?i:wifi|wi-fi|wlan)[^\n]{0,60}?(?: is| ist|:) ?[\"'`]?[\w.-]{1,64}[\"'`]? ?/ ?[\"'`]?"
        r"(?P<s>[^\s\"'`,;]{8,64})(?![\w/])",
        lambda value: looks.is_password_like(value) or looks.is_spelled(value),
    ),
    pattern_detector(
        "password",
        "wifi |wifi:|wi-fi |wlan |wlan:",
        rf"(?i:wifi|wi-fi|wlan)(?: is| ist|:|=){{1,2}} ?{ANYTHING}(?![\w/])",
        looks.is_password_like,
    ),
    pattern_detector(
        "key",
        "the key |this key |that key |my key |our key |a key ",
        r"\w+ key (?![^\n]{0,40}(?i:sha\d|md5|fingerprint|digest))[^.\n:=]{1,40}[:=] ?[\"'`]?"
        r"(?P<s>[A-Za-z0-9+/_-]{20,128}={0,2})(?![\w/+=.-])",
        looks.is_key,
    ),
    pattern_detector(
        "key",
        "key is ",
        r"(?:(?<=the )|(?<=our )|(?<=my )|(?<=this )|(?<![^\n]))key is [\"'`]?(?P<s>[A-Za-z0-9_]{34,96})(?![\w/+=.-])",
        is_prefixed_hex,
    ),
    pattern_detector(
        "key",
        "key for |key of |key on |key `|key \"|key '",
        r"(?<!\w)key (?:(?:for|of|on) (?![^\n]{0,40}(?i:sha\d|md5|fingerprint|digest))[^.\n:=]{1,40}[:=] ?)?[\"'`]?"
        r"(?P<s>[A-Za-z0-9+/_-]{20,128}={0,2})(?![\w/+=.-])",
        looks.is_key,
    ),
    pattern_detector(
        "password",
        "echo |printf |send-keys ",
        r"(?:echo(?: -\w{1,3})? |printf (?:'%s\S{0,3}' |\"%s\S{0,3}\" )?|send-keys (?:-\w+ (?:\S+ )?)?)[\"']"
        r"(?P<s>[^\s\"'|]{8,128})[\"'](?= \| (?!base64 +-{1,2}[dD])| [A-Z])",
        looks.is_unmistakable,
    ),
    pattern_detector(
        "password",
        "use |try |take |mit |con |avec ",
        rf"(?i:use|try|take|mit|con|avec) [\"'`]?[\w.@\\-]{{1,64}}[\"'`]?{_BETWEEN}{ANYTHING}(?![\w/])"
        r"(?=[\"'`)]{0,2} (?i:(?:to|for|as|zum|zur|para|pour) (?:the )?"
        r"(?:log|sign|ssh|connect|auth|access|einlogg|anmeld|entrar|acceder|se connecter|me connecter)))",
        looks.is_password_like,
    ),
    pattern_detector(
        "password",
        "login|logon|log-on|signon|sign-on|cred|account|wifi|wlan|vpn|konto|compte|zugangsdaten|anmeldedaten|identifiants|user/pass"
        "|username/pass|log in|log-in",
        rf"{_CREDENTIALS}(?i:data|daten)?(?:(?: [\w-]{{1,20}}){{1,6}}(?=:))?[ ]?(?:[:=(→]|[ ]?->|are|is|with|sind"
        rf"|-)?[ ]?[\"'`]?[\w.@\\-]{{1,64}}[\"'`]?{_BETWEEN}{ANYTHING}(?![\w/])",
        lambda value: looks.is_password_like(value) or (looks.has_three_kinds(value) and looks.is_spelled(value)),
    ),
    pattern_detector(
        "password", "u:|user:|usr:", rf"(?i:u|user|usr): ?\S{{1,64}} (?i:p|pass|pw): ?{ANYTHING}", looks.stands_out
    ),
    pattern_detector(
        "password",
        "password-command|password_command|password_cmd|password-cmd|passcommand|passphrase-command",
        r"[\w-]{1,30}[ =]{1,3}[\"']?(?:echo|printf)(?: -\w{1,3})? [\"']?(?P<s>[^\s\"'|$]{4,255})",
    ),
    pattern_detector(
        "one-time-code",
        "code|passcode|otp|pin is|pin:",
        rf"(?i:{_CODE_PATTERN}|passcode|otp|pin(?= is|:))"
        r"(?: (?:is|was|:|=)|:|=)? ?(?P<s>\d{3}[ -]?\d{3,5})(?!\d|[\w.-]?\w)",
        _is_code,
    ),
    pattern_detector(
        "one-time-code",
        "code ",
        r"(?<!\w)(?i:code) (?P<s>\d{6,8}) (?i:is valid|expires|will expire|is good|gilt|ist gültig|valable"
        r"|expire|válido|es válido|scade)",
        accept_all,
    ),
    pattern_detector(
        "one-time-code",
        "code is ",
        r"(?:(?<![^\n])|(?<=the )|(?<=The )|(?<=my )|(?<=your ))(?i:code is) (?P<s>\d{6})(?=[.,!]?\s*(?:\n|\Z))",
        accept_all,
    ),
    pattern_detector(
        "one-time-code",
        "door code|gate code|alarm code|entry code|safe code|lock code|locker code|keypad code|türcode|code de la porte"
        "|code porte",
        r"(?i:(?:door|gate|alarm|entry|safe|lock|locker|keypad) code|türcode|code (?:de la )?porte)"
        r"(?: (?:of|for|to|at|on) (?:the |our )?[\w-]{1,20}(?= (?:is|was)|:))?(?: is| was| ist| est|:"
        r"|=){0,2} ?(?P<s>\d{4,8})(?:(?!\w)|(?=#))",
        accept_all,
    ),
    pattern_detector(
        "one-time-code",
        "use code|enter code|the code |this code |mit code|code eingeben",
        r"(?<!\w)(?i:use|enter|type|mit)? ?(?i:(?:the|this) )?(?i:code) (?P<s>\d{4,8}) (?i:to|for|when|um|zum)(?!\w)",
        accept_all,
    ),
    pattern_detector(
        "one-time-code",
        "use |enter |type ",
        r"(?i:use|enter|type) (?P<s>\d{4,8}) (?i:as|for) (?i:the|your) (?:[\w-]{1,20} ){0,4}(?i:code|pin|otp"
        r"|passcode)(?!\w)",
        accept_all,
    ),
    PatternDetector(
        "one-time-code",
        (" is your ",),
        Pattern(r"(?i)(?<!\d)(?P<s>\d{4,8}) is your (?:[\w-]{1,20} ){0,4}(?:code|pin|otp|passcode)(?!\w)"),
        back=(4, 5, 6, 7, 8),
    ),
    pattern_detector(
        "recovery-code",
        "backup code|recovery code|backup-code|recovery-code",
        r"(?i:(?:backup|recovery)[ -]codes?)(?: is| are|:){0,2} ?"
        r"(?P<s>\d{4} \d{4}(?:[ ,;]{1,2}\d{4} \d{4}){0,11})(?!\w)",
        accept_all,
    ),
    pattern_detector(
        "recovery-phrase",
        "seed phrase|mnemonic|recovery phrase|secret phrase|seed:|seed words|seed =",
        r"(?i:(?:(?:seed|recovery|secret) )?phrase|mnemonic|seed(?: words)?)(?:[ ](?:is|are))?[ :=]{1,3}[\"'`]?"
        r"(?P<s>[a-z]{3,8}"
        r"(?: [a-z]{3,8}){10,24})",
        _is_mnemonic,
    ),
    pattern_detector(
        "password",
        "echo |printf ",
        r"(?:echo|printf)(?: -\w{1,3}| '%s\S{0,6}'| \"%s\S{0,6}\"){0,2} [\"']?(?:[\w.-]{1,64}:(?=[^"
        r"|\n]{1,200}chpasswd))?(?P<s>[^\s\"'|]{1,255})[\"']?"
        r" ?\| ?(?:sudo )?(?:\S{0,60}/)?(?:chpasswd|passwd\b|vncpasswd|htpasswd|pdbedit|wpa_passphrase|kadmin"
        r"|sudo [^\n]{0,40}-S|su\b|kinit"
        r"|cryptsetup|ansible-vault|gpg|openssl|smbpasswd"
        r"|[\w-]{1,20} [^\n|]{0,80}--(?:password|passphrase|token|api-key)-?(?:stdin|fd|file -))",
    ),
    pattern_detector(
        "password",
        "<<<",
        r"<<< ?[\"']?(?:[\w.-]{1,64}:(?=\S))?(?P<s>[^\s\"']{6,255})",
        looks.is_password_like,
    ),
)
