#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/unit/series.t [VERSION...]
#
# What scripts/series and scripts/patch promise, tried on each release (default: all that have patches).
# patches/VERSION is what the series generated from patches/hooks is, byte for byte, and quilt takes it exactly
# and makes the tree that has the hooks placed. The one patch makes what scripts/apply makes. Of the oldest and the
# newest: in a repository made of the release, `git am` takes the mailbox, the result is what scripts/apply and
# scripts/add-scenarios make, and the release's own files change by added lines alone. The last line counts. Exit
# code: 0 if nothing failed, 1 if something did, 2 bad usage.

# shellcheck disable=SC2016,SC2154,SC2317  # eval'd conditions; called by check; variables set by the libraries
# shellcheck source=../../scripts/lib/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/lib/common.sh"
# shellcheck source=lib.sh
. "$root/test/unit/lib.sh"
start "$@"

work=''
scratch work
repo=$work/repo
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
git_() { git -C "$repo" -c user.name=test -c user.email=test@exim.invalid "$@" > "$work/out" 2>&1; }

# The release's tree in the layout of Exim's git
fresh()
{
rm -rf "$repo"
mkdir -p "$repo/doc" "$repo/test/scripts" "$repo/test/confs"
cp -r "$pristine" "$repo/src"
mv "$repo/src/doc" "$repo/doc/doc-txt"
printf '%s\n' :eval: :noeol: > "$repo/test/runtest"
git_ init -q && git_ add -A -f . && git_ commit -qm release
}

same_as_apply()
{
rm -rf "$work/other"
cp -r "$repo" "$work/other"
git -C "$work/other" checkout -q HEAD~5 && mkdir -p "$work/other/test/scripts" "$work/other/test/confs" || return 1	# git keeps no empty ones
"$root/scripts/apply" "$work/other" > "$work/out" 2>&1 && "$root/scripts/add-scenarios" "$work/other/test" > "$work/out" 2>&1 || return 1
diff -qr --exclude=.git --exclude='.experimental-proxy*' "$repo" "$work/other" && diff -qr "$root/test/scripts" "$repo/test/scripts"
}

# As a new release's series would be made: into a directory that is not there yet.
generated()
{
rm -rf "$work/generated"
"$root/scripts/series" --generate "$release" --output "$work/generated" > "$work/out" 2>&1 || { cat "$work/out" >&2; return 1; }
diff -r "$root/patches/$release" "$work/generated" >&2
}

# The series as quilt takes it, without fuzz or offset, and off again.
with_quilt()
{
rm -rf "$work/placed" "$work/quilt" "$work/pc"
mkdir "$work/quilt"
"$root/scripts/lib/place" "$root/patches/hooks" "$pristine" "$work/placed" > "$work/list" || return 1
( cd "$pristine" && cut -d' ' -f2 "$work/list" | xargs cp --parents -t "$work/quilt" ) || return 1
quilt_() { ( cd "$work/quilt" && QUILT_PATCHES=$root/patches/$release QUILT_PC=$work/pc quilt --quiltrc /dev/null "$@" ) > "$work/out" 2>&1; }
quilt_ push -a --fuzz=0 && ! grep -E 'offset|fuzz' "$work/out" >&2 && diff -r "$work/quilt" "$work/placed" >&2 &&
  quilt_ pop -a && ( cd "$pristine" && cut -d' ' -f2 "$work/list" | xargs -I@ cmp @ "$work/quilt/@" ) >&2
}

# one_patch TREE: it makes of a copy of TREE what scripts/apply makes, and the tree is not changed.
one_patch()
{
local before
rm -rf "$work/applied" "$work/patched"
cp -r "$1" "$work/applied"
cp -r "$1" "$work/patched"
before=$(sum_of_tree "$work/applied")
"$root/scripts/patch" "$work/applied" > "$work/patch" && [ "$(sum_of_tree "$work/applied")" = "$before" ] &&
  "$root/scripts/apply" "$work/applied" 2> "$work/out" &&
  patch -d "$work/patched" -p1 -F0 --no-backup-if-mismatch < "$work/patch" > "$work/out" && ! grep -E 'offset|fuzz' "$work/out" >&2 &&
  diff -r -x .experimental-proxy "$work/applied" "$work/patched" >&2 &&
  "$root/scripts/patch" "$work/applied" --output "$work/again" > "$work/out" && cmp "$work/patch" "$work/again"
}

only_adds() { git_ diff --numstat --diff-filter=M HEAD~5 HEAD -- src && ! awk '$2 != 0' "$work/out" | grep . ; }

# Each commit's message has a subject that is not too long and a text, or says enough without.
messages() { git_ log -5 --format=%s && ! grep -nE '.{76}' "$work/out" && [ "$(sort -u "$work/out" | wc -l)" = 5 ]; }

for release in "${versions[@]}"; do
  pristine=$("$root/scripts/fetch-exim" "$release" 2> "$work/said") || { cat "$work/said" >&2; check "$release: fetched" false; continue; }
  check "$release: patches/$release is what patches/hooks makes"	generated
  check "$release: quilt takes it exactly, and makes what is placed"	with_quilt
  check "$release: one patch makes what scripts/apply makes"	one_patch "$pristine"
  case $release in "${versions[0]}"|"${versions[-1]}") ;; *) continue ;; esac	# the mailbox, of the oldest and the newest
  check "$release: written"		eval '"$root/scripts/series" "$release" --author "A B <a@b.example>" --output "$work/mbox" > "$work/out" 2>&1'
  fresh
  check "$release: one patch, for a checkout of Exim's git"	one_patch "$repo"
  check "$release: git am takes it"	git_ am -q "$work/mbox"
  check "$release: five commits, by the author asked for"	eval 'git_ log -5 --format=%an\ %ae && [ "$(sort -u "$work/out")" = "A B a@b.example" ]'
  check "$release: their subjects"	messages
  check "$release: the result is that of scripts/apply and scripts/add-scenarios"	same_as_apply
  check "$release: the release's files gain lines and lose none"	only_adds
  fresh
  sed -i 's|^    case TOO_MANY_NONMAIL_CMD:$|& /* changed */|' "$repo/src/src/smtp_in.c"
  git_ commit -qam other
  check "$release: a tree with other lines there is refused"	eval '! git_ am -q "$work/mbox"'
done
for v in $(releases); do check "$v: has a series" test -f "$root/patches/$v/series"; done
cp -r "$pristine" "$work/broken"
sed -i 's/^smtp_read_command(/changed_&/' "$work/broken/src/smtp_in.c"
code=0; "$root/scripts/patch" "$work/broken" > "$work/out" 2> "$work/said" || code=$?
check "a tree without a place is refused, without a patch"	eval '[ "$code" = "$failed" ] && grep -qF "src/smtp_in.c: the hook at line" "$work/said" && ! [ -s "$work/out" ]'
code=0; "$root/scripts/patch" "$work" 2> "$work/out" || code=$?
check "no patch for a directory that is no Exim tree"	[ "$code" = "$bad_usage" ]
code=0; "$root/scripts/series" 2> "$work/out" || code=$?
check "no VERSION is refused"		[ "$code" = "$bad_usage" ]
code=0; "$root/scripts/series" "$release" --author nobody 2> "$work/out" || code=$?
check "an author without an address is refused"		[ "$code" = "$bad_usage" ]
code=0; "$root/scripts/series" 4.11 2> "$work/out" || code=$?
check "a release that is not listed is refused"		[ "$code" = "$unknown_release" ]

finish
