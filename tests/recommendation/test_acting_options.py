"""Commands that look like reading ones and act by an option, a shortened verb or other spelling; and those that only read."""

import pytest

from onrecall.recommendation.risk.classify import classify

ACTING = [
    ("curl -X DELETE 'http://h/api/users/5?_method=POST'", "destructive"),
    ("http DELETE h/api/users/5 X-HTTP-Method-Override:GET", "destructive"),
    ("curl -H 'X-Method: GET' -H 'X-HTTP-Method-Override: DELETE' http://h/api/users/5", "destructive"),
    ("! tee </dev/null /etc/fstab", "destructive"),
    ("! tee copy </dev/null /etc/fstab", "destructive"),
    ("ssh web1 <<E\nExport-Csv x\nE", "destructive"),
    ("bash -s <<'E'\nExport-Csv x\nE", "destructive"),
    ("rake routes db:drop", "disruptive"),
    ("make info wipe", "disruptive"),
    ("Test-DbaLastBackup -SqlInstance a", "disruptive"),
    ("Get-WindowsUpdate -Install -AutoReboot", "disruptive"),
    ("Get-WUList -Install", "disruptive"),
    ("Get-WURebootStatus -AutoReboot", "disruptive"),
    ("Test-ComputerSecureChannel -Repair", "disruptive"),
    ("test-computersecurechannel -rep", "disruptive"),
    ("Get-ClusterLog -Destination c:/x", "disruptive"),
    ("Get-StorageDiagnosticInfo -DestinationPath c:/x", "disruptive"),
    ("Get-GPOReport -All -path /etc/x.html", "destructive"),
    ("New-Item foo -force", "destructive"),
    ("New-Item foo -fo", "destructive"),
    ("net user bob /DELETE", "destructive"),
    ("schtasks /DELETE /TN nightly", "destructive"),
    ("ip link d eth0", "destructive"),
    ("ip addr f dev eth0", "destructive"),
    ("ceph tell osd.0 perf reset all", "disruptive"),
    ("ceph daemon mds.a dump cache /etc/passwd", "disruptive"),
    ("aws elasticache modify-cache-cluster --cache-cluster-id a --snapshot-retention-limit 0", "destructive"),
    ("aws iam update-role --role-name a --max-age 3 --backup-retention-period 1", "destructive"),
    ("rs.reconfig(config, {force: true})", "destructive"),
    ("db.sessions.createIndex({at: 1}, {expireAfterSeconds: 10})", "destructive"),
]
LOOKING = [
    "az deployment group what-if --mode Complete -g shop",
    "rake routes RAILS_ENV=production",
    "Get-DbaLastBackup -SqlInstance a",
    "Test-ComputerSecureChannel",
    "Get-GPOReport -All -ReportType Html",
    "Get-ChildItem -recurse -Depth 3",
    "Get-ChildItem C:/logs -re",
    "gci -fo",
    "Get-Service -re web",
    "net user bob",
    "ceph daemon osd.0 perf dump",
    "db.jobs.find({force: true})",
    "(Get-Service web).Status",
]


@pytest.mark.parametrize(("command", "risk"), ACTING)
def test_what_acts_is_not_taken_for_looking(command, risk):
    order = ["read_only", "reversible", "disruptive", "destructive"]
    assert order.index(classify(command).risk) >= order.index(risk)


@pytest.mark.parametrize("command", LOOKING)
def test_what_only_looks_stays_read_only(command):
    assert classify(command).risk == "read_only"


def test_a_property_in_the_middle_of_a_command_keeps_the_blank_before_it():
    assert "x(Get-Date).Name" not in classify("x (Get-Date).Name").reason
    assert classify("rm -rf (Get-Item x).FullName").risk == "destructive"
