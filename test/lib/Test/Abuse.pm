# SPDX-License-Identifier: GPL-2.0-or-later
package Test::Abuse;

# What the tests of test/e2e/abuse have in common: an Exim that is treated as nobody should, crowds of peers good and bad, and
# what must hold after all of it: good clients are still served, the bad ones are gone in time, every message whose acceptance a
# client saw is delivered, none that was refused is, no process is left, the daemon lives, and there is no report of a
# sanitizer if the binary has these.
#
# A test file is one part(). TEST_COUNT=N is used in place of the count that it has (in soak.t, TEST_MINUTES), and TEST_SEED=N for
# all that is chosen at random; both are always printed.

use strict;
use warnings;
use Exporter qw(import);
use IO::Socket::IP ();
use List::Util qw(first max);
use POSIX ();
use Socket qw(:DEFAULT);
use Test::More import => [qw(ok diag done_testing)];
use Time::HiRes qw(sleep);
use Test::Crowd qw(HANG);
use Guide qw(place file address free_ports release exim_owner start_node node_log start alive stop stop_all within contents write_file);
use Test::RandomHeader qw(good bad alien bytes cut mutated pick);
use Lateness qw(now measure worst);
use Test::Exim ();

use constant {
  NODE => 130, LISTED => 120,   # the last part of Exim's address; peers up to the second must send a header, those above Exim's not
  FRONT => 129,                 # HAProxy's address for clients
  NAMESERVER => 128,
  DEADLINE => 3,                # seconds for a header, if nothing else is set
  REFUSALS => 32,               # commands refused until the connection is dropped
  PATIENCE => 4,                # smtp_receive_timeout where that is waited for
  # clock: what is due may be late by a session's own time, and by the machine's lateness, several times (see Test::Wire)
  SESSION => 1, TURNS => 5, ATTEMPTS => 3,
  LOG_NEEDS => 3,               # file descriptors that Exim's daemon needs to write a log line
  NEVER => 2 * HANG,            # clock: an Exim that waits for this deadline has hung
  BAD => "PROXY TCP4 1.2.3.4 5.6.7.8 1 x\r\n",
};

our @EXPORT = qw(part again check skip few $node $p25 $ptls $pfront $sanitized %mail @helper %make @class
  NODE LISTED FRONT DEADLINE REFUSALS PATIENCE SESSION TURNS ATTEMPTS NEVER BAD LOG_NEEDS
  exim_node listed_networks listed peer children no_children memory check_after mail_peer serves check_served check_mail waited
  slow_steps endless_kinds storm_steps storm_fault through_proxy start_proxy own_mounts no_mounts small_disk own_resolver name_server
  inside daemon_files limit_files answer_dns);

our ($node, $p25, $ptls, $pfront, $sanitized);
our @helper;                    # processes of our own
our %mail;                      # what became of each message: see mail_peer()
our %make = (good => \&good, bad => \&bad, alien => \&alien, cut => \&cut, mutated => \&mutated);
my %weight = (good => 35, bad => 25, alien => 8, cut => 15, mutated => 17);
our @class = map { ($_) x $weight{$_} } sort keys %weight;
my ($exim, $seed, $owner, $numbers) = (undef, 0, $$, 0);

my @tlv = qw(alpn authority unique_id netns ssl_version ssl_verify ssl_cn ssl_cipher ssl_sig_alg ssl_key_alg ssl_group ssl_sig_scheme
  aws_vpce_id azure_linkid gcp_psc_id 0x04 0x20 0xff);
my $drop_failed = <<'END';
  drop    message     = this port is for the load balancers
          log_message = no PROXY header: $proxy_failure
          condition   = $proxy_session
          condition   = ${if eq{$proxy_host_address}{}}
END

# part(NAME, COUNT, CODE): all of a test file
sub part {
  my ($name, $count, $code) = @_;
  $exim = Test::Exim::binary();
  my $unit = $name eq 'soak' ? 'TEST_MINUTES' : 'TEST_COUNT';
  $count = $ENV{$unit} // $count;
  $seed = $ENV{TEST_SEED} // int(time) % 1_000_000;
  $sanitized = contents($exim) =~ /__asan_init/;
  local $SIG{PIPE} = 'IGNORE';
  local $| = 1;
  my $began = now;
  print "# $name: Exim ", release($exim), $sanitized ? ' with sanitizers' : '', "; to repeat: $unit=$count TEST_SEED=$seed prove -v $0\n";
  place($exim);
  measure(file('lateness'));
  eval { $code->($count); 1 } or check("$name: it goes through", 0, $@);
  end_all();
  printf "# %s: %.0f s, late by up to %.2f s\n", $name, now - $began, worst($began);
  done_testing();
  return;
}

