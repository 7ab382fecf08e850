# SPDX-License-Identifier: GPL-2.0-or-later
package Guide;

# The cluster of doc-txt/guide on loopback addresses, for test/e2e/guide and test/e2e/cluster: Exims and
# HAProxy, run with the guide's own configuration files, and an SMTP client.
#
# The files are used as they are. What a site has to change is set from outside, in the ways that the guide
# describes: for Exim a file of macros, for HAProxy environment variables.

use strict;
use warnings;
use Cwd qw(abs_path);
use Errno ();
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use IO::Select ();
use IO::Socket::IP ();
use IO::Socket::UNIX ();
use POSIX qw(WNOHANG);
use Socket qw(SOCK_STREAM);
use lib abs_path(dirname(__FILE__) . '/../../lib');
use Test::Place qw(HANG new_directory file has_ipv6 free_ports start alive said stop stop_all run_quietly within contents write_file leftover);
use Time::HiRes qw(time);

our @EXPORT_OK = qw(HANG place file home address has_ipv6 free_ports release exim_owner
  guide_text start_node restart_node stop_node kill_node node_pids node_queue node_log run_exim
  start_haproxy admin reload health servers_up
  smtp_connect smtp_secure smtp_reply smtp_command smtp_close
  start alive said stop stop_all run_quietly within contents write_file leftover);

my $guide = abs_path(dirname(__FILE__) . '/../../../doc-txt/guide');
my ($net, $exim, @uid_gid);

# --- the place ------------------------------------------------------------------------

# place(EXIM): a new directory, with the guide's files where Exim's own user can read them, and
# 254 loopback addresses, which are those of no other run unless by accident.
sub place {
  ($exim) = @_;
  my $dir = new_directory();
  mkdir "$dir/guide" or die "$dir/guide: $!\n";
  for (glob "$guide/*") { copy($_, "$dir/guide/") or die "$_: $!\n" }
  $net = sprintf '127.%d.%d', 64 + ($$ >> 8) % 128, $$ % 256;
  @uid_gid = ();
  if ($> == 0) {
    write_file("$dir/any.conf", "keep_environment =\nprimary_hostname = any.example\n");
    my ($user) = qx("$exim" -C "$dir/any.conf" -bP exim_user 2>/dev/null) =~ /^exim_user = (\S+)/m or die "no exim_user\n";
    @uid_gid = $user =~ /\A\d+\z/ ? (getpwuid $user)[2, 3] : (getpwnam $user)[2, 3];
  }
  return $dir;
}

sub address { return "$net.$_[0]" }
sub exim_owner { chown @uid_gid, @_ or die "@_: $!\n" if @uid_gid }

sub release {
  my ($binary) = @_;
  my ($release) = qx("$binary" -C /dev/null -bV 2>/dev/null) =~ /^Exim version (\S+)/ or die "$binary -bV says nothing\n";
  return $release;
}

# One of the guide's files, as text.
sub guide_text {
  my ($name) = @_;
  my $text = contents("$guide/$name");
  die "$guide/$name is missing\n" if $text eq '';
  return $text;
}

# --- Exim -----------------------------------------------------------------------------

