#!/bin/sh
# What the tests need beside Python: the server binaries of Debian's PostgreSQL (the road with one's own server) and
# Chromium with its driver (screenshots). Present: says nothing and returns at once. Missing: installs them where that
# can be done without asking anybody (root, apt-get); elsewhere names the packages. Without them the tests that need
# them are skipped, but where CI=true nothing may be skipped, so there it fails.
set -u

has_postgres() {
  for bin in /usr/lib/postgresql/*/bin; do
    [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] && return 0
  done
  return 1
}

has_chromium() {
  [ -x /usr/bin/chromium ] && [ -x /usr/bin/chromedriver ]
}

missing_packages() {
  has_postgres || printf '%s ' postgresql
  has_chromium || printf '%s ' chromium chromium-driver
}

# Debian's package makes a cluster and starts it. The tests make their own and throw it away, so no other is made, and
# the file that says so is gone again after the installation.
forbid_main_cluster() {
  cluster_rule=/etc/postgresql-common/createcluster.d/no-main-cluster.conf
  mkdir -p "${cluster_rule%/*}" && echo "create_main_cluster = false" >"$cluster_rule" || return 1
  trap 'rm -f "$cluster_rule"' EXIT
  trap 'exit 1' INT TERM
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp) || return 1
  for attempt in 1 2; do
    if apt-get -q update >"$log" 2>&1 && apt-get -q install -y --no-install-recommends "$@" >>"$log" 2>&1; then
      rm -f "$log"
      return 0
    fi
  done
  echo "apt-get failed twice ($attempt attempts); its last words:" >&2
  tail -n 20 "$log" >&2
  rm -f "$log"
  return 1
}

missing=$(missing_packages)
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "tests need Debian's: $missing- installing"
  # shellcheck disable=SC2086  # one word a package
  forbid_main_cluster && install_packages $missing
  missing=$(missing_packages)
  [ -z "$missing" ] && exit 0
fi

echo "tests need Debian's packages: $missing" >&2
echo "Install them as root: apt-get install $missing" >&2
if [ "${CI:-}" = true ]; then
  echo "CI=true: nothing may be skipped, so this fails." >&2
  exit 1
fi
echo "Until then the tests that need them are skipped." >&2
