#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/unit/apply.t [VERSION...]
#
# What scripts/apply promises, tried on trees with those files of a release that it looks at. On each release
# VERSION (default: all that have patches) and on the newest Debian-patched tree of it: it applies, twice is
# once, and --reverse gives the tree back byte for byte. On the last one, what does not depend on the
# release: whatever is refused or fails leaves the tree as it was. The last line counts; a release whose
# Debian package is no longer in the archive is skipped. Exit code: 0 if nothing failed, 1 if something
# did, 2 bad usage.

# shellcheck disable=SC2016,SC2154,SC2317  # eval'd conditions; called by check; variables set by the libraries
# shellcheck source=../../scripts/lib/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/lib/common.sh"
# shellcheck source=lib.sh
. "$root/test/unit/lib.sh"
start "$@"

work=''
scratch work
tree="$work/a tree"
pristine=$work/pristine
mapfile -t hooked < <(awk '$1 == "file" { print $2 }' "$root/patches/hooks")
overlay=$(cd "$root/src-overlay" && find src -type f | sort)
one_of_ours=${overlay%%$'\n'*}

apply() { "$root/scripts/apply" "$@" > "$work/out" 2>&1; }
said() { grep -qF -e "$1" "$work/out"; }
fresh() { rm -rf "$tree"; cp -a "$pristine" "$tree"; }
untouched() { [ "$(sum_of_tree "$tree")" = "$before" ]; }

# cut_down TREE: make pristine of those of its files that scripts/apply looks at.
cut_down()
{
local f
rm -rf "$pristine"
mkdir "$pristine"
( cd "$1"
  for f in "${hooked[@]}" src/version.sh doc/NewStuff doc/ChangeLog doc/OptionLists.txt doc/experimental-spec.txt; do
    [ ! -f "$f" ] || cp -p --parents "$f" "$pristine"
  done )
}

# refused EXIT WORDS...: apply says no with this exit code and these words, and the tree stays as it was.
refused()
{
local code=0 wanted=$1 words
shift
before=$(sum_of_tree "$tree")
apply "$tree" || code=$?
[ "$code" = "$wanted" ] || return 1
for words; do said "$words" || { say "it does not say: $words"; return 1; }; done
untouched
}

cycle()
{
local what=$1
fresh
before=$(sum_of_tree "$tree")
check "$what: --check says that it applies"	eval 'apply "$tree" --check && said "applies:"'
check "$what: --check changes nothing"		untouched
check "$what: applies"				eval 'apply "$tree" && said "applied to" && ! said "not tested"'
# shellcheck disable=SC2034  # it is used by eval
after=$(sum_of_tree "$tree")
check "$what: our files are in it"		eval '( cd "$root/src-overlay" && find . -type f -exec cmp {} "$tree/{}" \; ) >/dev/null'
check "$what: the texts are in it"		eval 'for f in "$tree"/doc/*; do grep -q EXPERIMENTAL_PROXY "$f" || exit 1; done'
check "$what: twice is once"			eval 'apply "$tree" && said "already applied" && [ "$(sum_of_tree "$tree")" = "$after" ]'
find "$tree" -type f -exec touch {} +
check "$what: --reverse gives it back byte for byte"	eval 'apply "$tree" --reverse && untouched'
}

# Lines that have moved, as another release's have, or Debian's patches move them.
moved()
{
local f
fresh
apply "$tree" || return 1
rm -rf "$work/patched"
cp -a "$tree" "$work/patched"
fresh
for f in "${hooked[@]}"; do
  [ ! -f "$tree/$f" ] || sed -i '1s/^/a line more\n/' "$tree/$f" "$work/patched/$f"
done
apply "$tree" && diff -r -x .experimental-proxy "$tree" "$work/patched" >&2
}