# start_node(NAME, { addresses, ports => [25, 465, 587], proxies, ... }): an Exim with a spool and a site
# file of its own. "conf" is a configuration other than the guide's.
sub start_node {
  my ($name, $site) = @_;
  my $home = file($name);
  my $node = { name => $name, home => $home, site => $site };
  mkdir $_ or die "$_: $!\n" for $home, "$home/mail", map { "$home/mail/$_" } @{ $site->{mailboxes} // ['user'] };
  my ($p25, $p465, $p587) = @{ $site->{ports} };
  write_file("$home.site", <<"END");
primary_hostname = $name.example.com
NODE_ADDRESSES = $site->{addresses}
PORT_25 = $p25
PORT_465 = $p465
PORT_587 = $p587
PROXIES = $site->{proxies}
RELAY_FROM = @{[$site->{relay_from} // '']}
TCP_CHECKS = @{[$site->{tcp_checks} // '']}
DRAIN_FILE = $home/drain
CLIENT_RATE = @{[$site->{client_rate} // '1000 / 1m']}
CONNECTIONS = 500
TLS_CERTIFICATE = @{[$site->{certificate} // '']}
TLS_PRIVATE = @{[$site->{private} // '']}
LOCAL_DOMAINS = local.example
MAIL_ROOT = $home/mail
AUTH_FILE = $home/passwd
# What Exim needs to be run as a test, without being installed
exim_path = $exim
spool_directory = $home
log_file_path = $home/log/%slog
pid_file_path = $home/exim.pid
keep_environment =
deliver_drop_privilege = true
@{[$site->{main} // '']}
END
  write_file("$home/passwd", "user: {crypt}" . crypt('secret', '$5$salt$') . "\n");
  write_file("$home.conf", $site->{conf}) if defined $site->{conf};
  exim_owner($home, "$home/mail", glob("$home/mail/*"), "$home/passwd");
  restart_node($node);
  return $node;
}

sub exim_command {
  my ($node, @arguments) = @_;
  my $conf = defined $node->{site}{conf} ? "$node->{home}.conf" : file('guide', 'exim.conf');
  return ($exim, '-C', $conf, "-DSITE_FILE=$node->{home}.site", @arguments);
}

sub restart_node {
  my ($node) = @_;
  $node->{pid} = start($node->{name}, exim_command($node, '-bdf'));
  my ($address) = split / ; /, $node->{site}{addresses};
  within(sub { alive($node->{pid}) && listening($address, $node->{site}{ports}[0]) }) or die "Exim does not start\n";
  return;
}

# The daemon ends, its sessions and deliveries go on.
sub stop_node {
  my ($node) = @_;
  stop($node->{pid}, 'TERM');
  return;
}

# As if the machine's power failed, except that the system still writes what it has: SIGKILL for the daemon
# first, then for all of the node's processes, until there are none.
sub kill_node {
  my ($node) = @_;
  kill 'KILL', $node->{pid};
  within(sub {
    my @pids = node_pids($node);
    kill 'KILL', @pids;
    waitpid $node->{pid}, WNOHANG;
    not @pids;
  }) or die "processes of $node->{name} do not end\n";
  Test::Place::forget($node->{pid});
  return;
}

# Every process that was started for this node has its site file on its command line.
sub node_pids {
  my ($node) = @_;
  my @pids;
  for my $file (glob '/proc/[0-9]*/cmdline') {
    my ($pid) = $file =~ m{/(\d+)/};
    push @pids, $pid if contents($file) =~ /\0-DSITE_FILE=\Q$node->{home}\E\.site\0/ and not zombie($pid);
  }
  return @pids;
}

sub zombie { return contents("/proc/$_[0]/stat") =~ /\A\d+ \(.*\) Z/s }

# Runs Exim for the node and waits; returns what it said.
sub run_exim {
  my ($node, @arguments) = @_;
  my $name = "$node->{name}-run";
  run_quietly($name, exim_command($node, @arguments));
  return contents(file("$name.out"));
}

sub node_queue { return run_exim($_[0], '-bpc') =~ /^(\d+)$/m ? $1 : die "exim -bpc does not say how many\n" }
sub node_log   { return contents("$_[0]{home}/log/" . ($_[1] // 'main') . 'log') }

# --- HAProxy --------------------------------------------------------------------------

# start_haproxy(NAME, { VARIABLE => VALUE... }, FILE...): master and worker, with files of the guide.
sub start_haproxy {
  my ($name, $values, @files) = @_;
  my $run = file($name);
  mkdir $run or die "$run: $!\n";
  my $root = $> == 0 && defined getpwnam('haproxy') && -d '/var/lib/haproxy';
  my %values = (LOG_TO => 'stdout', RUN_DIR => $run, $root ? () : (RUN_AS => ''), %$values);
  local @ENV{ keys %values } = values %values;
  my $proxy = { name => $name, run => $run };
  $proxy->{pid} = start($name, 'haproxy', '-W', map { ('-f', file('guide', $_)) } @files);
  within(sub { alive($proxy->{pid}) && admin($proxy, 'show info') =~ /^Pid: \d/m }) or die "HAProxy does not start\n", said($name);
  return $proxy;
}

# A command for HAProxy's socket, and its answer.
sub admin {
  my ($proxy, $command) = @_;
  my $socket = IO::Socket::UNIX->new(Peer => "$proxy->{run}/admin.sock") or return '';
  local $SIG{PIPE} = 'IGNORE';
  print {$socket} "$command\n";
  local $/;
  return readline($socket) // '';
}

# As the guide has it: the state is saved, then the master is told. Waits until the new worker answers.
sub reload {
  my ($proxy) = @_;
  my $worker = sub { admin($proxy, 'show info') =~ /^Pid: (\d+)/m ? $1 : 0 };
  my $before = $worker->();
  write_file("$proxy->{run}/state", admin($proxy, 'show servers state'));
  kill 'USR2', $proxy->{pid};
  within(sub { alive($proxy->{pid}); my $now = $worker->(); $now and $now != $before }) or die "HAProxy is not reloaded\n", said($proxy->{name});
  return;
}

# What HAProxy finds: "backend/server" => "status check_status".
sub health {
  my ($proxy) = @_;
  my ($head, @lines) = split /\n/, admin($proxy, 'show stat');
  my @names = split /,/, ($head // '') =~ s/\A# //r;
  my %health;
  for (@lines) {
    my %is;
    @is{@names} = split /,/, $_, -1;
    next if not length($is{check_status} // '') and $is{status} !~ /via/;
    $health{"$is{pxname}/$is{svname}"} = "$is{status} " . $is{check_status} =~ s/\A\* //r;
  }
  return %health;
}

sub servers_up {
  my ($proxy, $backend, $n) = @_;
  my %health = health($proxy);
  return $n == grep { m{\A\Q$backend\E/} and $health{$_} =~ /\AUP L7OK/ } keys %health;
}

# --- SMTP -----------------------------------------------------------------------------

# smtp_connect(FROM, TO, PORT): a session before the banner. Dies of what goes wrong, as all of these do.
sub smtp_connect {
  my ($from, $to, $port) = @_;
  my $socket = IO::Socket::IP->new(PeerHost => $to, PeerPort => $port, LocalHost => $from, Type => SOCK_STREAM, Timeout => HANG)
    or die "connect: $@\n";
  return { socket => $socket, port => $socket->sockport, input => '' };
}

sub smtp_secure {
  my ($s, %options) = @_;
  require IO::Socket::SSL;
  IO::Socket::SSL->start_SSL($s->{socket}, SSL_verify_mode => 0, SSL_hostname => '', Timeout => HANG, %options)
    or die 'TLS: ', IO::Socket::SSL::errstr(), "\n";
  return;
}

# One response, with all its lines; an empty string if the peer closes instead.
sub smtp_reply {
  my ($s) = @_;
  my $until = time + HANG;
  for (;;) {
    return $1 =~ s/\r//gr if $s->{input} =~ s/\A((?:\d{3}-.*\n)*\d{3}(?: .*)?\n)//;
    my $left = $until - time;
    my $pending = $s->{socket}->can('pending') && $s->{socket}->pending;
    die "no response in ${\HANG} seconds\n" if not $pending and ($left <= 0 or not IO::Select->new($s->{socket})->can_read($left));
    my $n = sysread $s->{socket}, $s->{input}, 16_384, length $s->{input};
    next if not defined $n and ($!{EINTR} or $!{EAGAIN});
    return '' if not $n;
  }
}

sub smtp_command {
  my ($s, $line, $code) = @_;
  local $SIG{PIPE} = 'IGNORE';
  print { $s->{socket} } "$line\r\n";
  my $reply = smtp_reply($s);
  die 'to ', substr($line, 0, 60), ': ', $reply eq '' ? "nothing\n" : $reply if $code and $reply !~ /^$code /m;
  return $reply;
}

sub smtp_close {
  my ($s) = @_;
  eval { smtp_command($s, 'QUIT', 221) };
  close $s->{socket};
  return;
}

# From an address that Exim does not know: it would log that a load balancer sent no header.
sub listening {
  my ($ip, $port) = @_;
  return defined IO::Socket::IP->new(PeerHost => $ip, PeerPort => $port, $ip =~ /:/ ? () : (LocalHost => address(250)), Type => SOCK_STREAM);
}

1;
