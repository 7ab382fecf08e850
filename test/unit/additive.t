#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/unit/additive.t [VERSION...]
#
# The patches are additive: with EXPERIMENTAL_PROXY undefined, every C and header file that they touch
# is upstream's byte for byte. Tried for each release (default: all that have patches). The last line
# counts. Exit code: 0 if nothing failed, 1 if something did, 2 bad usage.

# shellcheck disable=SC2154,SC2317  # called by check; set by the libraries
# shellcheck source=../../scripts/lib/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/lib/common.sh"
# shellcheck source=lib.sh
. "$root/test/unit/lib.sh"
start "$@"
command -v unifdef > /dev/null || need test

work=''
scratch work

# same FILE: unifdef's exit code is 1 if it changed something, 2 if it could not.
same()
{
local code=0
unifdef -UEXPERIMENTAL_PROXY -o "$work/without" "$tree/$1" 2> "$work/said" || code=$?
[ "$code" -le 1 ] || { cat "$work/said" >&2; return 1; }
cmp "$work/without" "$pristine/$1" >&2
}

# No patch takes a line of upstream's C away, not even to put it back elsewhere.
only_adds() { ! diff "$pristine/$1" "$tree/$1" | grep '^<' >&2; }

for release in "${versions[@]}"; do
  pristine=$("$root/scripts/fetch-exim" "$release") || { check "$release: fetched" false; continue; }
  tree=$work/$release
  cp -a "$pristine" "$tree"
  "$root/scripts/apply" "$tree" 2> "$work/said" || { cat "$work/said" >&2; check "$release: applied" false; continue; }
  count=0
  while read -r old _ file; do
    case $old:$file in -:*) continue ;; *:*.[ch]) ;; *) continue ;; esac
    count=$((count + 1))
    check "$release: $file without the flag is upstream's" same "$file"
    check "$release: $file only has lines added" only_adds "$file"
  done < "$tree/.experimental-proxy/files"
  check "$release: there are patched C files" [ $count -gt 0 ]
done

finish
