#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/unit/apply.t [VERSION...]
#
# What scripts/apply promises, tried on copies of each release (default: all that have patches): it
# applies exactly, twice is once, --reverse gives the tree back byte for byte, and whatever is refused or
# fails leaves the tree as it was. The last line counts; a release whose Debian package the archive has
# no more is counted as skipped. Exit code: 0 if nothing failed, 1 if something did, 2 bad usage.

# shellcheck disable=SC2016,SC2154,SC2317  # eval'd conditions; called by check; variables set by the libraries
# shellcheck source=../../scripts/lib/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/lib/common.sh"
# shellcheck source=lib.sh
. "$root/test/unit/lib.sh"
start "$@"

work=''
scratch work
tree="$work/a tree"

apply() { "$root/scripts/apply" "$@" > "$work/out" 2>&1; }
said() { grep -qF -e "$1" "$work/out"; }
fresh() { rm -rf "$tree"; cp -a "$pristine" "$tree"; }
untouched() { [ "$(sum_of_tree "$tree")" = "$before" ]; }

# refused EXIT WORDS: apply says no with this exit code and these words, and the tree stays as it was.
refused()
{
local code=0
before=$(sum_of_tree "$tree")
apply "$tree" || code=$?
[ "$code" = "$1" ] && said "$2" && untouched
}

patched_files() { sed -n 's:^+++ [^/]*/\([^	]*\).*:\1:p' "$root/patches/$1"/*.patch | sort -u; }

# The line number of the first line that a patch to this file needs to find.
first_hunk()
{
cat "$root/patches/$1"/*.patch |
  awk -v f="$2" '/^\+\+\+ / { sub(/^[^\/]*\//, ""); sub(/\t.*/, ""); on = $0 == f; next }
		 on && /^@@ / { split($2, a, ","); if (!n++) print -a[1] }'
}

# Good and bad in every way that does not depend on the kind of tree.
cycle()
{
local what=$1
fresh
before=$(sum_of_tree "$tree")
check "$what: --check says that it applies"	eval 'apply "$tree" --check && said "applies:"'
check "$what: --check changes nothing"		untouched
check "$what: --reverse of a tree without it"	eval 'apply "$tree" --reverse && said "not applied" && untouched'
check "$what: applies"				eval 'apply "$tree" && said "applied to"'
after=$(sum_of_tree "$tree")
check "$what: our files are in it"		eval '( cd "$root/src-overlay" && find . -type f -exec cmp {} "$tree/{}" \; ) >/dev/null'
check "$what: --check says that it is applied"	eval 'apply "$tree" --check && said "already applied"'
check "$what: twice is once"			eval 'apply "$tree" && said "already applied" && [ "$(sum_of_tree "$tree")" = "$after" ]'
find "$tree" -type f -exec touch {} +
check "$what: --reverse gives it back byte for byte"	eval 'apply "$tree" --reverse && untouched'
check "$what: and it can be applied again"	eval 'apply "$tree" && [ "$(sum_of_tree "$tree")" = "$after" ]'
}

# Each patched file in turn: one context line changed; then a line inserted at its top.
broken()
{
local release=$1 file line bad='' moved=''
while read -r file; do
  fresh
  line=$(first_hunk "$release" "$file")
  sed -i "${line}s/\$/ changed/" "$tree/$file"
  refused "$failed" "$file" || bad="$bad $file"
  fresh
  sed -i '1s/^/\n/' "$tree/$file"
  refused "$failed" "$file" || moved="$moved $file"
done < <(patched_files "$release")
check "$release: a changed context line is refused${bad:+ (not in$bad)}" [ -z "$bad" ]
check "$release: an offset is refused${moved:+ (not in$moved)}" [ -z "$moved" ]
}

# The rename of the Nth file fails: all must be put back.
failing_rename()
{
local n
mkdir -p "$work/bin"
cat > "$work/bin/mv" <<'EOF'
#!/bin/sh
n=$(($(cat "$COUNT") - 1)); echo "$n" > "$COUNT"
[ $n -ne 0 ] || { echo "mv: made to fail" >&2; exit 1; }
exec /bin/mv "$@"
EOF
chmod +x "$work/bin/mv"
for n in 1 2 4; do
  echo "$n" > "$work/count"
  fresh
  before=$(sum_of_tree "$tree")
  ! PATH=$work/bin:$PATH COUNT=$work/count apply "$tree" && said "made to fail" && untouched || return 1
done
}

