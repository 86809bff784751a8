#!/bin/sh
# Writes the secrets that compose.yaml mounts into deploy/secrets, each once: a file that exists is left alone.
# The folder is its owner's; the files are readable because compose mounts them as they are, for users of the containers.
set -eu
folder="$(dirname "$0")/secrets"
mkdir -p "$folder"
chmod 700 "$folder"

letters() {
  LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c "$1"
}

write() {
  [ -s "$folder/$1" ] && return
  printf '%s' "$2" >"$folder/$1"
  chmod 444 "$folder/$1"
  echo "wrote $folder/$1"
}

write postgres-password "$(letters 40)"
write database-url "postgresql://onrecall:$(cat "$folder/postgres-password")@postgres/onrecall"
write admin-key "onr_$(letters 8)_$(letters 43)"
echo "the admin's key is in $folder/admin-key"
