#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/unit/series.t [VERSION...]
#
# What scripts/series promises, tried on each release (default: all that have patches) in a repository made of
# it: `git am` takes the mailbox, what comes of it is what scripts/apply and scripts/add-scenarios make, and
# the release's own files change by added lines alone. The last line counts. Exit code: 0 if nothing failed,
# 1 if something did, 2 bad usage.

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
: > "$repo/test/runtest"
git_ init -q && git_ add -A -f . && git_ commit -qm release
}

same_as_apply()
{
rm -rf "$work/other"
cp -r "$repo" "$work/other"
git -C "$work/other" checkout -q HEAD~5 && mkdir -p "$work/other/test/scripts" "$work/other/test/confs" || return 1	# git keeps no empty ones
"$root/scripts/apply" "$work/other" > "$work/out" 2>&1 && "$root/scripts/add-scenarios" "$work/other/test" > "$work/out" 2>&1 || return 1
diff -qr --exclude=.git --exclude='.experimental-proxy*' "$repo" "$work/other"
}

only_adds() { git_ diff --numstat --diff-filter=M HEAD~5 HEAD -- src && ! awk '$2 != 0' "$work/out" | grep . ; }

# Each commit's message has a subject that is not too long and a text, or says enough without.
messages() { git_ log -5 --format=%s && ! grep -nE '.{76}' "$work/out" && [ "$(sort -u "$work/out" | wc -l)" = 5 ]; }

for release in "${versions[@]}"; do
  pristine=$("$root/scripts/fetch-exim" "$release" 2> "$work/said") || { cat "$work/said" >&2; check "$release: fetched" false; continue; }
  check "$release: written"		eval '"$root/scripts/series" "$release" --author "A B <a@b.example>" --output "$work/mbox" > "$work/out" 2>&1'
  fresh
  check "$release: git am takes it"	git_ am -q "$work/mbox"
  check "$release: five commits, by the author asked for"	eval 'git_ log -5 --format=%an\ %ae && [ "$(sort -u "$work/out")" = "A B a@b.example" ]'
  check "$release: their subjects"	messages
  check "$release: the result is that of scripts/apply and scripts/add-scenarios"	same_as_apply
  check "$release: the release's files gain lines and lose none"	only_adds
  fresh
  sed -i 's/^smtp_read_command(/changed_&/' "$repo/src/src/smtp_in.c"
  git_ commit -qam other
  check "$release: a tree with other lines there is refused"	eval '! git_ am -q "$work/mbox"'
done
code=0; "$root/scripts/series" 2> "$work/out" || code=$?
check "no VERSION is refused"		[ "$code" = "$bad_usage" ]
code=0; "$root/scripts/series" "$release" --author nobody 2> "$work/out" || code=$?
check "an author without an address is refused"		[ "$code" = "$bad_usage" ]
code=0; "$root/scripts/series" 4.11 2> "$work/out" || code=$?
check "a release that is not listed is refused"		[ "$code" = "$unknown_release" ]

finish
