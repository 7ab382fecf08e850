# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# apt, with directories of its own: the machine's package lists are left alone. For scripts that have read
# common.sh.

cache=$build_dir/cache		# what was fetched, and the log of the last fetch

# The mirrors in apt's configuration: "main URI" and "security URI" lines, Debian's first. Without
# --no-release-info apt tells only of those whose lists it has, but then also whose they are.
mirrors()
{
local option
for option in --release-info --no-release-info; do
  # shellcheck disable=SC2016  # apt's own words, not the shell's
  apt-get indextargets $option --format '$(RELEASE) $(COMPONENT) $(ORIGIN) $(REPO_URI)'
done |
  awk '$2 == "main" && $NF ~ /:/ {
	 kind = $1 ~ /-security$|\/updates$/ ? "security" : $1 ~ /-/ ? "" : "main"
	 if (kind && !seen[kind, $NF]++) print (NF == 4 && $3 == "Debian" ? 0 : 1), kind, $NF }' |
  sort -s -k1,1 | cut -d' ' -f2-
}

# use_suite SUITE deb|deb-src: have its package or source lists, in directories of our own. Sets
# apt_options.
apt_dir=
use_suite()
{
mkdir -p "$cache"
[ "$apt_dir" ] || scratch apt_dir "$cache"
local suite=$1 kind=$2 dir=$apt_dir/$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg
local uri security signed='' try what=packages
[ "$kind" = deb ] || what=sources
apt_options=(-c "$dir/apt.conf" -q)
[ ! -e "$dir/ready" ] || return 0
mkdir -p "$dir/lists/partial" "$dir/archives/partial"

cat > "$dir/apt.conf" <<EOF
Dir::Etc::SourceList "$dir/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$dir/lists";
Dir::Cache "$dir";
Dir::Cache::PkgCache "";
Dir::Cache::SrcPkgCache "";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
EOF
# A mirror that is no longer updated is no danger here: the lists must be signed all the same, and what is fetched
# must have the SHA-256 that they, or our own pins, say. As root, apt downloads as user _apt, who may not be able to enter this checkout.
[ "$(id -u)" != 0 ] || echo 'APT::Sandbox::User "root";' >> "$dir/apt.conf"

[ ! -r "$keyring" ] || signed="[signed-by=$keyring] "
security=$(mirrors | awk '$1 == "security" && !n++ { print $2 }')
for uri in $(mirrors | awk '$1 == "main" { print $2 }'); do
  for try in main+security main main; do
    echo "$kind $signed$uri $suite main" > "$dir/sources.list"
    # Backports need the packages of their suite too.
    case $kind:$suite in deb:*-backports) echo "deb $signed$uri ${suite%-backports} main" >> "$dir/sources.list" ;; esac
    if [ $try = main+security ]; then
      case $kind:$suite in *:sid|*:unstable|*:testing|deb-src:*-backports) continue ;; esac
      [ "$security" ] || continue
      echo "$kind $signed$security ${suite%-backports}-security main" >> "$dir/sources.list"
    fi
    say "fetching the list of $suite's $what"
    if network apt-get "${apt_options[@]}" -o APT::Update::Error-Mode=any update; then
      : > "$dir/ready"
      return 0
    fi
  done
done
show_network_log
return 1
}

# network COMMAND...: run it with a limit, its output into a log.
network() { timeout -k 10 300 "$@" > "$cache/network.log" 2>&1 < /dev/null; }
show_network_log() { [ ! -s "$cache/network.log" ] || grep -E '^(E|W|Err)' "$cache/network.log" | sort -u | sed 's/^/  apt: /' >&2 || true; }

# sources_of_exim: of each exim4 that the source list in use has, newest first, a line "VERSION SHA-256 SHA-256": the sums
# of Debian's part and of the upstream tarball.
sources_of_exim()
{
apt-cache "${apt_options[@]}" showsrc --only-source exim4 2>/dev/null |
  awk '/^[^ ]/ { sums = /^Checksums-Sha256:/ }
       /^Version: / { version = $2 }
       sums && /\.orig\.tar\.xz$/ { orig[version] = $1 }
       sums && /\.debian\.tar\.xz$/ { debian[version] = $1 }
       END { for (v in debian) print v, debian[v], orig[v] }' | sort -k1,1 -rVu
}

# from_pool FILE SHA-256 DIR: fetch FILE of exim4's source package into DIR. A security update moves from one pool to the
# other, so both are tried. apt checks the sum. Returns not_archived if the answer was "Not Found" in both.
mirror_list=
from_pool()
{
local kind uri code=${not_archived:?}
mirror_list=${mirror_list:-$(mirrors)}
[ "$mirror_list" ] || die "${failed:?}" "apt's configuration names no Debian mirror"
while read -r kind uri; do
  [ "$kind" = main ] || uri=${uri%/}/pool/updates
  [ "$kind" != main ] || uri=${uri%/}/pool
  say "fetching $1 from $uri"
  if network /usr/lib/apt/apt-helper -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::http::Timeout=30 \
      download-file "$uri/main/e/exim4/$1" "$3/$1" "SHA256:$2" && [ -s "$3/$1" ]; then return 0; fi
  grep -qE '404 +Not Found' "$cache/network.log" || { code=$failed; show_network_log; }
done <<< "$mirror_list"
return "$code"
}
