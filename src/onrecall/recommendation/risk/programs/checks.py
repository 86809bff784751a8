"""Programs whose options and operands have to be read together; a table names the check by `@check`."""

from collections.abc import Callable, Iterator

from onrecall.recommendation.risk.assessment import Assessment
from onrecall.recommendation.risk.programs.automation_checks import check_ansible, check_salt, check_salt_run
from onrecall.recommendation.risk.programs.cloud_checks import check_az, check_cloud_verb, check_gcloud
from onrecall.recommendation.risk.programs.file_checks import (
    check_copy,
    check_hadoop_files,
    check_link,
    check_mount,
    check_move,
    check_parted,
    check_tar,
    check_transfer,
    check_truncate,
)
from onrecall.recommendation.risk.programs.http_checks import check_curl, check_httpie, check_invoke_request, check_wget
from onrecall.recommendation.risk.programs.situation import InvocationContext
from onrecall.recommendation.risk.programs.system_checks import (
    check_ceph_daemon,
    check_compose_scale,
    check_declaration,
    check_for_each,
    check_git_names,
    check_git_paths,
    check_in_place_script,
    check_ip,
    check_kcat,
    check_packet_filter,
    check_printf,
    check_rpm,
    check_script_blocks,
    check_service,
    check_socat,
    check_test,
    check_ufw_allow,
    check_where_object,
)

CHECKS: dict[str, Callable[[InvocationContext], Iterator[Assessment]]] = {
    "ansible": check_ansible,
    "az": check_az,
    "ceph-daemon": check_ceph_daemon,
    "cloud-verb": check_cloud_verb,
    "compose-scale": check_compose_scale,
    "copy": check_copy,
    "curl": check_curl,
    "declaration": check_declaration,
    "for-each": check_for_each,
    "gcloud": check_gcloud,
    "git-names": check_git_names,
    "git-paths": check_git_paths,
    "hadoop-files": check_hadoop_files,
    "httpie": check_httpie,
    "in-place-script": check_in_place_script,
    "invoke-request": check_invoke_request,
    "ip": check_ip,
    "kcat": check_kcat,
    "link": check_link,
    "mount": check_mount,
    "move": check_move,
    "packet-filter": check_packet_filter,
    "parted": check_parted,
    "printf": check_printf,
    "rpm": check_rpm,
    "salt": check_salt,
    "salt-run": check_salt_run,
    "script-blocks": check_script_blocks,
    "service": check_service,
    "socat": check_socat,
    "tar": check_tar,
    "test": check_test,
    "transfer": check_transfer,
    "truncate": check_truncate,
    "ufw-allow": check_ufw_allow,
    "wget": check_wget,
    "where-object": check_where_object,
}
