# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the measuring scripts share; scripts/lib/common.sh has been read before.

bench_dir=$root/test/bench
overlay=$root/src-overlay/src
all_parts=(parser syscalls session load haproxy postfix growth)		# of scripts/bench

is_part() { case " ${all_parts[*]} " in *" $1 "*) ;; *) return 1 ;; esac; }

# compile_tools DIR: the load maker and the parser's driver into DIR.
compile_tools()
{
local parser=("$bench_dir/parse.c" "$bench_dir/headers.c" "$overlay"/proxy_{header,tlv}.c)
mkdir -p "$1"
gcc -O2 -g "$bench_dir"/{load,headers}.c -o "$1/load" &&
  gcc -O2 -g -DEXPERIMENTAL_PROXY -I "$overlay" "${parser[@]}" -o "$1/parse" ||
  die "${failed:?}" "test/bench: a program does not compile"
}

# world DIR SERVER [PROXY...]: a spool in DIR, and exim.conf, for an Exim that listens on SERVER, and to which
# the PROXYs must send a header. Both names of the option do in both builds. -DPORT= names the port,
# -DPROXIES= other proxies.
world()
{
local dir=$1 server=$2
shift 2
chmod 755 "$dir"
mkdir -p "$dir/spool"
[ "$(id -u)" != 0 ] || chown mail "$dir/spool"
cat > "$dir/exim.conf" <<EOF
PORT = 2525
PROXIES = $(printf '%s\n' "$@" | paste -sd: | sed 's/:/ : /g')
.ifdef _HAVE_PROXY
hosts_proxy = PROXIES
.endif
primary_hostname = bench.test
spool_directory = $dir/spool
log_file_path = $dir/spool/%slog
notifier_socket =
local_interfaces = $server
daemon_smtp_ports = PORT
daemon_startup_retries = 0
smtp_accept_max = 0
smtp_accept_queue_per_connection = 0
smtp_connect_backlog = 1000
deliver_drop_privilege = true
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts =
log_selector = +proxy
domainlist local_domains = bench.test
acl_smtp_connect = accept
acl_smtp_rcpt = accept
queue_only
EOF
chmod 644 "$dir/exim.conf"
}

# has_receiver BINARY: is it ours?
has_receiver() { [[ $("$1" -C /dev/null -bV 2>/dev/null) == *Experimental_Proxy* ]]; }

# The sessions that are measured: what is printed, and the header (see headers.c), - for none.
# shellcheck disable=SC2034
modes=('no header' 'v1' 'v2' 'v2 with TLVs')
# shellcheck disable=SC2034
declare -A header_of=(['no header']=- [v1]='v1 TCP4' [v2]='v2 IPv4' ['v2 with TLVs']='v2 IPv4, TLVs, CRC32C'
  ['v1 longest']='v1, the longest' ['v2 IPv6']='v2 IPv6' ['v2 LOCAL']='v2 LOCAL')
