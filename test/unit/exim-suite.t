#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/unit/exim-suite.t
#
# What scripts/exim-suite refuses before it does anything, and how it counts the verdicts: in a copy of the scripts, with
# stand-ins for what it calls. Running Exim's suite takes a checkout of Exim's git, and minutes. The last line counts. Exit code: 0 if nothing failed, 1 if something did, 2 bad usage.

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
check "no number"			refused "$bad_usage" "not a test number" "$checkout" 4070 407x
check "a number that is too long"	refused "$bad_usage" "not a test number" "$checkout" 1 10000
check "the last before the first"	refused "$bad_usage" "greater than" "$checkout" 0030 0009
check "the same, in the second pair"	refused "$bad_usage" "greater than" "$checkout" 1 0010 30 9 --compare
if [ "$(id -u)" = 0 ]; then
  check "root"				refused "$need_packages" "ordinary user" "$checkout" 0008 0009
else
  check "no account for Exim"		eval 'EXIM_USER=nobody-at-all refused "$need_packages" "" "$checkout"'
fi

# A checkout whose runtest fails those numbers that its binary names, once or each time.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
bin=$work/bin
project=$work/project
mkdir -p "$bin" "$project"
cp -r "$root/scripts" "$project/"
: > "$project/scripts/lib/packages"
stub() { printf '#!/bin/bash\n%s\n' "$2" > "$1"; chmod +x "$1"; }
stub "$bin/id" 'case $1 in -un) echo tester ;; -gn) echo exim ;; *) echo tester exim ;; esac'
stub "$bin/getent" 'echo "tester:x:1:1:$(cat "$0.name"):/:/bin/sh"'
echo Tester > "$bin/getent.name"
stub "$bin/sudo" 'while :; do case $1 in -n) shift ;; -u) shift 2 ;; unshare) cd "$7"; shift 7 ;; *) break ;; esac; done; exec "$@"'
stub "$project/scripts/apply" :
stub "$project/scripts/add-scenarios" :
stub "$project/scripts/build" '
out=$(dirname "$0")/../build/$5; mkdir -p "$out/tree/build-x"; cp "$0.$5" "$out/tree/build-x/exim"; echo "$out/exim"'
checkout=$work/checkout
mkdir -p "$checkout/test/src" "$checkout/src/src"
touch "$checkout/src/src/globals.c" "$checkout/test/src/client.c"
echo ' DIR:EXIM_PATH:X' > "$checkout/test/README"
stub "$checkout/test/configure" 'printf "all:\n" > Makefile'
# shellcheck disable=SC2016
stub "$checkout/test/runtest" 'rm -f run-summary.log
for ((n = ${*: -2:1}; n <= ${*: -1}; n++)); do
  number=$(printf %04d $n)
  if [ $n = 99 ]; then what=.
  elif grep -qx $n "$1"; then what=F; [ $n != 2 ] || echo "$number F" >> run-summary.log
  elif grep -qx "$n once" "$1" && [ ! -e once ]; then touch once; what=F
  else what=P; fi
  echo "$number $what" >> run-summary.log
done
! grep -qs "^none" "$1" || echo "0001 ." > run-summary.log
! grep -qsx "none to run" "$1" || echo "** runtest error: No runnable tests selected"'
( cd "$checkout" && git init -q && git add -A && git -c user.name=t -c user.email=t@exim.invalid commit -qm x && git tag exim-4.11 ) > "$work/out" 2>&1

# runs EXIT LINES ARGUMENTS...: it exits so, and prints these lines.
runs()
{
local code=0
PATH=$bin:$PATH "$project/scripts/exim-suite" "$checkout" "${@:3}" > "$work/printed" 2> "$work/out" || code=$?
{ [ "$code" = "$1" ] && [ "$(cat "$work/printed")" = "$2" ]; } || { echo "exit $code" >&2; cat "$work/printed" "$work/out" >&2; return 1; }
}
builds() { printf '%b\n' "$1" > "$project/scripts/build.default"; printf '%b\n' "$2" > "$project/scripts/build.off"; }

builds '' ''
echo > "$bin/getent.name"
check "a caller without a name"		runs "$need_packages" '' 1 1
echo Tester > "$bin/getent.name"
check "all pass"			runs 0 'patched, 0001 to 0003: 3 passed, 0 failed, 0 omitted' 0001 0003
check "without numbers: our scenarios"	runs 0 $'patched, 4070 to 4099: 30 passed, 0 failed, 0 omitted\npatched, 4300 to 4303: 4 passed, 0 failed, 0 omitted'
builds 2 ''
check "one fails; another is omitted"	runs "$failed" $'patched: failed: 0002\npatched, 0001 to 0003: 2 passed, 1 failed, 0 omitted\npatched, 0098 to 0099: 1 passed, 0 failed, 1 omitted' 1 3 98 99
builds 2 2
check "--compare: the same fail"	runs 0 $'patched: failed: 0002\npatched, 0001 to 0003: 2 passed, 1 failed, 0 omitted
unpatched: failed: 0002\nunpatched, 0001 to 0003: 2 passed, 1 failed, 0 omitted' 1 3 --compare
builds 'none to run' ''
check "--compare: one binary can run none"	runs 0 $'patched, 0001 to 0001: 0 passed, 0 failed, 1 omitted
unpatched, 0001 to 0001: 1 passed, 0 failed, 0 omitted' 1 1 --compare
builds 'none, and it ends' ''
check "runtest ends before it has run one"	runs "$failed" '' 1 1
builds '1 once\n2' '2'
check "--compare: one that fails once"	runs 0 $'patched: failed: 0001\npatched: failed: 0002\npatched, 0001 to 0002: 0 passed, 2 failed, 0 omitted
unpatched: failed: 0002\nunpatched, 0001 to 0002: 1 passed, 1 failed, 0 omitted' 1 2 --compare
builds '3' '4'
check "--compare: they differ"		runs "$failed" $'patched: failed: 0003\npatched, 0003 to 0004: 1 passed, 1 failed, 0 omitted
unpatched: failed: 0004\nunpatched, 0003 to 0004: 1 passed, 1 failed, 0 omitted
differs: 0003: patched F, unpatched P\ndiffers: 0004: patched P, unpatched F' 3 4 --compare
builds '4030' ''
check "--compare: those that are known to"	runs 0 $'patched: failed: 4030\npatched, 4030 to 4030: 0 passed, 1 failed, 0 omitted
unpatched, 4030 to 4030: 1 passed, 0 failed, 0 omitted
differs: 4030: patched F, unpatched P (known)' 4030 4030 --compare

finish
