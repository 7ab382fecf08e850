#!/bin/bash
#
# usage: test/unit/build.t [VERSION...]
#
# Builds each release (default: all that have patches) and looks whether the binary has the feature; then
# tries the other settings of the flag, on the first of them: without it the feature is not there; with
# upstream's own SUPPORT_PROXY too the build stops with one clear error; beside SOCKS and XCLIENT it
# builds; as a loadable module it builds where Exim has such, and elsewhere there is one clear error. The last line counts. Exit code: 0 if nothing failed, 1 if something did, 2 bad usage.

# shellcheck disable=SC2317  # called by check
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${root:?}/test/unit/lib.sh"
start "$@"

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
says=$("$exim" -C /dev/null -bV 2>&1) || { printf '%s\n' "$says" >&2; return 1; }
}

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

# A line that only a parser which knows the macro skips over.
macro()
{
takes '.ifndef _HAVE_EXPERIMENTAL_PROXY' 'no such option' '.endif' 'proxy_required_hosts = <; ::1 ; 10.0.0.0/8' 'log_selector = +proxy'
}

for release in "${versions[@]}"; do
  try "$release: it builds" built "$release" || continue
  check "$release: the binary is of this release" of_release "$release"
  check "$release: -bV lists Experimental_Proxy" supports Experimental_Proxy
  check "$release: the macro, the option and the log selector are there" macro
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

if try "$release with SOCKS and XCLIENT: it builds" built "$release" socks-xclient; then
  check "$release with SOCKS and XCLIENT: -bV lists Experimental_Proxy" supports Experimental_Proxy
  check "$release with SOCKS and XCLIENT: -bV lists SOCKS" supports SOCKS
fi

module_release='' no_modules=''
for v in "${versions[@]}"; do
  if makes_modules "$v"; then module_release=$v; else no_modules=$v; fi
done

module_stops()
{
say "building Exim $no_modules (module), which must stop"
! "$root/scripts/build" "$no_modules" --config module > "$work/out" 2> "$work/err"
}
asks_for_yes() { [ "$(grep -c 'error: .*EXPERIMENTAL_PROXY=2 .*EXPERIMENTAL_PROXY=yes' "${build_dir:?}/$no_modules-module/build.log")" -gt 0 ]; }
if [ "$no_modules" ] && try "$no_modules as a module: the build stops" module_stops; then
  check "$no_modules as a module: with a clear error" asks_for_yes
fi

expands() { "$exim" -C "$work/conf" -be "$1" > "$work/said" 2>&1; [ "$(tail -n 1 "$work/said")" = "$2" ]; }
no_parser() { ! nm "$exim" | grep 'proxy_header_parse' >&2; }
loads() { takes "$@" && "$exim" -d+all -C "$work/conf" -bV 2>&1 | grep -q 'Loaded module "proxy"'; }
loads_not() { ! loads "$@"; }
says_why() { grep 'failed to find proxy module for proxy_required_hosts: ' "$work/said" > /dev/null; }
without()
{
mv "${exim%/*}/modules/proxy_miscmod.so" "$work/" || return 1
"$@" || local code=$?
mv "$work/proxy_miscmod.so" "${exim%/*}/modules/" && return "${code:-0}"
}
refuses_without() { without refuses 'proxy_required_hosts = *' && says_why; }
session_without() { without expands '<$proxy_session>' '<no>'; }
tlv_without()     { without expands '<$proxy_tlv_alpn>' '<>' && grep 'failed to find proxy module for proxy_tlv_alpn: ' "$work/said" > /dev/null; }
names_names()     { ! expands '$proxy_tlv_nonsense' '' && grep '"proxy_tlv_nonsense" (after proxy_tlv_ one of: alpn' "$work/said" > /dev/null; }

if [ "$module_release" ] && try "$module_release as a module: it builds" built "$module_release" module; then
  v="$module_release as a module"
  check "$v: -bV lists Experimental_Proxy" supports Experimental_Proxy
  check "$v: the parser is not in Exim itself" no_parser
  check "$v: the option loads it" loads 'proxy_required_hosts = *'
  check "$v: without the option it is not loaded" loads_not 'log_selector = +proxy'
  check "$v: the option without the file is refused, and why is said" refuses_without
  takes 'log_selector = +proxy' || true
  check "$v: \$proxy_session needs no module" session_without
  check "$v: \$proxy_tlv_alpn without the file is empty, and why is logged" tlv_without
  check "$v: a wrong name of a TLV is told from the right ones" names_names
fi

finish
