#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/unit/tree.t
#
# What holds for every file of the project, new ones too: each program tells with --help how it is used, and
# refuses an option that it does not have, with exit code 2; each source file names its licence. The last
# line counts. Exit code: 0 if nothing failed, 1 if something did, 2 bad usage.

# shellcheck disable=SC2154,SC2317  # called by check; set by the libraries
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$root/test/unit/lib.sh"
start "$@"
[ $# = 0 ] || usage_error "it takes no arguments"

scratch work
cd "$work"	# where programs that do not refuse may leave what they make

# All files but what is made; without git, those that are there.
git -C "$root" ls-files -co --exclude-standard > list 2> /dev/null ||
  ( cd "$root" && find . \( -name .git -o -path ./build \) -prune -o -type f -printf '%P\n' ) > list
mapfile -t files < <(sort list)

is_source()
{
case $1 in
  .ci/*|Local/*|scripts/*|src-overlay/*)				;;
  test/*.[ch]|test/*.p[lm]|test/*.sh|test/*.t|test/*.gp|test/*/Makefile)	;;
  test/*)	[ -x "$root/$1" ] ;;
  *)		return 1 ;;
esac
}

# These look with the shell's own means: another process for each look would take longer than all else here.
names_licence()
{
local line lines
mapfile -tn 7 lines < "$root/$1"
for line in "${lines[@]}"; do
  [[ ! $line =~ ^(#|/\*)\ SPDX-License-Identifier:\ GPL-2\.0-or-later(\ \*/)?$ ]] || return 0
done
say "no SPDX line in the first seven"
return 1
}

# run PROGRAM ARGUMENT: its exit code in $code, and what it says in the files out and err
run()
{
code=0
timeout -k 5 300 "$root/$1" "$2" > out 2> err < /dev/null || code=$?
}

# unlike WHY...: for the reader, with what the program said. It fails.
unlike()
{
say "$* (exit code $code)"
sed -n '1,3s/^/    /p' out err >&2
return 1
}

helps()
{
local name=${1##*/} said
[ "$1" != .ci/run ] || name=check	# which it hands everything to
run "$1" --help
[ "$code" = 0 ] || unlike "the exit code is not 0" || return
[ ! -s err ] || unlike "something is on standard error" || return
said=$'\n'$(< out)
[[ $said =~ $'\n'[Uu]sage:\ [^$'\n']*"$name" ]] || unlike "no line begins with usage: and names $name" || return
[[ $said =~ [^$'\n']$'\n'+[^$'\n']+$'\n'+[^$'\n'] ]] || unlike "it does not say what it is for" || return
[[ $said != *SPDX* ]] || unlike "the licence is not help"
}

refuses()
{
run "$1" --no-such-option
case $1:$code in
  *:0)			unlike "it was not refused" ;;
  test/bin/*|*:2)	;;	# those have the exit codes of programs of Exim's test suite
  *)			unlike "the exit code is not 2" ;;
esac || return
case $1 in test/bin/*) [ -s out ] || [ -s err ] ;; *) [ -s err ] && [ ! -s out ] ;; esac || unlike "what is wrong belongs on standard error"
}

count=0
for file in "${files[@]}"; do
  [ -f "$root/$file" ] || continue
  if is_source "$file"; then check "$file: names its licence" names_licence "$file"; fi
  [ -x "$root/$file" ] || continue
  count=$((count + 1))
  check "$file: --help" helps "$file"
  check "$file: an option that it does not have" refuses "$file"
done
check "there are programs" test $count -gt 0
finish
