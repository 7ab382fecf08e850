#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/unit/add-scenarios.t
#
# What scripts/add-scenarios promises, tried on a small suite made for it: it brings all files of all scenarios or none,
# overwrites and removes only what it brought and nobody changed, and gives the suite back as it was. The
# last line counts. Exit code: 0 if nothing failed, 1 if something did, 2 bad usage.

# shellcheck disable=SC2016,SC2154,SC2317  # eval'd conditions; called by check; variables set by the libraries
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$root/test/unit/lib.sh"
start "$@"
[ $# = 0 ] || usage_error "it takes no arguments"

work=''
scratch work
ours=$work/ours
suite="$work/a suite"

scenario() { local d; mkdir -p scripts/"$2"; for d in scripts/"$2" confs stdout log; do echo "$d $1" > "$d/$1"; done; }

# A project with two scenarios, and a suite with one test.
fresh()
{
rm -rf "$ours" "$suite"
mkdir -p "$ours/scripts" "$ours/test/scripts/4070-experimental-proxy" "$ours/test/unit" "$suite/scripts/0000-Basic" "$suite/confs" "$suite/log"
cp -r "$root/scripts/." "$ours/scripts"
( cd "$ours/test"
  mkdir confs stdout log mail aux-fixed
  echo 'support Experimental_Proxy' > scripts/4070-experimental-proxy/REQUIRES
  for n in 4070 4071; do scenario $n 4070-experimental-proxy; echo "m$n" > mail/$n.userx; done
  echo f > aux-fixed/4070.data
  echo not a scenario > unit/4070 )
echo one > "$suite/scripts/0000-Basic/0001"
echo one > "$suite/confs/0001"
touch "$suite/runtest"
before=$(sum_of_suite)
}

sum_of_suite() { { sum_of_tree "$suite"; ( cd "$suite" && find . -type d | sort ); } | sha256sum; }
add() { "$ours/scripts/add-scenarios" "$@" > "$work/out" 2>&1; }
said() { grep -qF -e "$1" "$work/out"; }
untouched() { [ "$(sum_of_suite)" = "$before" ]; }
all_there() { ( cd "$ours/test" && for f in scripts/*/* confs/* stdout/* log/* mail/* aux-fixed/*; do cmp "$f" "$suite/$f" || exit 1; done ); }

# refused EXIT WORDS ARGUMENTS...: it says no with this exit code and these words, and nothing changes.
refused()
{
local code=0
before=$(sum_of_suite)
add "${@:3}" || code=$?
[ "$code" = "$1" ] && said "$2" && untouched
}

fresh
check "--check says what it would do, and changes nothing"	eval 'add "$suite" --check && said "12 files" && untouched'
check "--remove of a suite without them"		eval 'add "$suite" --remove && said "nothing of ours" && untouched'
check "brings all files"				eval 'add "$suite" && all_there'
check "and no others"					eval '[ ! -e "$suite/unit" ]'
check "twice is once"					eval 'add "$suite" && said "already"'
echo changed > "$ours/test/confs/4070"; ( cd "$ours/test" && scenario 4072 4070-experimental-proxy && rm mail/4071.userx )
check "brings them up to date"				eval 'add "$suite" && all_there && [ ! -e "$suite/mail/4071.userx" ]'
check "--remove gives the suite back as it was"		eval 'add --remove "$suite" && untouched'

# Whatever their numbers are: one beside those of its directory, one of a directory with a name of another kind.
fresh
( cd "$ours/test" && scenario 4062 4070-experimental-proxy && scenario 4100 4070-experimental-proxy && scenario 9100 9100-Other &&
  echo "aux-fixed/4100.data aux-fixed/theirs" >> confs/4100 && echo f > aux-fixed/4100.data && echo f > mail/9100.a@b )
mkdir "$suite/aux-fixed"; echo > "$suite/aux-fixed/theirs"
before=$(sum_of_suite)
check "brings all files of any number"			eval 'add "$suite" && all_there'
check "it says which numbers to ask for"		eval 'said "4062 4062, 4070 4071, 4100 4100, 9100 9100"'
check "and --remove takes them out"			eval 'add --remove "$suite" && untouched'
for part in confs stdout log; do
  fresh; rm "$ours/test/$part/4071"
  check "a scenario without its file in $part is refused"	refused "$failed" "4071 is incomplete: there is no $part/4071" "$suite"
done
fresh; rm "$ours/test/scripts/4070-experimental-proxy/4071"
check "a configuration without a script is refused"	refused "$failed" "4071 is incomplete: no directory" "$suite"
fresh; echo "<<< aux-fixed/4071.lines" >> "$ours/test/scripts/4070-experimental-proxy/4071"
check "a script that names a file which is not there is refused"	refused "$failed" "4071 is incomplete: it names aux-fixed/4071.lines" "$suite"
check "with --check too"				refused "$failed" "4071 is incomplete" "$suite" --check

fresh; echo mine > "$suite/confs/4071"
check "a file that it did not bring is refused"		refused "$failed" confs/4071 "$suite"
fresh; ln -s nowhere "$suite/confs/4071"
check "a link that it did not bring is refused"		refused "$failed" confs/4071 "$suite"
fresh; mkdir "$suite/scripts/4000-other"; echo > "$suite/scripts/4000-other/4071"
check "a test of the same number is refused"		refused "$failed" scripts/4000-other/4071 "$suite"
fresh; add "$suite"; echo changed > "$suite/mail/4070.userx"; echo changed too > "$ours/test/mail/4070.userx"
check "a file changed since is not overwritten"		refused "$failed" mail/4070.userx "$suite"
check "and not removed"					refused "$failed" mail/4070.userx "$suite" --remove

# A suite whose expected files are worded in the older ways, and then one that also has the newer.
worded()	# DIRECTORY PORT ID FOLD PIPE ADDRESS PID NUMBER
{
printf 'Connecting to 127.0.0.1 port %s ... connected\n<<< 250-%s\nhost_address 192.0.2.1%s\n' "$2" "$5" "$6" > "$1/stdout/$8"
printf 'Received: from x\n\tid 10HmaX-%s\n\tfor a@test.ex;%bTue, 2 Mar\n' "$3" "$4" > "$1/mail/$8"
echo "exim x.yz daemon started: pid=$7, no queue runs" > "$1/log/$8"
}
older=(1225 0005vi-00 ' ' PIPE_CONNECT .9999 pppp)
newer=(PORT_D 000000005vi-0000 '\n\t' PIPECONNECT :9999 p1234)
as_older() { for d in stdout mail log; do cmp "$suite/$d/4070" "$suite/$d/0001" || return 1; done; }
fresh
mkdir "$suite/stdout" "$suite/mail"
echo 'my $parm_port_d = 1225;  # the daemon' > "$suite/runtest"
worded "$suite" "${older[@]}" 0001
worded "$ours/test" "${newer[@]}" 4070
before=$(sum_of_suite)
check "in an older suite, ours are worded as its own"	eval 'add "$suite" && as_older'
check "it says what it worded so"			eval 'for w in "ports are" "message ids" pppp folded PIPE_CONNECT ADDRESS.PORT; do said "$w" || exit 1; done'
check "twice is once, there too"			eval 'add "$suite" && said "already"'
worded "$suite" "${newer[@]}" 0002
check "in a newer suite they are as they are here"	eval 'add "$suite" && all_there && cmp "$ours/test/log/4070" "$suite/log/4070" && ! said "as this suite has it"'
rm "$suite"/{stdout,mail,log}/0002
check "and --remove takes them out of both"		eval 'add "$suite" && as_older && add --remove "$suite" && untouched'

fresh
echo ':eval:PROXY' >> "$ours/test/scripts/4070-experimental-proxy/4071"
check "a scenario that its runtest cannot read is left out"	eval 'add "$suite" && said "left out: 4071" && [ ! -e "$suite"/scripts/4070*/4071 ] && [ -e "$suite"/scripts/4070*/4070 ]'
echo 'if (/^:eval:/)' > "$suite/runtest"
check "and brought when it can"			eval 'add "$suite" && all_there && ! said "left out"'

# breaking N HOW ARGUMENTS...: the Nth rename fails, or the script is killed at it.
breaking() { ! strace -f -qq -o "$work/trace" -e trace=/^rename -e inject="/^rename:$2:when=$1" "$ours/scripts/add-scenarios" "${@:3}" > "$work/out" 2>&1; }
fails=error=EIO killed=signal=KILL

put_back()
{
local n
for n in 1 2 5 11; do
  fresh
  breaking "$n" "$fails" "$suite" && untouched || return 1
  add "$suite" && echo changed > "$ours/test/confs/4070" && rm "$ours/test/mail/4071.userx" || return 1
  before=$(sum_of_suite)
  [ "$n" -gt 5 ] || { breaking "$n" "$fails" "$suite" && untouched; } || return 1
  breaking "$n" "$fails" "$suite" --remove && untouched || return 1
done
}
check "all is put back if a rename fails"		put_back

killed()
{
local n
for n in 1 2 5 11; do
  fresh
  breaking "$n" "$killed" "$suite" 2> /dev/null || return 1
  add "$suite" --remove && untouched || return 1
  breaking "$n" "$killed" "$suite" 2> /dev/null || return 1
  add "$suite" && all_there && add "$suite" --remove && untouched || return 1
done
}
check "an interrupted run is put right"			killed

fresh
check "no SUITE is refused"				refused "$bad_usage" "which SUITE"
check "a directory that is not there is refused"	refused "$bad_usage" "no such directory" "$work/nothing"
check "a directory that is no suite is refused"		refused "$bad_usage" "not Exim's test directory" "$work"
touch "$ours/test/runtest"
check "our own is refused"				refused "$bad_usage" "come from" "$ours/test"

finish