# No file has what its hooks look for, or each has it twice: each of them is named.
emptied()
{
local f names=()
fresh
for f in "${hooked[@]}"; do
  [ ! -f "$tree/$f" ] || : > "$tree/$f"
  case $f in src/miscmods/*) ;; *) names+=("$f: the hook at line") ;; esac	# which not every release has
done
refused "$failed" "${names[@]}"
}

doubled()
{
local f
fresh
for f in "${hooked[@]}"; do [ ! -f "$tree/$f" ] || cat "$pristine/$f" >> "$tree/$f"; done
refused "$failed" src/smtp_in.c: src/globals.c: OS/Makefile-Base: "is there 2 times" "2 lines match"
}

# breaking N HOW ARGUMENTS...: the Nth rename fails, or the script is killed at it.
breaking() { ! strace -f -qq -o "$work/trace" -e trace=/^rename -e inject="/^rename:$2:when=$1" "$root/scripts/apply" "${@:3}" > "$work/out" 2>&1; }
fails=error=EIO killed=signal=KILL

failing_rename()
{
local n
for n in 1 2 3 30; do
  fresh
  before=$(sum_of_tree "$tree")
  breaking "$n" "$fails" "$tree" && said "Input/output error" && untouched || return 1
done
apply "$tree" || return 1
before=$(sum_of_tree "$tree")
breaking 30 "$fails" "$tree" --reverse && said "Input/output error" && untouched
}

interrupted()
{
local n
for n in 1 2 3 30; do
  fresh
  before=$(sum_of_tree "$tree")
  breaking "$n" "$killed" "$tree" 2> /dev/null || return 1
  ! apply "$tree" --check && said "interrupted" && ! untouched || return 1
  apply "$tree" --reverse && untouched && apply "$tree" && breaking "$n" "$killed" "$tree" --reverse 2> /dev/null &&
    apply "$tree" && apply "$tree" --reverse && untouched || return 1
done
}

# The run that puts it right may be killed too, at any of its renames.
interrupted_twice()
{
local n
for n in 1 2 3 20; do
  fresh
  breaking 30 "$killed" "$tree" 2> /dev/null && breaking "$n" "$killed" "$tree" --reverse 2> /dev/null || return 1
  apply "$tree" --reverse && untouched || return 1
done
}

# What was interrupted is not put right if that would lose somebody's changes.
interrupted_and_changed()
{
fresh
breaking 30 "$killed" "$tree" 2> /dev/null && echo >> "$tree/OS/Makefile-Base" || return 1
refused "$failed" "changed since: OS/Makefile-Base"
}

# A file that we patched, or brought, was changed afterwards: --reverse says which, and leaves it alone.
changed_after()
{
fresh
apply "$tree" || return 1
echo >> "$tree/$1"
before=$(sum_of_tree "$tree")
! apply "$tree" --reverse && said "$1" && untouched && ! apply "$tree" && said "$1" && untouched
}

# The files keep their modes, and are new to make.
modes()
{
fresh
chmod 750 "$tree/scripts/MakeLinks"
touch -d '1 hour ago' "$tree/src/smtp_in.c" "$work/old"
apply "$tree" && [ "$(stat -c %a "$tree/scripts/MakeLinks")" = 750 ] && [ "$tree/src/smtp_in.c" -nt "$work/old" ] &&
  apply "$tree" --reverse && [ "$(stat -c %a "$tree/scripts/MakeLinks")" = 750 ] && [ "$tree/src/smtp_in.c" -nt "$work/old" ]
}

no_docs()
{
fresh
rm -r "$tree/doc"
before=$(sum_of_tree "$tree")
apply "$tree" && ! [ -e "$tree/doc" ] && apply "$tree" --reverse && untouched
}

overlay_in_the_way()
{
fresh
echo mine > "$tree/$one_of_ours"
refused "$failed" "$one_of_ours"
}

by_other_means()
{
fresh
echo '#define EXPERIMENTAL_PROXY' >> "$tree/src/config.h.defaults"
refused "$failed" "src/config.h.defaults: it has EXPERIMENTAL_PROXY already"
}

other_release()
{
fresh
sed -i 's/^\(EXIM_RELEASE_VERSION=\).*/\1"4.11"/' "$tree/src/version.sh"
apply "$tree" --check && said "not tested here" && apply "$tree" && said "not tested here" && said "scripts/build 4.11 --tree '$tree'" || return 1
fresh
rm "$tree/src/version.sh"
apply "$tree" && said "not tested here" && said "scripts/build VERSION --tree '$tree'"
}

# A checkout of Exim's git, one commit after a tag
checkout()
{
rm -rf "$tree"
mkdir "$tree"
cp -a "$pristine" "$tree/src"
rm "$tree/src/src/version.sh"
mkdir "$tree/doc"
mv "$tree/src/doc" "$tree/doc/doc-txt"
git_() { GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -C "$tree" -c user.name=test -c user.email=test@exim.invalid "$@" > "$work/out" 2>&1; }
git_ init -q && git_ add -A && git_ commit -qm release && git_ tag exim-4.11 && git_ commit -qm later --allow-empty || return 1
apply "$tree" && said "Exim 4.11-1-" && ! said "4.11-1-g" && said "--tree '$tree/src'" && [ -f "$tree/src/$one_of_ours" ] &&
  grep -q EXPERIMENTAL_PROXY "$tree/doc/doc-txt/NewStuff" &&
  apply "$tree" --reverse && git_ status --porcelain && [ ! -s "$work/out" ]
}

for release in "${versions[@]}"; do
  code=0
  full=$("$root/scripts/fetch-exim" "$release" --debian 2> "$work/said") || code=$?
  case $code in
    0)			cut_down "$full"; cycle "$release with Debian's patches" ;;
    "$not_archived")	skip "$release with Debian's patches: $(tail -1 "$work/said")" ;;
    *)			cat "$work/said" >&2; check "$release with Debian's patches: fetched" false ;;
  esac

  full=$("$root/scripts/fetch-exim" "$release" 2> "$work/said") || { cat "$work/said" >&2; check "$release: fetched" false; continue; }
  cut_down "$full"
  cycle "$release"
done

[ -d "$pristine/src" ] || finish
check "lines that have moved"			moved
check "each place that is not found is named"	emptied
check "each place that is there twice is named"	doubled
check "--reverse of a tree without it"		eval 'fresh; before=$(sum_of_tree "$tree"); apply "$tree" --reverse && said "not applied" && untouched'
check "--check of a tree with it"		eval 'apply "$tree" && before=$(sum_of_tree "$tree") && apply "$tree" --check && said "already applied" && untouched'
check "all is put back if a rename fails"	failing_rename
check "an interrupted run is put right"		interrupted
check "also if the run that does so is interrupted"	interrupted_twice
check "but not if a file was changed since"	interrupted_and_changed
check "--reverse refuses if a patched file was changed"		changed_after src/smtp_in.c
check "--reverse refuses if one of our files was changed"	changed_after "$one_of_ours"
check "modes, and times"			modes
check "a tree without doc/"			no_docs
check "a file of ours already there is refused"	overlay_in_the_way
check "a tree that has it by other means is refused"	by_other_means
check "on a release that is not tested it says so"	other_release
check "a checkout of Exim's git"		checkout

code=0; apply "$work" || code=$?
check "a directory that is no Exim tree is refused"	eval '[ $code = "$bad_usage" ] && said "not an Exim source tree"'
code=0; apply "$work/nothing" || code=$?
check "a directory that is not there is refused"	eval '[ $code = "$bad_usage" ] && said "no such directory"'
code=0; apply || code=$?
check "no TREE is refused"				[ $code = "$bad_usage" ]

finish
