# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Debian roots of the suite $suite, in $dir, and steps that work on them. For scripts that have read common.sh and apt.sh.

# What takes long runs in name spaces of its own, so that its mounts and processes are gone when it ends,
# or when this script ends, however that comes about.
running=
# shellcheck disable=SC2317  # called by the trap
stop_running()
{
[ -z "$running" ] || { kill -KILL "$running" 2>/dev/null && wait "$running" 2>/dev/null; } || true
}
trap 'stop_running; clean_up' EXIT

# The root that a step works on is mounted here, because debootstrap, for one, does not take a path with
# a space in it, such as that of this checkout may be.
at=
scratch at
at=$(cd "$at" && pwd -P)

# The arguments: the root, where to mount it, the command.
# shellcheck disable=SC2016  # for another shell
inner='
set -e
mount --bind "$1" "$2"
if [ -d "$2/proc" ]; then
  mount -t proc proc "$2/proc"
  mount --rbind /dev "$2/dev"
fi
shift 2
"$@"'

# step LOG WHAT ROOT with-network|without-network COMMAND...: run it with ROOT mounted at $at. A dot every
# ten seconds.
step()
{
local log=$dir/$1.log what=$2 where=$3 net=() began=$SECONDS code=0 dots=1
case $4 in
  with-network) ;;
  without-network) net=(--net) ;;
esac
shift 4
printf '%s: %s ' "$me" "$what" >&2
setsid unshare --mount --pid --ipc ${net[@]+"${net[@]}"} --fork --kill-child --mount-proc \
  bash -c "$inner" inner "$where" "$at" "$@" > "$log" 2>&1 < /dev/null &
running=$!
while kill -0 "$running" 2>/dev/null; do
  sleep 0.2
  if [ $((SECONDS - began)) -ge $((dots * 10)) ]; then dots=$((dots + 1)); printf . >&2; fi
done
wait "$running" || code=$?
running=
printf ' %d s\n' $((SECONDS - began)) >&2
[ $code = 0 ] || { tail -n 20 "$log" | sed 's/^/  /' >&2; die "${failed:?}" "failed: $what; the whole log is $log"; }
}

# packages LOG WHAT ROOT COMMAND...: apt-get COMMAND for ROOT. It is this machine's apt, with its way to
# the network, so that none has to be set up in ROOT; dpkg runs in ROOT.
packages()
{
local conf=$apt_dir/$suite/in-root.conf
{ cat "$apt_dir/$suite/apt.conf"
  cat <<END
Dir::State::Status "$at/var/lib/dpkg/status";
Dir::State::extended_states "$at/var/lib/apt/extended_states";
Dir::Cache::Archives "$at/var/cache/apt/archives";
Dir::Log "$at/var/log/apt";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
DPkg::Chroot-Directory "$at";
DPkg::Use-Pty "false";
DPkg::Options { "--force-unsafe-io"; "--force-confnew"; };
APT::Install-Recommends "false";
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
END
} > "$conf"
step "$1" "$2" "$3" with-network env DEBIAN_FRONTEND=noninteractive apt-get -c "$conf" -q -y "${@:4}"
rm -f -- "$3"/var/cache/apt/archives/*.deb
}

# base_root: have a root of $suite as debootstrap makes it, $dir/base.
base_root()
{
local mirror proxy= new=
mirror=$(awk 'NR == 1 { print $(NF-2) }' "$apt_dir/$suite/sources.list")

# debootstrap asks not apt, but the environment, for a proxy.
eval "$(apt-config shell proxy Acquire::http::Proxy)"
if [ "$proxy" ] && [ "$proxy" != DIRECT ]; then export http_proxy="${http_proxy:-$proxy}"; fi

if [ ! -d "$dir/base" ]; then
  scratch new "$dir"
  # shellcheck disable=SC2016
  step debootstrap "making a root of $suite" "$new" with-network debootstrap --variant=minbase "${suite%-backports}" "$at" "$mirror"
  rm -rf -- "$new/var/cache/apt/archives"/*.deb "$new"/var/lib/apt/lists/*_*
  mv -- "$new" "$dir/base"
fi
}
