"""Where common programs take secrets from, as a table. Each line has programs, a bar, and places:

- `-p` an option's value: attached to a single letter, after `=`, or the next word; `-p*` only attached
- `-u:` likewise, but the secret is what follows the first colon; so with `%`, `,` and `/`
- `pass:+` what follows these characters in any word
- `login>-p` an option after the word `login`; `add_user>2` the second plain word after that, `>2` after the program
- `-b>last` the last plain word, where there is `-b`; `word/` the first plain word that is `user/secret`
- `-k$` only as a word of its own; `!` at the end: only what looks made up
"""

PROGRAMS = """
mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlshow mysqlslap mysqlbinlog mysqlpump mysqlsh | -p* password>1
mariadb mariadb-dump mariadb-admin mariadb-check mariadb-import mariadb-backup mariabackup | -p* password>1
mycli twine | -p --password
xtrabackup innobackupex mydumper myloader | -p*
mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop mongofiles | -p
redis-cli valkey-cli keydb-cli redis-benchmark memtier_benchmark redis-shake | -a --pass auth>1
cqlsh dsbulk | -p
nodetool sstableloader jmxterm | -pw --password
influx influxd | -password -t
clickhouse-client clickhouse-local clickhouse | --password
sqlcmd bcp tsql osql dtexec fisql | -P
isql iusql | -P >3!
sqlplus sqlldr expdp impdp exp imp rman dgmgrl sqlcl | word/
hdbsql beeline snowsql cypher-shell cbq couchbase-cli cbbackupmgr cbimport cbexport cbstats | -p
vsql | -w
db2 | using>1
gbak gfix isql-fb gsec nbackup | -password -pas
asadm aql | -P
ldapsearch ldapmodify ldapadd ldapdelete ldapwhoami ldapmodrdn ldapcompare ldapexop | -w
ldappasswd | -w -s -a
slappasswd | -s
curl | -u: --user: -U: --proxy-user: --pass --proxy-pass --tlspassword --oauth2-bearer --cert: -E:
wget wget2 aria2c | --http-passwd --ftp-passwd --http-password --ftp-password
http https xh xhs httpie | -a: --auth:
ipa-client-install ipa-replica-install ipa-server-install ipa-adtrust-install | -w -a
mount mount.cifs | user=+% username=+%
lftp | -u,
ncftp ncftpget ncftpput | -p
curlftpfs | user=+:
filebeat metricbeat elasticdump | -u:
smbclient | >2! -U% --user% -u%
rpcclient smbget smbcacls smbtree net nmblookup winexe | -U% --user% user>2 use>2! use>3! /user:>1!
smbmap crackmapexec netexec nxc evil-winrm kerbrute bloodhound-python impacket-psexec | -p
xfreerdp wlfreerdp xfreerdp3 | /p:+
rdesktop | -p
psexec psexec64 paexec psservice pslist | -p
schtasks | /rp>1 /p>1
slmgr slmgr.vbs | /ipk>1
check_nt check_nrpe check_mssql_health check_oracle_health | -s --password
cmdkey wmic winrs | /pass:+ /password:+ /p:+ -p:+ -pass:+
neo4j-admin | set-initial-password>1
composer poetry | config>3!
runas | /user:>1! password>1!
dsquery dsmod dsadd dsget netdom repadmin ldifde csvde | -p -pwd
plink pscp psftp putty kitty winscp | -pw
docker podman buildah nerdctl crane oras regctl kaniko cosign notation | login>-p login>--password
skopeo | login>-p --creds: --src-creds: --dest-creds:
helm | login>-p
oc eksctl | login>-p
az | set>--value login>-p --account-key --sas-token --admin-password --secret
cf ibmcloud bx | login>-p auth>2
argocd | login>--password --auth-token
vault bao | login>1! unseal>1! -token
consul nomad | -token set-agent-token>2 put>2!
etcdctl | --user: put>2!
knife chef-client | -P
radtest | 2! 5!
security | unlock-keychain>-p create-keychain>-p import>-P
bw | unlock>1!
virsh | secret-set-value>2 --base64
op tsh | --session --otp
aws gcloud | put-parameter>--value --master-user-password --secret-string --value!
mc mcli | set>3! set>4! add>3! add>4!
snyk | auth>1!
rclone | pass>1! obscure>1! reveal>1!
snmpwalk snmpget snmpset snmpbulkwalk snmptrap snmptable snmpgetnext snmpstatus snmpbulkget | -c -A -X
check_snmp | -C -A -X
steghide | -p --passphrase
altool notarytool | -p --password
codecov codecovcli | -t --token
ipmitool ipmiutil | -P
ipmi-sensors ipmi-sel ipmipower bmc-config racadm idracadm idracadm7 ilorest redfishtool | -p
esxcli vmware-cmd vim-cmd powercli vifs | -p
govc | -u:
keytool jarsigner apksigner | -storepass -keypass -srcstorepass -deststorepass -srckeypass -destkeypass -new
openssl | -k$ pass:+
gpg gpg2 | --passphrase
certutil | -p$
pk12util | -k$ -K$ -w$ -W$
dsmadmc dsmc | -pa -password
signtool osslsigncode | /p -pass
gem | push>--key!
vncpasswd | last
zip unzip zipcloak | -P
7z 7za 7zr 7zz rar unrar | -p* -hp+
qpdf pdftk | user_pw>1 owner_pw>1 input_pw>1 -upw -opw
htpasswd mosquitto_passwd | -b>last
rabbitmqctl | add_user>2 change_password>2 authenticate_user>2
rabbitmqadmin amqp-publish amqp-consume amqp-get | -p
mosquitto_pub mosquitto_sub mosquitto_rr mqttx | -P
sshpass | -p
usermod useradd mkpasswd | -p
wpa_passphrase | >2
nmcli | password>1 psk>1
iwconfig | key>1
ktutil kadmin kadmin.local kinit | -w -pw
svn svnadmin p4 | --password -P
tower-cli awx | login>2
pulumi | --secret>2!
fcrackzip john hashcat | --password
reg | /d>1!
jfrog jf | --password --apikey --access-token
sapcontrol | -user>2
ssh-keygen | -P -N
ansible-vault | encrypt_string>1
gh glab | set>--body! set>-b! set>-v! set>--value!
hcloud linode-cli | --token
doctl | -t --token --access-token
conan | login>-p --password
rasdial | >3
sc net1 | password>1!
"""
