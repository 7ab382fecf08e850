#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/unit/additive.t [VERSION...]
#        test/unit/additive.t --tree TREE...
#
# The patches are additive: with EXPERIMENTAL_PROXY undefined, every C and header file that they touch
# is upstream's byte for byte, and scripts/apply --reverse gives the tree back. Tried on each release (default: all
# that have patches), or, with --tree, on a copy of each source tree TREE: any that scripts/apply takes. The
# last line counts. Exit code: 0 if nothing failed, 1 if something did, 2 bad usage.

# shellcheck disable=SC2016,SC2154,SC2317  # eval'd conditions; called by check; set by the libraries
# shellcheck source=../../scripts/lib/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/lib/common.sh"
# shellcheck source=lib.sh
. "$root/test/unit/lib.sh"
trees=()
if [ "${1-}" = --tree ]; then
  shift
  [ $# -gt 0 ] || usage_error "--tree: which TREE?"
  for t; do [ -d "$t" ] || usage_error "--tree: no such directory: '$t'"; trees+=("$(cd "$t" && pwd -P)"); done
else
  start "$@"
fi
command -v unifdef > /dev/null || need test

work=''
scratch work
tree=$work/tree

# same FILE: unifdef's exit code is 1 if it changed something, 2 if it could not. Without -t it cannot read upstream's
# tls-gnu.c, which has an #if of two lines.
same()
{
local code=0
unifdef -t -UEXPERIMENTAL_PROXY -o "$work/without" "$tree/$1" 2> "$work/said" || code=$?
[ "$code" -le 1 ] || { cat "$work/said" >&2; return 1; }
cmp "$work/without" "$pristine/$1" >&2
}

# No patch takes a line of upstream's C away, not even to put it back elsewhere.
only_adds() { ! diff "$pristine/$1" "$tree/$1" | grep '^<' >&2; }

apply() { "$root/scripts/apply" "$tree" "$@" 2> "$work/said" || { cat "$work/said" >&2; return 1; }; }
untouched() { [ "$(sum_of_tree "$tree")" = "$before" ]; }

# additive NAME: of the tree $pristine
additive()
{
local file old count=0 bad=${failed_tests:?}
rm -rf "$tree"
mkdir "$tree"
tar -C "$pristine" --exclude=./.git --exclude='./build-*' -cf - . | tar -C "$tree" -xf -
before=$(sum_of_tree "$tree")
check "$1: --check says that it applies, and changes nothing" eval 'apply --check && untouched'
check "$1: applied" apply
[ "$failed_tests" = "$bad" ] || return 0
while read -r old _ file; do
  case $old:$file in -:*) continue ;; *:*.[ch]) ;; *) continue ;; esac
  count=$((count + 1))
  check "$1: $file without the flag is upstream's" same "$file"
  check "$1: $file only has lines added" only_adds "$file"
done < "$tree/.experimental-proxy/files"
check "$1: there are patched C files" [ $count -gt 0 ]
check "$1: --reverse gives the tree back" eval 'apply --reverse && untouched'
}

for release in ${versions[@]+"${versions[@]}"}; do
  pristine=$("$root/scripts/fetch-exim" "$release") || { check "$release: fetched" false; continue; }
  additive "$release"
done
for pristine in ${trees[@]+"${trees[@]}"}; do additive "${pristine##*/}"; done

finish