# Another place for what comes next
sub again {
  end_all();
  place($exim);
  %mail = ();
  return;
}

# All that was started; of Exim also what a daemon has left.
sub end_all {
  stop_all();
  kill 'KILL', Guide::node_pids($node) if $node;
  kill 'KILL', @helper;
  waitpid $_, 0 for @helper;
  @helper = ();
  undef $node;
  return;
}
END { if ($$ == $owner) { my $code = $?; end_all(); $? = $code } }

sub check {
  my ($name, $good, $detail) = @_;
  local $Test::Builder::Level = $Test::Builder::Level + 1;
  return ok($good, $name) || diag($detail // '') && 0;
}

sub skip { my ($name) = @_; SKIP: { Test::More::skip($name, 1) } return }

# The first few of many complaints
sub few { return join '', map { s/\n*\z/\n/r } @_ > 6 ? (@_[0 .. 5], '...and ' . (@_ - 6) . ' more') : @_ }

# --- Exim -----------------------------------------------------------------------------

# An Exim whose banner says whom it takes for the client, and for the proxy. "drop": as recommended, connections without a
# good header are dropped; "main": more for the main section, where the deadline is far if nothing else is set; "list": those
# who must send a header. The seed begins to count here.
sub exim_node {
  my (%with) = @_;
  srand(time ^ $$);             # ports are no part of what is repeated
  my @ports = free_ports(3);
  srand $seed;
  ($p25, $ptls, $pfront) = @ports;
  my $home = file('mx');
  my $to = address(NODE);
  my $list = $with{list} // listed_networks();
  my $tls = certificate();
  my %main = (proxy_protocol_timeout => NEVER . 's', smtp_accept_max => 1500, smtp_connect_backlog => 1500, log_selector => '+proxy +millisec', spool_directory => $home, %{ $with{main} // {} });
  my $conf = <<"END";
exim_path = $exim
primary_hostname = mx.example.com
log_file_path = $home/log/%slog
pid_file_path = $home/exim.pid
keep_environment = ^ASAN_OPTIONS : ^UBSAN_OPTIONS
deliver_drop_privilege = true
local_interfaces = $to
daemon_smtp_ports = $p25 : $ptls : $pfront
@{[$tls ? "tls_on_connect_ports = $ptls\ntls_certificate = $tls.crt\ntls_privatekey = $tls.key" : '']}
proxy_required_hosts = <; $list
smtp_banner = mx client=[\$sender_host_address] proxy=[\$proxy_host_address]
acl_smtp_connect = connect
acl_smtp_rcpt = accept
@{[map { "$_ = " . (ref $main{$_} ? $main{$_}->() : $main{$_}) . "\n" } sort keys %main]}
begin acl
connect:
@{[$with{drop} ? $drop_failed : '']}
  warn    set acl_c_tlv = @{[map { "\$proxy_tlv_$_" } @tlv]} \\
            \${if def:proxy_tlv_ssl_client_cert {\${certextract{subject}{\$proxy_tlv_ssl_client_cert}}}}
  accept

begin routers
mailboxes:
  driver = accept
  local_parts = user
  transport = maildir

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = $home/mail/user

begin retry
* * F,1d,5m
END
  # Reports go into files: Exim closes standard error at times. What is freed is soon used again, and of where it
  # was got only the function is kept, for of ways to it there are always new ones: so the daemon's memory tells. What is got
  # is full of `A`, so that text without its end runs on to the end of the memory.
  local $ENV{ASAN_OPTIONS} = "detect_leaks=0:quarantine_size_mb=1:malloc_context_size=1:max_malloc_fill_size=1000000:malloc_fill_byte=65:log_path=$home/sanitizer";
  local $ENV{UBSAN_OPTIONS} = "print_stacktrace=1:log_path=$home/sanitizer";
  $node = start_node('mx', { addresses => $to, ports => \@ports, proxies => '', conf => $conf });
  restart_as($with{as}->@*) if $with{as};
  return;
}

# Those who must send a header
sub listed_networks {
  my $net = address('');
  return join ' ; ', map { "$net$_" } '0/26', '64/27', '96/28', '112/29', LISTED;
}

# The daemon again, as the last arguments of another command that becomes it
sub restart_as {
  my (@command) = @_;
  stop($node->{pid}, 'TERM');
  $node->{pid} = start('mx', @command, Guide::exim_command($node, '-bdf'));
  within(sub { alive($node->{pid}); smtp_up() }) or die "Exim does not start\n";
  return;
}

sub smtp_up {
  my $socket = IO::Socket::IP->new(PeerHost => address(NODE), PeerPort => $p25, LocalHost => address(250), Type => SOCK_STREAM) or return 0;
  return defined $socket;
}

# Made once. Without the module there is no port for TLS on connect.
sub certificate {
  my $file = file('tls');
  eval { require IO::Socket::SSL::Utils; 1 } or return;
  my ($certificate, $key) = IO::Socket::SSL::Utils::CERT_create(subject => { commonName => 'mx.example.com' });
  write_file("$file.crt", IO::Socket::SSL::Utils::PEM_cert2string($certificate));
  write_file("$file.key", IO::Socket::SSL::Utils::PEM_key2string($key));
  chmod 0600, "$file.key" or die "$file.key: $!\n";
  exim_owner("$file.key");
  return $file;
}

# A peer of the node: from an address that must send a header, or from a certain one
sub listed { my (@steps) = @_; return peer(1 + int rand LISTED, @steps) }

sub peer {
  my ($from, @steps) = @_;
  return { from => address($from), to => address(NODE), port => $p25, steps => \@steps };
}

# Of the daemon, also those that have ended and not been waited for
sub children { return map { m{/(\d+)/} } grep { contents($_) =~ /\A\d+ \(.*\) \S $node->{pid} /s } glob '/proc/[0-9]*/stat' }

# Waits for that. Exim's daemon may miss the signal of the last one, and would then wait for its next client.
sub no_children { return within(sub { kill 'CHLD', $node->{pid}; not children() }) }

# In kB
sub memory { return contents("/proc/$node->{pid}/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0 }

# What must hold after all of it
sub check_after {
  my ($part, $panic_allowed) = @_;
  check("$part: the daemon is alive", scalar(eval { alive($node->{pid}) }), $@);
  no_children();
  my @left = children();
  check("$part: no child is left", !@left, few(map { "$_: " . contents("/proc/$_/stat") } @left));
  my @reports = glob "$node->{home}/sanitizer*";
  check("$part: no report of a sanitizer", !@reports, join '', map { substr contents($_), 0, 3000 } grep { defined } @reports[0, 1]) if $sanitized;
  my @panic = grep { not $panic_allowed or $_ !~ $panic_allowed } split /^/, node_log($node, 'panic');
  check("$part: nothing is in the panic log", !@panic, few(@panic));
  return;
}

# --- mail -----------------------------------------------------------------------------

# A peer that sends so many messages in a session, some seconds apart. %mail has for each
#   sent       its end has been sent, but no response to that was seen: it may have been accepted
#   accepted   the response was 250
#   refused    it was another one
sub mail_peer {
  my ($peer, $header, %how) = @_;
  my @steps = ([send => $header], [reply => qr/^220 /], [send => "EHLO client.example\r\n"], [reply => qr/^250 /m]);
  my $current;
  for (1 .. $how{messages} // 1) {
    my $id = sprintf 'm%06d', ++$numbers;
    push @steps, [wait => rand 2 * $how{pause}] if $how{pause};
    push @steps, [send => "MAIL FROM:<$id\@client.example>\r\n"], [reply => qr/^250 /], [send => "RCPT TO:<user\@mx.example.com>\r\n"],
      [reply => qr/^250 /], [send => "DATA\r\n"], [reply => qr/^354 /], [call => sub { $mail{ $current = $id } = 'sent' }],
      [send => whole_text($id, $how{lines})], [reply => qr/^250 /], [call => sub { $mail{$id} = 'accepted' }];
  }
  $peer->{steps} = [@steps, [send => "QUIT\r\n"], [reply => qr/^221 /], [end => qr//]];
  $peer->{after} = sub { $mail{$current} = 'refused' if $_[0]{outcome} eq 'unexpected' and defined $current and $mail{$current} eq 'sent' };
  return $peer;
}

sub whole_text {
  my ($id, $lines) = @_;
  $lines //= 1 + int 300 * rand() ** 4;      # from one line to more than fits into a segment
  return "X-Test-Id: $id\r\n\r\n" . join('', map { join('', map { chr 97 + int rand 26 } 1 .. 60) . "\r\n" } 1 .. $lines) . "end of $id\r\n.\r\n";
}

# Messages one after another, to see that all is well
sub serves {
  my ($part, $n) = @_;
  my $crowd = Test::Crowd->new;
  my @peers = map { $crowd->add(mail_peer(listed(), good()->{bytes})) } 1 .. $n // 3;
  $crowd->run;
  return check_served("$part: good clients are served afterwards", @peers);
}

sub check_served {
  my ($name, @peers) = @_;
  my @unserved = grep { $_->{outcome} ne 'done' } @peers;
  return check($name, !@unserved, few(map { "$_->{outcome} in $_->{in}: " . ($_->{replies}[-1] // '') } @unserved));
}

# Every message that was accepted is in the mailbox, once; none that was refused, and none that is not whole. Exim ids of
# messages that may be there twice can be given.
sub check_mail {
  my ($part, @twice) = @_;
  my @accepted = grep { $mail{$_} eq 'accepted' } sort keys %mail;
  my (%times, @odd);
  within(sub {
    (%times, @odd) = ();
    for my $file (glob "$node->{home}/mail/user/new/*") {
      my $text = contents($file);
      my ($id) = $text =~ /^X-Test-Id: (\S+)$/m;
      if (defined $id and $mail{$id} and $text =~ /^end of \Q$id\E\n\z/m) { $times{$id}++ } else { push @odd, $file }
    }
    @accepted == grep { $times{$_} } @accepted;
  });
  my @missing = grep { not $times{$_} } @accepted;
  my %id = @twice ? node_log($node) =~ /^\S+ \S+ (\S+) <= (m\d+)@/mg : ();
  my %twice = map { $id{$_} ? ($id{$_} => 1) : () } @twice;
  my @wrong = grep { $times{$_} > 1 && !$twice{$_} or $mail{$_} eq 'refused' } sort keys %times;
  check("$part: all messages that were accepted are delivered, whole (" . @accepted . ')', !@missing && !@odd, "missing: @missing\nnot whole: @odd");
  check("$part: none is delivered twice, none that was refused", !@wrong, few(map { "$_: $mail{$_}, $times{$_} times" } @wrong));
  return;
}

# clock: the longest that a good client had to wait, through all that was in the daemon's queue. Bad ones wait there as well.
sub waited { return max map { ($_->{heard} // $_->{over}) - $_->{began} } @_ }


# --- slow peers -----------------------------------------------------------------------

# What a slow peer does: nothing, or a byte each second, of a header or of what is thrown away. None ever completes a good
# header, since a server that begins late finds many bytes at once.
sub slow_steps {
  my $header = pick(good(), bad())->{bytes};
  my $huge = "\r\n\r\n\0\r\nQUIT\n\x31\x11\xff\xff" . "\0" x 1000;
  my @how = ([], [], [[drip => 1, substr substr($header, 0, -1), 0, 60]], [[send => substr $header, 0, 5]],
    [[send => substr $huge, 0, 900], [drip => 1, $huge]], [[drip => 1, 'PROXY UNKNOWN ' . 'x' x 60]]);
  return (pick(@how)->@*, [wait => NEVER]);    # clock: for good
}

# --- peers that never end -------------------------------------------------------------

# What peers do after they have failed
sub endless_kinds {
  my ($now_and_then) = @_;
  my @fail = ([send => BAD], [reply => qr/^220 mx client=\[[\d.]+\] proxy=\[\]$/m]);
  my @refused = ([send => "NOOP\r\n"], [reply => qr/^(?:503|554|421) /]);
  my %then = (
    'commands as fast as they are answered' => [(@refused) x 1000],
    'commands without waiting for answers' => [[flood => "NOOP\r\n" x 100]],
    'commands, answers not read' => [[deaf => 1], [flood => "NOOP\r\n" x 100]],
    'a command now and then' => [([wait => $now_and_then], @refused) x 1000],
    'nothing' => [[wait => 3600]],
    'one command, then nothing' => [@refused, [wait => 3600]],
    'one command, then a byte now and then' => [@refused, [drip => $now_and_then, 'x' x 10_000]],
    'a byte now and then' => [[drip => $now_and_then, 'x' x 10_000]],
    'a line without an end' => [[flood => 'x' x 10_000]],
    'mail without being asked' => [[flood => "MAIL FROM:<>\r\nRCPT TO:<user>\r\nDATA\r\nx\r\n.\r\n"]],
    'chunks' => [[flood => "BDAT 1000000\r\n" . 'x' x 100_000]],
    'empty lines' => [[flood => "\r\n" x 1000]],
  );
  return map { $_ => [@fail, $then{$_}->@*] } keys %then;
}

# --- headers of all kinds -------------------------------------------------------------

# A header in one piece or in some, now and then with TCP's urgent data in it if it does not matter what becomes of it
sub in_pieces {
  my ($header) = @_;
  my ($bytes, $class) = @$header{qw(bytes class)};
  return [send => $bytes] if $class eq 'alien' or rand() < 0.7 or length $bytes < 2 or $bytes =~ /\APROXY .{110}/s;   # the end of a line that is too long is looked for in what is there
  my @steps;
  my $at = 0;
  for my $cut ((sort { $a <=> $b } map { int rand length $bytes } 0 .. rand 4), length $bytes) {
    push @steps, [send => substr $bytes, $at, $cut - $at], [wait => rand 0.02];
    push @steps, [urgent => 'x'] if $class eq 'mutated' and rand() < 0.1;
    $at = $cut;
  }
  return @steps;
}

# The whole session of a header, and what must come of it
sub storm_steps {
  my ($header, $from) = @_;
  my $class = $header->{class};
  my $end = $class eq 'cut' ? pick(qw(close shut reset reset), rand() < 0.1 ? 'hold' : 'close') : rand() < 0.15 ? pick(qw(close reset)) : '';
  my @sent = in_pieces($header);
  return (@sent, [shut => 1], [end => qr/\A\z/]) if $end eq 'shut';
  return (@sent, [$end => 1]) if $end eq 'close' or $end eq 'reset';
  return (@sent, [end => qr/\A554 /]) if $class eq 'alien';
  my @rest = map { [send => "EHLO client.example\r\n"], [reply => $_], [send => "QUIT\r\n"], [reply => qr/\A221 /], [end => qr//] } $class eq 'good' ? qr/^250 /m : qr/\A503 /;
  return (@sent, [reply => qr//], [send => "EHLO client.example\r\n"], [reply => qr//], [send => "QUIT\r\n"], [end => qr//]) if $class eq 'mutated';
  my ($client, $proxy) = $class eq 'good' ? ($header->{client} // $from, $from) : ($from, '');
  return (@sent, [reply => qr/\A220 mx client=\[\Q$client\E\] proxy=\[\Q$proxy\E\]$/], @rest);
}

# What is wrong with what happened. Of a mutated header nobody knows whether it is good: it must be that as a whole, or not at all.
sub storm_fault {
  my ($peer, $class) = @_;
  return $peer->{outcome} eq 'done' ? undef : "$peer->{outcome} in $peer->{in}" if $class ne 'mutated' or $peer->{outcome} eq 'late';
  my ($banner, $ehlo) = $peer->{replies}->@*;
  return if not defined $ehlo or $banner !~ /\A220 mx client=\[(.*?)\] proxy=\[(.*?)\]/;
  my ($client, $proxy) = ($1, $2);
  my $half = $ehlo =~ /^250 /m ? $proxy ne $peer->{from} : $ehlo =~ /\A503 / && ($proxy ne '' || $client ne $peer->{from});
  return $half ? 'half a header counts' : undef;
}

# --- HAProxy --------------------------------------------------------------------------

sub through_proxy { return { from => address(200 + int rand 40), to => address(FRONT), port => $pfront } }

# As in the guide, but one process.
sub start_proxy {
  my ($from, $to, $front) = (address(1), address(NODE), address(FRONT));
  write_file(file('haproxy.cfg'), <<"END");
defaults
  mode tcp
  timeout connect @{[NEVER]}s
  timeout client @{[NEVER]}s
  timeout server @{[NEVER]}s
listen smtp
  bind $front:$pfront
  source $from
  server mx $to:$p25 send-proxy-v2
END
  my $pid = start('haproxy', 'haproxy', '-db', '-f', file('haproxy.cfg'));
  within(sub { alive($pid); IO::Socket::IP->new(PeerHost => $front, PeerPort => $pfront, LocalHost => address(250), Type => SOCK_STREAM) }) or die "HAProxy does not start\n";
  return $pid;
}

# --- mounts of Exim's own -------------------------------------------------------------

# Arguments of mount, made for the daemon and what it starts; to be put before its command
sub own_mounts {
  my (@mounts) = @_;
  return ('unshare', '--mount', '--propagation', 'private', 'sh', '-c', join(' && ', (map { join ' ', 'mount', @$_ } @mounts), 'exec "$@"'), 'sh');
}

# Why there can be none, or nothing
sub no_mounts {
  return 'needs root' if $>;
  my @try = own_mounts(['--bind', '/', '/']);
  return system("@try[0 .. 3] mount --bind / / >/dev/null 2>&1") ? 'a mount of our own cannot be made here' : '';
}

sub small_disk {
  my ($where, $size) = @_;
  my ($uid, $gid) = (stat $where)[4, 5];
  return ['-t', 'tmpfs', '-o', "size=$size,mode=755,uid=$uid,gid=$gid", 'none', $where];
}

# The resolver asks our name server.
sub own_resolver {
  write_file(file('resolv.conf'), 'nameserver ' . address(NAMESERVER) . "\n");
  write_file(file('nsswitch.conf'), "hosts: files dns\n");
  return (['--bind', file('resolv.conf'), '/etc/resolv.conf'], -f '/etc/nsswitch.conf' ? ['--bind', file('nsswitch.conf'), '/etc/nsswitch.conf'] : ());
}

# Its socket, on which nothing answers as yet; or undef
sub name_server {
  return if not -f '/etc/resolv.conf';
  socket my $server, AF_INET, SOCK_DGRAM, 0 or die "socket: $!\n";
  return bind($server, pack_sockaddr_in(53, inet_aton(address(NAMESERVER)))) ? $server : undef;
}

# A command where the daemon's mounts are seen
sub inside { my (@command) = @_; return ('nsenter', '--mount', '--target', $node->{pid}, @command) }

# --- file descriptors -----------------------------------------------------------------

# The lowest number that is free, once the daemon has come to rest, and its limit
sub daemon_files {
  my $has = -1;
  within(sub { my $was = $has; $has = first { not -l "/proc/$node->{pid}/fd/$_" } 0 .. 99; sleep 0.2; $was == $has });    # clock: at rest is what does not change in this time
  return ($has, contents("/proc/$node->{pid}/limits") =~ /^Max open files\s+(\d+)/m);
}

# By a process that is the daemon's user, which needs no privilege
sub limit_files {
  my ($n) = @_;
  my ($uid, $gid) = contents("/proc/$node->{pid}/status") =~ /^Uid:\s+(\d+).*^Gid:\s+(\d+)/ms;
  my $pid = fork // die "fork: $!\n";
  if (not $pid) {
    if (not $>) { POSIX::setgid($gid); POSIX::setuid($uid) }
    { no warnings 'exec'; exec 'prlimit', '--pid', $node->{pid}, "--nofile=$n:" }
    POSIX::_exit(1);
  }
  waitpid $pid, 0;
  die "prlimit fails\n" if $?;
  return;
}

# --- DNS ------------------------------------------------------------------------------

# A name server: the address of the one name is that of our peers, and nothing else is known.
sub answer_dns {
  my ($server) = @_;
  my $pid = fork // die "fork: $!\n";
  if ($pid) { push @helper, $pid; return $pid }
  while (defined(my $from = recv $server, my $query, 512, 0)) {
    my ($id, $question) = unpack 'a2 x10 a*', $query;
    my ($name, $type) = $question =~ /\A(.*?\0)(..)../s or next;
    my $known = $name =~ /\A\x02lb\x07example\x03net\0\z/i;
    my $answer = $known && $type eq "\0\1" ? "\xc0\x0c\0\1\0\1\0\0\0\1\0\4" . inet_aton(address(1)) : '';
    send $server, $id . "\x85" . ($known ? "\x80" : "\x83") . pack('n4', 1, $answer ? 1 : 0, 0, 0) . $name . $type . "\0\1$answer", 0, $from;
  }
  POSIX::_exit(0);
}

1;
