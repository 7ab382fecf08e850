# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What all the scripts share. Source it first:
#
#   . "$(dirname "$(readlink -f "$0")")/lib/common.sh"
#
# It sets strict mode, finds the project ($root, absolute, from its own place), and gives the functions
# below. Standard output is for results only; progress and complaints go to standard error.

# With pipefail, what feeds a pipe must be read to its end: no grep -q or head there.
set -euo pipefail
export LC_ALL=C
umask 022

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
build_dir=$root/build
me=${0##*/}

# Exit codes, the same in every script.
# shellcheck disable=SC2034  # used by the scripts that read this file
{
ok=0			# done, or nothing to do
failed=1		# it was tried and did not work, or was refused; what and why is on stderr
bad_usage=2		# the command line is wrong
need_packages=3		# packages are missing and the caller cannot install them; the command is on stderr
not_archived=4		# the Debian archive does not have it (any more)
unknown_release=5	# not one of the supported releases
nothing_newer=6		# what was made last is from the newest that the archive has
}

say()  { printf '%s: %s\n' "$me" "$*" >&2; }

# die CODE MESSAGE...
die()  { local code=$1; shift; say "$@"; exit "$code"; }

usage_error() { die "$bad_usage" "$* (see $me --help)"; }

# The comment at the head of the script is its manual page: print it for --help.
show_help() { sed -n '2,/^[^#]/{ /^#/!q; /^# SPDX-/d; s/^# \{0,1\}//p; }' "$0"; }


# ---- temporary files --------------------------------------------------------------------------------

# Everything named by later() is removed when the script ends, however it ends.
temporaries=()
later()    { temporaries+=("$1"); }
clean_up() { local t; for t in ${temporaries[@]+"${temporaries[@]}"}; do rm -rf -- "$t"; done; }
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# scratch VAR [DIR]: make a temporary directory (in DIR, so that a rename out of it is atomic).
scratch()
{
local made
if [ "${2:-}" ]; then made=$(mktemp -d "$2/.new.XXXXXX"); else made=$(mktemp -d); fi
chmod 755 "$made"
later "$made"
printf -v "$1" %s "$made"
}

# lock NAME: wait until no other script has NAME of this checkout; held until the script ends.
lock()
{
local fd
mkdir -p "$build_dir/lock"
exec {fd}> "$build_dir/lock/$1"
if ! flock -n "$fd"; then say "waiting for another run that uses $1"; flock "$fd"; fi
}


# ---- sums -------------------------------------------------------------------------------------------

sum_of() { sha256sum -- "$1" | cut -d' ' -f1; }

# One figure for all that is in a directory: names, contents, links. Not times, owners or modes.
sum_of_tree()
{
( cd "$1"
  find . -type f -print0 | sort -z | xargs -0r sha256sum
  find . -type l -printf '%p -> %l\n' | sort ) | sha256sum | cut -d' ' -f1
}


# ---- releases ---------------------------------------------------------------------------------------

releases_file=$root/scripts/lib/releases
# shellcheck disable=SC2034
default_release=4.98.2		# Debian stable's

releases() { awk '!/^#/ && NF { print $1 }' "$releases_file"; }

# pin VERSION: its line's suites, tarball, sum and revisions, into suites, tarball, tarball_sum, revisions.
pin()
{
# shellcheck disable=SC2034
read -r _ suites tarball tarball_sum revisions \
  < <(awk -v v="$1" '!/^#/ && $1 == v' "$releases_file") ||
  die "$unknown_release" "Exim $1 is not supported: the releases are $(releases | paste -sd' ')"
}

# release_of DIR: what release the source tree is of. Distributed trees say so in src/version.sh and
# src/version.h; a checkout of Exim's git by its last tag, as 4.99.1, or 4.99.1-12-COMMIT for 12 commits later: as Exim's build says it.
# (DIR is the directory that has src/globals.c.)
release_of()
{
local v=
if [ -r "$1/src/version.sh" ]; then
  v=$(sed -n 's/^EXIM_RELEASE_VERSION="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$1/src/version.sh")
elif [ -r "$1/src/version.h" ]; then
  v=$(sed -n 's/^#define EXIM_RELEASE_VERSION "\([^"]*\)".*/\1/p' "$1/src/version.h")
elif command -v git >/dev/null; then
  v=$(git -C "$1" describe --tags --match 'exim-[0-9]*' 2>/dev/null) || true
  v=${v#exim-} v=${v/-g/-}
fi
[ "$v" ] || return 1
printf '%s\n' "${v//_/.}"
}


# ---- packages ---------------------------------------------------------------------------------------

packages_file=$root/scripts/lib/packages

package_groups() { awk '!/^#/ && NF { print $1 }' "$packages_file" | uniq; }

# missing GROUP...: the lines of the packages file that are not satisfied on this machine.
missing()
{
awk -v want="$*" '
  function have(list,  n, i, a) { n = split(list, a, "|"); for (i = 1; i <= n; i++) if (a[i] in here) return 1 }
  BEGIN { n = split(want, g, " "); for (i = 1; i <= n; i++) wanted[g[i]] }
  FILENAME == ARGV[1] { if ($2 == "installed") here[$1]; next }
  !/^#/ && NF && ($1 in wanted) && !have($2)' \
  <(dpkg-query -W -f '${Package} ${db:Status-Status}\n') "$packages_file"
}

# groups_of VERSION: what a release needs that later ones do not. It has PCRE 1, and does not compile with OpenSSL 3.
groups_of() { case $1 in 4.94*|4.95*) printf '%s\n' gnutls pcre1 ;; esac; }

# need GROUP...: see to it that the packages of these groups are there; end the script if they are not.
need()
{
command -v dpkg-query >/dev/null ||
  die "$need_packages" "this is not a Debian machine (no dpkg-query): install by hand what $packages_file lists"
[ -z "$(missing "$@")" ] || "$root/scripts/setup" "$@" || exit $?
}
