# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the shell tests: counts, and prints TAP. Read after scripts/lib/common.sh.

passed_tests=0 failed_tests=0 skipped_tests=0

# start ARGUMENTS: the test's own; sets versions (default: all the releases that have patches).
start()
{
local v
versions=()
for v; do
  case $v in
    -h|--help)	show_help; exit "$ok" ;;
    *)		[ -f "$root/patches/$v/series" ] || usage_error "no patches for Exim '$v'"
		versions+=("$v") ;;
  esac
done
if [ ${#versions[@]} = 0 ]; then
  for v in $(releases); do [ ! -f "$root/patches/$v/series" ] || versions+=("$v"); done
fi
[ ${#versions[@]} -gt 0 ] || die "$failed" "there are no patches to test"
}

# check NAME COMMAND...: the command succeeds.
check()
{
local what=$1
shift
if "$@"; then
  passed_tests=$((passed_tests + 1)); printf 'ok %d - %s\n' "$(count_tests)" "$what"
else
  failed_tests=$((failed_tests + 1)); printf 'not ok %d - %s\n' "$(count_tests)" "$what"
fi
}

skip() { skipped_tests=$((skipped_tests + 1)); printf 'ok %d # skip %s\n' "$(count_tests)" "$*"; }

count_tests() { printf '%d' $((passed_tests + failed_tests + skipped_tests)); }

finish()
{
printf '1..%d\n' "$(count_tests)"
printf '%d passed, %d failed, %d skipped\n' "$passed_tests" "$failed_tests" "$skipped_tests"
[ "$failed_tests" = 0 ] || exit "$failed"
exit "$ok"
}
