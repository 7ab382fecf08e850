#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/unit/exim-suite.t
#
# What scripts/exim-suite refuses before it does anything. Running Exim's suite takes a checkout of Exim's git, and
# minutes. The last line counts. Exit code: 0 if nothing failed, 1 if something did, 2 bad usage.

# shellcheck disable=SC2016,SC2154,SC2317  # called by check; variables set by the libraries
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$root/test/unit/lib.sh"
start "$@"
[ $# = 0 ] || usage_error "it takes no arguments"

work=''
scratch work
checkout="$work/a checkout"
mkdir -p "$checkout/test" "$checkout/src/src"
touch "$checkout/test/runtest" "$checkout/src/src/globals.c"
chmod +x "$checkout/test/runtest"

# refused EXIT WORDS ARGUMENTS...: it says no with this exit code and these words.
refused()
{
local code=0
"$root/scripts/exim-suite" "${@:3}" > "$work/out" 2>&1 || code=$?
{ [ "$code" = "$1" ] && grep -qF -e "$2" "$work/out"; } || { cat "$work/out" >&2; return 1; }
}

check "no CHECKOUT"			refused "$bad_usage" "which CHECKOUT"
check "a directory that is none"	refused "$bad_usage" "not a checkout" "$work"
check "a source tree is none"		refused "$bad_usage" "not a checkout" "$checkout/src"
check "an unknown option"		refused "$bad_usage" "no such option" "$checkout" --comparison
check "one number"			refused "$bad_usage" "in pairs" "$checkout" 4070
check "no number"			refused "$bad_usage" "not a number" "$checkout" 4070 407x
check "a number that is too long"	refused "$bad_usage" "not a number" "$checkout" 1 10000
check "the last before the first"	refused "$bad_usage" "greater than" "$checkout" 0030 0009
check "the same, in the second pair"	refused "$bad_usage" "greater than" "$checkout" 1 0010 30 9 --compare
if [ "$(id -u)" = 0 ]; then
  check "root"				refused "$need_packages" "ordinary user" "$checkout" 0008 0009
else
  check "no account for Exim"		eval 'EXIM_USER=nobody-at-all refused "$need_packages" "" "$checkout"'
fi

finish
