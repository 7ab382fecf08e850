#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/unit/build.t [VERSION...]
#        test/unit/build.t --exim EXIM
#
# Builds each release (default: all that have patches) and looks whether the binary has the feature, and
# whether `hide` hides the option by both its names (needs root, or a user who is not Exim's); then
# tries the other settings of the flag, on the first of them: without it the feature is not there; with
# upstream's own SUPPORT_PROXY too the build stops with one clear error; beside SOCKS, XCLIENT and
# every other feature it builds. Any value of the flag but "yes" and nothing is one clear error. With --exim it
# builds nothing and looks at that binary only. The last line counts. Exit code: 0 if nothing failed, 1 if something
# did, 2 bad usage.

# shellcheck disable=SC2317  # called by check
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${root:?}/test/unit/lib.sh"
binary=''
if [ "${1-}" = --exim ]; then
  [ $# = 2 ] || usage_error "--exim needs a binary, and nothing else"
  binary=$2
  [ -x "$binary" ] || usage_error "--exim: cannot run '$binary'"
else
  start "$@"
fi

work=''
scratch work

# As check, and its outcome is that of the command.
try()
{
local before=${failed_tests:?}
check "$@"
[ "$failed_tests" = "$before" ]
}

# built VERSION [CONFIG]: build it; sets exim, and says, to what Exim says of itself.
built()
{
say "building Exim $1 (${2:-default})"
"$root/scripts/build" "$1" --config "${2:-default}" > "$work/out" 2> "$work/err" || { cat "$work/err" >&2; return 1; }
exim=$(tail -1 "$work/out")
ask
}

ask() { says=$("$exim" -C /dev/null -bV 2>&1) || { printf '%s\n' "$says" >&2; return 1; }; }

of_release() { [[ $says = *"Exim version $1 "* ]]; }
supports()   { grep '^Support for:' <<< "$says" | tr ' ' '\n' | grep -qxF -e "$1"; }
lacks()      { ! supports "$1"; }

# Is a configuration with these lines good?
takes()
{
printf '%s\n' 'keep_environment =' "$@" > "$work/conf"
"$exim" -C "$work/conf" -bV > "$work/said" 2>&1
}
refuses() { ! takes "$@"; }

# Lines that only a parser which knows the macros skips over.
macro()
{
takes '.ifndef _HAVE_EXPERIMENTAL_PROXY' 'no such option' '.endif' '.ifndef _HAVE_PROXY' 'no such option' '.endif' \
  'proxy_required_hosts = <; ::1 ; 10.0.0.0/8' 'log_selector = +proxy'
}

# Exim shows what is hidden to its administrators, of whom root is one: ask as somebody else. He may not be able
# to enter the checkout.
outsider()
{
as=()
cp "$exim" "$work/exim"
[ "$(id -u)" != 0 ] || as=(setpriv --reuid nobody --regid nogroup --clear-groups)
takes 'hide smtp_banner = hidden' && ! shows smtp_banner hidden
}
shows() { ${as[@]+"${as[@]}"} "$work/exim" -C "$work/conf" -bP "$1" 2>&1 | grep -F -- "$2" > /dev/null; }

# hides NAME: by neither of the two names of the option.
hides()
{
local name
takes "$1 = 192.0.2.9" && shows "$1" 192.0.2.9 && takes "hide $1 = 192.0.2.9" && shows "$1" 'not displayable' || return 1
for name in hosts_proxy proxy_required_hosts; do ! shows "$name" 192.0.2.9 || return 1; done
}

# looks_at NAME: what $exim must have.
looks_at()
{
check "$1: -bV lists Experimental_Proxy" supports Experimental_Proxy
check "$1: -bV lists PROXY, as with SUPPORT_PROXY" supports PROXY
check "$1: the macros, the option and the log selector are there" macro
if outsider; then
  check "$1: a hidden hosts_proxy is hidden" hides hosts_proxy
  check "$1: a hidden proxy_required_hosts is hidden" hides proxy_required_hosts
else
  skip "$1: whether a hidden option is hidden: needs root, or a user who is not Exim's"
fi
}

if [ "$binary" ]; then
  exim=$binary
  if try "$binary says what it is" ask; then looks_at "$binary"; fi
  finish
fi

for release in "${versions[@]}"; do
  try "$release: it builds" built "$release" || continue
  check "$release: the binary is of this release" of_release "$release"
  looks_at "$release"
done

release=${versions[0]}
for v in "${versions[@]}"; do [ "$v" != "${default_release:?}" ] || release=$v; done

if try "$release without the flag: it builds" built "$release" off; then
  check "$release without the flag: -bV does not list Experimental_Proxy" lacks Experimental_Proxy
  check "$release without the flag: no macro" takes '.ifdef _HAVE_EXPERIMENTAL_PROXY' 'no such option' '.endif'
  check "$release without the flag: no option" refuses 'proxy_required_hosts = *'
fi

stops()
{
say "building Exim $release (both), which must stop"
! "$root/scripts/build" "$release" --config both > "$work/out" 2> "$work/err"
}
log=${build_dir:?}/$release-both/build.log
one_message() { [ "$(grep -E 'error: .*EXPERIMENTAL_PROXY.*SUPPORT_PROXY' "$log" | sed 's/.*error: //' | sort -u | wc -l)" = 1 ]; }
if try "$release with SUPPORT_PROXY too: the build stops" stops; then
  check "$release with SUPPORT_PROXY too: with one clear error" one_message
fi

if try "$release with every other feature: it builds" built "$release" full-gnutls; then
  check "$release with every other feature: -bV lists Experimental_Proxy" supports Experimental_Proxy
  check "$release with every other feature: -bV lists SOCKS" supports SOCKS
fi

# The header that tests the flag, alone: what it must say is known before Exim is built.
preprocess() { printf '#define EXPERIMENTAL_PROXY %s\n#include "proxy_config.h"\n' "$1" | cc -E -I "${root:?}/src-overlay/src" - > "$work/out" 2> "$work/err"; }
accepts() { preprocess "$1" && [ ! -s "$work/err" ]; }
rejects()
{
! preprocess "$1" && [ "$(grep -c 'error: ' "$work/err")" = 1 ] && grep -q 'error: .*EXPERIMENTAL_PROXY can only be "yes"' "$work/err"
}
check "EXPERIMENTAL_PROXY=yes is good" accepts yes
check "EXPERIMENTAL_PROXY= is good" accepts ''
for value in 2 1 0 no YES y true; do
  check "EXPERIMENTAL_PROXY=$value: one clear error" rejects "$value"
done

finish