# Killed while the files were put in place: as if half of them had not been.
interrupted()
{
local n=0 path
fresh
before=$(sum_of_tree "$tree")
apply "$tree" || return 1
after=$(sum_of_tree "$tree")
while read -r _ _ path; do
  n=$((n + 1))
  if [ $((n % 2)) = 0 ]; then
    if [ -f "$pristine/$path" ]; then cp "$pristine/$path" "$tree/$path"; else rm "$tree/$path"; fi
  fi
done < "$tree/.experimental-proxy/files"
echo partial > "$tree/.experimental-proxy/state"
! apply "$tree" --check && said "interrupted" &&
  apply "$tree" && said "interrupted" && [ "$(sum_of_tree "$tree")" = "$after" ] &&
  apply "$tree" --reverse && untouched
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

no_docs()
{
fresh
rm -r "$tree/doc"
before=$(sum_of_tree "$tree")
apply "$tree" && ! [ -e "$tree/doc" ] && apply "$tree" --reverse && untouched
}

overlay_in_the_way()
{
local ours
ours=$(cd "$root/src-overlay" && find src -type f | sort | sed -n 1p)
fresh
echo mine > "$tree/$ours"
refused "$failed" "$ours"
}

other_release()
{
fresh
sed -i 's/^\(EXIM_RELEASE_VERSION=\).*/\1"4.11"/' "$tree/src/version.sh"
refused "$unknown_release" "4.11" && said "$release"
}

# Lines moved, and one of another release's at some distance: with --as it fits and keeps them, and what comes
# of it differs from the patched release by them alone. In the line before a hook it does not.
taken_for()
{
local file=src/smtp_in.c line
fresh
apply "$tree" && cp "$tree/$file" "$work/patched" && apply "$tree" --reverse || return 1
sed -i 's/^\(EXIM_RELEASE_VERSION=\).*/\1"4.11"/' "$tree/src/version.sh"
sed -i '1s/^/of another release\n/' "$tree/$file"
before=$(sum_of_tree "$tree")
apply "$tree" --as "$1" --check && said "taken for" && untouched &&
  apply "$tree" --as "$1" && sed 1d "$tree/$file" | cmp -s - "$work/patched" &&
  apply "$tree" --reverse && untouched || return 1
line=$(first_hunk "$1" "$file")
sed -i "$((line + 3))s/\$/ changed/" "$tree/$file"
before=$(sum_of_tree "$tree")
! apply "$tree" --as "$1" && said "$file" && untouched
}

# The series as quilt takes it, without fuzz or offset, and off again.
with_quilt()
{
fresh
rm -rf "$work/pc"
before=$(sum_of_tree "$tree")
( cd "$tree" && export QUILT_PATCHES="$root/patches/$1" QUILT_PC="$work/pc" &&
  quilt --quiltrc /dev/null push -a --fuzz=0 && quilt --quiltrc /dev/null pop -a ) > "$work/out" 2>&1 &&
  ! said "offset" && ! said "fuzz" && untouched
}

for release in "${versions[@]}"; do
  pristine=$("$root/scripts/fetch-exim" "$release" 2> "$work/said") || { cat "$work/said" >&2; check "$release: fetched" false; continue; }
  cycle "$release"
  broken "$release"
  check "$release: quilt takes the series exactly"		with_quilt "$release"
  check "$release: all is put back if a rename fails"		failing_rename
  check "$release: an interrupted run is put right"		interrupted
  check "$release: --reverse refuses if a patched file was changed"	changed_after src/smtp_in.c
  check "$release: --reverse refuses if one of our files was changed"	changed_after "$(cd "$root/src-overlay" && find src -type f | sort | sed -n 1p)"
  check "$release: a tree without doc/"				no_docs
  check "$release: a file of ours already there is refused"	overlay_in_the_way
  check "$release: a tree of another release is refused, with a list"	other_release

  check "$release: a tree that differs a little is taken for it, with --as"	taken_for "$release"

  code=0
  pristine=$("$root/scripts/fetch-exim" "$release" --debian 2> "$work/said") || code=$?
  case $code in
    0)			cycle "$release with Debian's patches" ;;
    "$not_archived")	skip "$release with Debian's patches: $(tail -1 "$work/said")" ;;
    *)			cat "$work/said" >&2; check "$release with Debian's patches: fetched" false ;;
  esac
done

code=0; apply "$work" || code=$?
check "a directory that is no Exim tree is refused"	eval '[ $code = "$bad_usage" ] && said "not an Exim source tree"'
code=0; apply "$work/nothing" || code=$?
check "a directory that is not there is refused"	eval '[ $code = "$bad_usage" ] && said "no such directory"'

code=0; apply "$work" --as 4.11 || code=$?
check "--as with a release that is not listed is refused"	eval '[ $code != 0 ] && ! [ -e "$work/.experimental-proxy" ]'
code=0; apply || code=$?
check "no TREE is refused"				[ $code = "$bad_usage" ]

finish
