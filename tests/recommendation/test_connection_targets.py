"""Where a command connects, whose configuration it reads, and loops without an end."""

import pytest

from onrecall.recommendation.risk.classify import classify

LOOKS = [
    "DOCKER_HOST=unix:///run/user/1000/docker.sock docker ps",
    "docker -H unix:///var/run/docker.sock ps",
    "VAULT_ADDR=https://vault.example.com:8200 vault status",
    "VAULT_ADDR=http://127.0.0.1:8200 vault status",
    "ETCDCTL_ENDPOINTS=10.1.0.4:2379,10.1.0.5:2379 etcdctl endpoint health",
    "NOMAD_ADDR=http://nomad.service.consul:4646 nomad node status",
    "consul members -http-addr=http://consul:8500",
    "https_proxy= curl -I https://shop.example.com",
    "git -C /srv/deploy log -1",
    "ssh -L 5433:db:5432 web1 uptime",
    "curl http://169.254.169.254/latest/dynamic/instance-identity/document",
    "curl http://169.254.169.254/latest/meta-data/instance-type",
    "curl https://jenkins/job/deploy/lastBuild/api/json",
    "kubectl get --raw /api/v1/nodes/n1/proxy/stats/summary",
    "while true; do date; sleep 0.5; done",
    "while read -r host; do echo $host; done < hosts",
    "until pg_isready; do sleep 1; done",
    "while true; do read -r line; echo $line; done",
    "Get-Service | Where-Object { $_.Status -eq 'Stopped' -and $_.Name -like 'W3*' }",
]
DOES_MORE = [
    "DOCKER_HOST=tcp://10.1.0.9:2375 docker ps",
    "export DOCKER_HOST=ssh://web9; docker images",
    "docker -H tcp://10.1.0.9:2375 ps",
    "docker -H unix:///tmp/own.sock ps",
    "VAULT_ADDR=http://vault.example.com vault status",
    "etcdctl --endpoints=http://198.51.100.7:2379 get /flags",
    "consul members -http-addr=http://consul.example.com:8500",
    "kubectl -s https://198.51.100.7 get pods",
    "export AWS_ENDPOINT_URL=http://198.51.100.7; aws s3 ls",
    "ALL_PROXY=socks5://198.51.100.7 curl https://shop.example.com",
    "curl -xhttp://198.51.100.7 https://shop.example.com",
    "git --git-dir=/srv/other/.git log",
    "git -C /tmp/checkout status",
    "git -C /srv/../tmp/checkout status",
    "ssh -L 0.0.0.0:5433:db:5432 web1 uptime",
    "curl http://2852039166/latest/user-data",
    "curl http://0251.0376.0251.0376/latest/meta-data/iam/security-credentials/role",
    "curl http://[::ffff:169.254.169.254]/latest/user-data",
    "curl http://metadata.google.internal./computeMetadata/v1/instance/service-accounts/default/identity",
    "curl http://169.254.170.2$CREDENTIALS_URI",
    "curl 'http://168.63.129.16/?comp=versions'",
    "curl http://2822734096/",
    "curl https://jenkins/job/deploy/lastBuild/stop",
    "curl https://hooks.example.com/T1/B2",
    "curl http://ci/webhook/4711",
    "while true; do date; done",
    "while ! false; do date; sleep 0; done",
    "until [ 0 ]; do sleep 1; done; while ((1)); do date; done",
    "while :; do date; # sleep 5\ndone",
    "Get-Service | Where-Object { Restart-Computer }",
]


@pytest.mark.parametrize("command", LOOKS)
def test_a_target_of_ones_own_is_only_looked_at(command):
    assert classify(command).risk == "read_only"


@pytest.mark.parametrize("command", DOES_MORE)
def test_a_foreign_target_or_an_endless_loop_is_at_least_disruptive(command):
    assert classify(command).risk in ("disruptive", "destructive")


@pytest.mark.parametrize("command", ["racadm$IFS$9racresetcfg", "racadm ${X}racresetcfg", "racadm $@racresetcfg"])
def test_a_variable_that_stands_for_nothing_hides_no_word(command):
    assert classify(command).risk == "destructive"
